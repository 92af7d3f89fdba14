"""Killing on Linux, beyond doubt about whom: by identity, by mark, and what a dead shim left to us."""

import sys

if sys.platform == "win32":
    raise ImportError("not for Windows")

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping

from launcher.native import proc
from launcher.native.contract import INSTANCE_MARK, Identity
from launcher.native.shim import become_subreaper, children, command_name

SWEEP_SECONDS = 2.0
PAUSE_SECONDS = 0.01


class Shims:
    """Which of our children are shims, so that adopted strangers can be told from them. One thread's business."""

    def __init__(self) -> None:
        self.pids: set[int] = set()
        self.condemned: set[int] = set()  # strangers that were killed (and named) but not collected yet
        self._being_started = 0

    @contextlib.contextmanager
    def starting(self) -> Iterator[None]:
        """While a shim may run already whose pid we were not told yet."""
        self._being_started += 1
        try:
            yield
        finally:
            self._being_started -= 1

    @property
    def complete(self) -> bool:
        """Whether `pids` names every shim there is."""
        return self._being_started == 0


SHIMS = Shims()


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


def find_marked(instance: str) -> list[Identity]:
    """Living processes of this instance, neither ourselves nor those we come from."""
    return proc.marked({INSTANCE_MARK: instance}, _users())


def kill_marked(instance: str) -> list[str]:
    """Kill every process of this instance, until none is found; the names of those killed."""
    return sweep({INSTANCE_MARK: instance})


def sweep(marks: Mapping[str, str]) -> list[str]:
    """Kill our user's processes that carry these marks, until none is found or time is up."""
    names: dict[Identity, str] = {}
    deadline = time.monotonic() + SWEEP_SECONDS
    while found := proc.marked(marks, _users()):
        for who in found:
            names.setdefault(who, command_name(who.pid) or "?")
            signal_process(who, "SIGKILL")
        if time.monotonic() > deadline:
            break
        time.sleep(PAUSE_SECONDS)
    return list(names.values())


def become_guardian() -> None:
    """From now on what a killed shim held becomes our child, for `reap_strangers`."""
    become_subreaper()


def reap_strangers(known: Callable[[], set[int]] = set) -> list[str]:
    """Kill and collect processes that became our children because their shim died; the names of those killed.

    A stranger is a child in a session that is not ours, neither a shim nor in `known`: what a shim held always has
    sessions of its own. Only pids that were looked at are waited for, so nobody else's exit code is stolen.
    Call it from the thread that spawns.
    """
    names = []
    for pid in strangers(known()):
        if pid not in SHIMS.condemned and proc.state(pid) != "Z":
            names.append(command_name(pid) or "?")
        SHIMS.condemned.add(pid)
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)  # our own child: its pid is taken until we collect it
            if os.waitpid(pid, os.WNOHANG)[0]:
                SHIMS.condemned.discard(pid)
    return names


def strangers(known: set[int]) -> list[int]:
    """Children of ours that we did not start, dead ones too."""
    if not SHIMS.complete:
        return []  # one of them may be a shim
    ours = os.getsid(0)
    return [
        pid
        for pid in children(os.getpid())
        if pid not in SHIMS.pids and pid not in known and proc.session(pid) not in (ours, 0)
    ]


def unprivileged_user() -> tuple[int, int] | None:
    """Whom root becomes where a user namespace is refused: who called sudo, else nobody. None when we aren't root."""
    if os.geteuid() != 0:
        return None
    return int(os.environ.get("SUDO_UID") or 65534), int(os.environ.get("SUDO_GID") or 65534)


def _users() -> set[int]:
    """Whose processes may be ours."""
    other = unprivileged_user()
    return {os.geteuid(), other[0]} if other else {os.geteuid()}
