"""Killing on Linux what a dead instance left, until nothing of it is found, however fast it hops from pid to pid.

A daemon that forks and ends a thousand times a second has left its pid before a look at everybody reaches it. The
kernel says which pid it gave away last (`/proc/loadavg`): who looks there and at nothing else is faster than a fork.
"""

import sys

if sys.platform == "win32":
    raise ImportError("not for Windows")

import contextlib
import os
import signal
import time
from collections.abc import Iterable, Mapping
from typing import Self

from launcher.native import brand, proc
from launcher.native.contract import Identity
from launcher.native.shim import command_name
from launcher.native.signalling import signal_process

SWEEP_SECONDS = 2.0
QUIET_SECONDS = 0.15  # without finding anything
_WATCH_SECONDS = 0.01  # at the newest pids, between two looks at everybody
_BURST = 64  # pids given away between two looks at the newest; what is older is for the look at everybody


def sweep(marks: Mapping[str, str], users: set[int], *, quiet: float = QUIET_SECONDS) -> list[str]:
    """Kill these users' processes that carry these marks, until none is found for a while or time is up; their names.

    With `quiet` 0 one look is enough, if that finds nobody. Never us, nor those we come from. Raises ValueError
    without marks: everybody would be found.
    """
    if not marks:
        raise ValueError("without marks everybody would be found")
    hunt = _Hunt(marks, users)
    quiet_since = now = begun = time.monotonic()
    with _Newest() as newest:
        while now - begun < SWEEP_SECONDS:
            everybody = set(proc.pids())
            found = hunt.kill(newest.first(everybody - hunt.cleared))
            hunt.cleared = everybody
            until = time.monotonic() + (_WATCH_SECONDS if found or quiet else 0)
            while time.monotonic() < until:
                found += hunt.kill(newest.since_last())
            now = time.monotonic()
            if found:
                quiet_since, quiet = now, QUIET_SECONDS
            elif now - quiet_since >= quiet:
                break
    return list(hunt.names.values())


class _Hunt:
    """Whom we look for, whom we found, and whom we need not look at again."""

    def __init__(self, marks: Mapping[str, str], users: set[int]) -> None:
        self._marks = marks
        self._wanted = proc.pairs(marks)
        self._users = users
        self._spared = proc.our_line()
        self._places = (os.getpgrp(), os.getsid(0))
        self.names: dict[Identity, str] = {}
        self.cleared: set[int] = set()  # pids looked at and found to be others', or killed

    def kill(self, pids: Iterable[int]) -> int:
        """Kill those of these processes that are wanted; how many were."""
        found = [who for pid in pids if (who := self._found(pid)) is not None]  # all are named before any is killed
        for who in found:
            self._kill_with_group(who)
        return len(found)

    def _found(self, pid: int) -> Identity | None:
        if pid in self._spared:
            return None
        who = proc.bearer(pid, self._wanted, self._users, lambda pid: brand.carries(pid, self._marks))
        if who is not None:
            self.names.setdefault(who, command_name(pid) or "?")
        return who

    def _kill_with_group(self, who: Identity) -> None:
        """Kill it and its process group: what hops from pid to pid leaves its pid, but not its group.

        Each child of ours begins a session of its own, so whoever shares a group with one of its descendants is one
        too. That the signal reached it tells whose group was read: nobody had its pid in the meantime.
        """
        group, session = proc.group(who.pid), proc.session(who.pid)
        others = group not in (0, self._places[0]) and session not in (0, self._places[1])
        if signal_process(who, "SIGKILL") and others:
            with contextlib.suppress(OSError):
                os.killpg(group, signal.SIGKILL)


class _Newest:
    """The pids that were given away last, as the kernel counts them; none where it doesn't tell."""

    def __enter__(self) -> Self:
        self._file = os.open("/proc/loadavg", os.O_RDONLY | os.O_CLOEXEC)
        self._last = self._pid()
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)

    def first(self, pids: Iterable[int]) -> list[int]:
        """These pids, the newest first: also where the numbers have begun anew."""
        newest = self._pid()
        return sorted(pids, key=lambda pid: (pid <= newest, pid), reverse=True)

    def since_last(self) -> range:
        """Those given away since the last call, the newest first."""
        newest, last = self._pid(), self._last
        self._last = newest
        begun_anew = newest < last
        return range(newest, max(newest - _BURST, 0 if begun_anew else last), -1)

    def _pid(self) -> int:
        fields = os.pread(self._file, 128, 0).split()
        return int(fields[-1]) if fields and fields[-1].isdigit() else 0
