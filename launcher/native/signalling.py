"""Signals on POSIX, to one very process or to nobody."""

import sys

if sys.platform == "win32":
    raise ImportError("not for Windows")

import os
import signal

from launcher.native import proc
from launcher.native.contract import Identity


def alive(who: Identity) -> bool:
    """Whether this very process still runs; a dead one nobody collected does not."""
    return proc.identity(who.pid) == who


def signal_process(who: Identity, name: str) -> bool:
    """Signal this very process and no other that has its pid now; whether it got the signal."""
    try:
        handle = os.pidfd_open(who.pid)
    except OSError:
        return False
    try:
        if not alive(who):  # asked while the handle pins the process: from here on the pid cannot change hands
            return False
        signal.pidfd_send_signal(handle, signal.Signals[name])
    except OSError:
        return False
    finally:
        os.close(handle)
    return True
