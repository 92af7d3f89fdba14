"""When which byte of a log file came: `<unit>.times` beside `<unit>.log`, one "offset time" a line."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from pathlib import Path

INTERVAL_SECONDS = 0.2  # at most one mark in so much time
_TIME = re.compile(r"\d{1,12}\.\d{1,6}")


def path_beside(log: Path) -> Path:
    """The index of a log file; that of `backend.log.1` is `backend.times.1`."""
    return log.with_name(log.name.replace(".log", ".times"))


def mark(offset: int, at: float) -> bytes:
    """The line that says: what is at `offset` and after it came at `at`, or a little later."""
    return b"%d %.2f\n" % (offset, at)


class Times:
    """The marks of one log file, as far as they make sense; without any, its last change counts."""

    def __init__(self, log: Path) -> None:
        marks = sorted(_marks(path_beside(log)))
        self._offsets: Sequence[int] = [offset for offset, _ in marks]
        self._times: Sequence[float] = _never_back([at for _, at in marks])
        self._otherwise = _last_change(log)

    def at(self, offset: int) -> float:
        """When the byte at the offset came."""
        index = bisect_right(self._offsets, offset) - 1
        return self._times[max(0, index)] if self._times else self._otherwise

    def offset_since(self, since: float) -> int | None:
        """Where the file's bytes of that time and later begin; None when there are none."""
        if not self._times:
            return 0 if self._otherwise >= since else None
        index = bisect_left(self._times, since)
        return self._offsets[index] if index < len(self._offsets) else None


def _marks(path: Path) -> list[tuple[int, float]]:
    try:
        lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        offset, _, at = line.partition(" ")
        if offset.isdigit() and _TIME.fullmatch(at):  # else torn or damaged
            found.append((int(offset[:18]), float(at)))
    return found


def _never_back(times: list[float]) -> list[float]:
    """The wall clock may jump back; lines don't."""
    for index in range(1, len(times)):
        times[index] = max(times[index], times[index - 1])
    return times


def _last_change(log: Path) -> float:
    try:
        return log.stat().st_mtime
    except OSError:
        return 0.0
