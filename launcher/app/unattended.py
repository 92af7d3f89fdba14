"""The supervisor that `up -d` starts: from its one argument to its exit code. No verb, for only `daemon.py` starts it.

It has no terminal and its starter no patience, so the command line is not loaded. What it prints is kept in
supervisor.log, from which its starter tells the user.
"""

import json
import signal
import sys
from pathlib import Path
from typing import Any, NoReturn

from launcher.app import ahead
from launcher.app.request import Request
from launcher.errors import Interrupted, LauncherError, UsageError


def request_of(argument: str) -> Request:
    """The request that an argument stands for, about the current directory. Raises UsageError."""
    try:
        given: dict[str, Any] = json.loads(argument)
        units = tuple(given.pop("units", ()))
        return Request(Path(), units=units, detached=True, **given)
    except (ValueError, TypeError, AttributeError):
        raise UsageError(
            "this starts the supervisor of `up -d`, and is not for typing", remedy="rxlaunch up -d"
        ) from None


def main(argument: str) -> NoReturn:
    """Supervise to the stack's end, and leave with its exit code; what goes wrong is printed as `up` would."""
    try:
        request = request_of(argument)
        ahead.begin()
        from launcher.app import boot

        code = boot.supervise(request).exit_code
    except LauncherError as error:
        code = _told(error)
    except KeyboardInterrupt:
        code = Interrupted.exit_code
    except Exception as error:  # noqa: BLE001 - a fault of ours: a sentence, not a traceback with who knows what in it
        from launcher.app import crash

        code = _told(crash.explained(error))
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # how it ended is decided
    sys.exit(code)


def _told(error: LauncherError) -> int:
    from launcher.dashboard.printable import printable

    remedy = f"\n  try: {error.remedy}" if error.remedy else ""
    print(printable(f"error: {error.message}{remedy}"), file=sys.stderr, flush=True)  # noqa: T201 - into supervisor.log
    return error.exit_code
