"""What a test cannot do on some system, it says itself: it is skipped there, by name, with its reason."""

import sys

import pytest

from tests.support.platforms import under_wine

ELSEWHERE = {"linux_only": sys.platform != "linux", "not_under_wine": under_wine()}


def pytest_collection_modifyitems(items):
    """Skip what is marked for elsewhere. A marker without a reason is an error."""
    for item in items:
        for name in (name for name, elsewhere in ELSEWHERE.items() if elsewhere):
            for marker in item.iter_markers(name):
                (reason,) = marker.args
                item.add_marker(pytest.mark.skip(reason=f"{name.replace('_', ' ')}: {reason}"))
