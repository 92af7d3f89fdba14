"""What a test cannot do on some system, it says itself: it is skipped there, by name, with its reason."""

import signal
import sys
import tempfile

import pytest

from tests.support.platforms import under_wine

ELSEWHERE = {"linux_only": sys.platform != "linux", "not_under_wine": under_wine()}


def pytest_configure():
    """Hear signals, though a shell that starts us in the background, or nohup, has us and our children ignore them."""
    for name, usual in (("SIGINT", signal.default_int_handler), ("SIGHUP", signal.SIG_DFL)):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, usual)


def pytest_collection_modifyitems(items):
    """Skip what is marked for elsewhere. A marker without a reason is an error."""
    for item in items:
        for name in (name for name, elsewhere in ELSEWHERE.items() if elsewhere):
            for marker in item.iter_markers(name):
                (reason,) = marker.args
                item.add_marker(pytest.mark.skip(reason=f"{name.replace('_', ' ')}: {reason}"))


@pytest.fixture(scope="session", autouse=True)
def runtime_directory():
    """Of this run alone: what another left in the usual one, under a name that is used again, must not be met."""
    with (
        pytest.MonkeyPatch.context() as patch,
        tempfile.TemporaryDirectory(prefix="rx", ignore_cleanup_errors=True) as made,
    ):
        patch.setenv("XDG_RUNTIME_DIR", made)
        yield


@pytest.fixture(autouse=True)
def no_guardian_stays():
    """A test that made this process the guardian of orphans must not make it adopt those of the tests after it."""
    yield
    if sys.platform == "linux":
        from launcher.native.shim import PR_SET_CHILD_SUBREAPER, system_call

        system_call("prctl", PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
