"""Killing on Linux, beyond doubt about whom: by identity, by mark, and what a dead shim left to us."""

import sys

if sys.platform == "win32":
    raise ImportError("not for Windows")

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Mapping

from launcher.native import brand, proc, sweeping
from launcher.native.contract import INSTANCE_MARK, SHIM_MARK, Identity
from launcher.native.shim import LEFTOVER_SECONDS, ORPHAN_SECONDS, become_subreaper, children, command_name

PAUSE_SECONDS = 0.01


class Shims:
    """What we know of our children, so that what a dead shim left us can be told from others. One thread's business."""

    def __init__(self) -> None:
        self.pids: set[int] = set()  # of the shims
        self.instances: set[str] = set()  # whose children they hold
        self.friends: set[int] = set()  # children that came from elsewhere: a server that a command of ours started
        self.condemned: set[int] = set()  # killed (and named) but not collected yet
        self._being_started = 0
        self._being_cleared = 0

    @contextlib.contextmanager
    def starting(self, env: Mapping[str, str]) -> Iterator[None]:
        """While a shim may run already whose pid we were not told yet."""
        self.instances.add(env.get(INSTANCE_MARK, ""))
        self._being_started += 1
        try:
            yield
        finally:
            self._being_started -= 1

    @contextlib.contextmanager
    def clearing(self) -> Iterator[None]:
        """While orphans of a killed shim come to us, one generation after the other."""
        self._being_cleared += 1
        try:
            yield
        finally:
            self._being_cleared -= 1

    def bore(self, pid: int) -> bool:
        """Whether a process was born below a child of ours, as its environment or its brand says."""
        given = proc.environment(pid)
        return any(
            f"{INSTANCE_MARK}={instance}".encode() in given or brand.carries(pid, {INSTANCE_MARK: instance})
            for instance in self.instances
        )

    @property
    def complete(self) -> bool:
        """Whether `pids` names every shim there is."""
        return self._being_started == 0

    def all_alive(self) -> bool:
        """Whether no shim can have left us an orphan."""
        return self._being_cleared == 0 and all(proc.identity(pid) for pid in self.pids)


SHIMS = Shims()


def find_marked(instance: str) -> list[Identity]:
    """Living processes of this instance, neither ourselves nor those we come from."""
    return _found({INSTANCE_MARK: instance}, proc.pids())


def kill_marked(instance: str, *, in_order: bool = False) -> list[str]:
    """Kill what is left of an instance whose supervisor is dead, until nothing is found; the names of those killed.

    Shims that outlived their supervisor are stopping their trees: they are given the time for that. Whose supervisor
    ended `in_order` left nothing as far as it knows: one look is enough then.
    """
    deadline = time.monotonic() + ORPHAN_SECONDS + LEFTOVER_SECONDS + sweeping.SWEEP_SECONDS
    while still_stopping(instance) and time.monotonic() < deadline:
        time.sleep(PAUSE_SECONDS)
    return sweeping.sweep({INSTANCE_MARK: instance}, users(), quiet=0.0 if in_order else sweeping.QUIET_SECONDS)


def still_stopping(instance: str) -> bool:
    """Whether shims of this instance live: each holds a tree, or stops it because its supervisor is dead."""
    return bool(shims_of(instance))


def shims_of(instance: str) -> list[Identity]:
    """The shims of an instance, and the warden that forked them: they alone are given this mark."""
    return proc.marked(proc.pids(), {INSTANCE_MARK: instance, SHIM_MARK: "1"}, users(), lambda _pid: False)


def _found(marks: Mapping[str, str], pids: Iterable[int]) -> list[Identity]:
    return proc.marked(pids, marks, users(), lambda pid: brand.carries(pid, marks))


def become_guardian() -> None:
    """From now on what a killed shim held becomes our child, for `reap_strangers`."""
    become_subreaper()


def reap_strangers(known: Callable[[], set[int]] = set) -> list[str]:
    """Kill and collect processes that became our children because their shim died; the names of those killed.

    Whoever carries the mark of an instance of ours is one. Whoever carries none came from elsewhere as long as all
    shims live (a database server that a command of ours started, and that is meant to stay), and is let be for good.
    Call it from the thread that spawns.
    """
    return end_strangers(known(), bereaved=False)


def end_strangers(known: set[int], *, bereaved: bool) -> list[str]:
    """Kill and collect strangers, if `bereaved` those without our mark too; the names of those killed."""
    names = []
    for pid in strangers(known):
        if proc.state(pid) != "Z" and not bereaved and not SHIMS.bore(pid):
            if SHIMS.all_alive():  # asked after it had become our child: it was nobody's orphan
                SHIMS.friends.add(pid)
            continue
        if proc.state(pid) != "Z" and pid not in SHIMS.condemned:
            names.append(command_name(pid) or "?")
        SHIMS.condemned.add(pid)
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)  # our own child: its pid is taken until we collect it
            if os.waitpid(pid, os.WNOHANG)[0]:  # this one alone: nobody else's exit code is stolen
                SHIMS.condemned.discard(pid)
    return names


def strangers(known: set[int]) -> list[int]:
    """Children of ours that we did not start, dead ones too. What a shim held never has our session."""
    if not SHIMS.complete:
        return []  # one of them may be a shim
    ours, all_children = os.getsid(0), children(os.getpid())
    SHIMS.friends.intersection_update(all_children)
    spared = SHIMS.pids | SHIMS.friends | known
    return [pid for pid in all_children if pid not in spared and proc.session(pid) not in (ours, 0)]


def unprivileged_user() -> tuple[int, int] | None:
    """Whom root becomes where a user namespace is refused: who called sudo, else nobody. None when we aren't root."""
    if os.geteuid() != 0:
        return None
    return int(os.environ.get("SUDO_UID") or 65534), int(os.environ.get("SUDO_GID") or 65534)


def users() -> set[int]:
    """Whose processes may be ours."""
    other = unprivileged_user()
    return {os.geteuid(), other[0]} if other else {os.geteuid()}
