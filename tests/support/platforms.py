"""Which Windows a test runs on, and what was started for it beside that Windows."""

import os
import sys

POSTGRES = "RXLAUNCH_TEST_POSTGRES"  # the URL of a Postgres (superuser, maintenance database) that somebody started
REDIS = "RXLAUNCH_TEST_REDIS"  # the URL of a Redis without a password, likewise


def under_wine() -> bool:
    """Whether this Windows is Wine's."""
    if sys.platform != "win32":
        return False
    import ctypes

    return hasattr(ctypes.WinDLL("ntdll"), "wine_get_version")


def started(name: str) -> str | None:
    """The URL of a server that somebody started for the tests; on Windows there are no wheels of both to start."""
    return os.environ.get(name)
