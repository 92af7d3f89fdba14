"""Reading log files again: the last lines, and those that come. Knows rotation; writes nothing."""

import heapq
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from launcher.logs.lines import LineSplitter, clean
from launcher.logs.times import Times
from launcher.state import files
from launcher.values import Value

POLL_SECONDS = 0.1
_BLOCK = 64 * 1024
_AT_ONCE = 1024 * 1024  # bytes of one unit before the others have their turn
_KNOWN = 256  # bytes before our place by which we see that it is still the file we read
Line = tuple[str, str]  # unit, text


def last_lines(path: Path, n: int) -> list[str]:
    """The last `n` lines of a unit's log, from the rotated file too if need be."""
    return [line for _, line in _timed(path, n, None, None)]


def last(paths: Mapping[str, Path], n: int, since: float | None) -> Iterator[Line]:
    """The last `n` lines of each unit, not older than `since`, in the order in which they came."""
    return _merged({unit: _timed(path, n, since, None) for unit, path in paths.items()})


def follow(
    paths: Mapping[str, Path], n: int, since: float | None, idle: Callable[[], None] | None = None
) -> Iterator[Line]:
    """The same, and then lines as they come, for ever. Rotated, truncated and deleted files are followed on.

    `idle` is called while there is nothing new; it may raise, and so end the following.
    """
    followed = {unit: _Followed(path) for unit, path in paths.items()}
    yield from _merged({unit: _timed(paths[unit], n, since, file.offset) for unit, file in followed.items()})
    while True:
        busy = False
        for unit, file in followed.items():
            for line in file.more():
                yield unit, line
            busy = busy or file.behind
        if not busy:
            if idle is not None:
                idle()
            time.sleep(POLL_SECONDS)


def _merged(units: Mapping[str, list[tuple[float, str]]]) -> Iterator[Line]:
    queues = [[(at, unit, line) for at, line in lines] for unit, lines in units.items()]
    for _, unit, line in heapq.merge(*queues, key=lambda entry: entry[0]):
        yield unit, line


# --- the end of a file ----------------------------------------------------------------------------------------


class _Part(Value, frozen=True):
    """The end of one file: its bytes from `start` on."""

    start: int
    data: bytes
    times: Times


def _timed(path: Path, n: int, since: float | None, end: int | None) -> list[tuple[float, str]]:
    """The last lines before offset `end` with their times. An unfinished line counts as one."""
    if n <= 0:
        return []
    lines: list[tuple[float, str]] = []
    carried = b""  # the beginning of a line whose end is in the newer file
    for part in _parts(path, n, since, end):
        *whole, rest = part.data.split(b"\n")
        at = part.start
        for raw in whole:
            lines += [(part.times.at(at), line) for line in _cut(carried + raw + b"\n")]
            at += len(raw) + 1
            carried = b""
        carried += rest
        if rest:
            left_at = part.times.at(at)
    if carried:
        lines += [(left_at, line) for line in _cut(carried)]
    return lines[-n:]


def _cut(raw: bytes) -> list[str]:
    splitter = LineSplitter()
    return splitter.feed(raw) + splitter.flush()


def _parts(path: Path, n: int, since: float | None, end: int | None) -> list[_Part]:
    """The end of the rotated file and of the current one, oldest first: enough for `n` lines."""
    parts: list[_Part] = []
    wanted = n + 1  # one more newline than lines: the one before the first
    for file in (path, _older(path)):
        times = Times(file)
        floor = times.offset_since(since) if since is not None else 0
        if floor is None:
            break
        start, data = _end_of(file, wanted, floor, end if file is path else None)
        parts.insert(0, _Part(start, data, times))
        wanted -= data.count(b"\n")
        if start > 0 or wanted <= 0:
            break
    if parts and parts[0].start > 0:
        parts[0] = _from_line_start(parts[0])
    return parts


def _from_line_start(part: _Part) -> _Part:
    """Without what is left of the line that `start` is in the middle of."""
    skipped = part.data.find(b"\n") + 1
    return _Part(part.start + skipped, part.data[skipped:], part.times)


def _end_of(path: Path, newlines: int, floor: int, end: int | None) -> tuple[int, bytes]:
    """The file's last bytes before `end`, at least so many newlines of them unless `floor` comes first; and where."""
    blocks: list[bytes] = []
    try:
        with path.open("rb") as file:
            start = file.seek(0, os.SEEK_END) if end is None else end
            floor = max(0, floor - 1)  # the byte before tells whether a line begins there
            while start > floor and newlines > 0:
                size = min(_BLOCK, start - floor)
                start -= size
                file.seek(start)
                blocks.append(file.read(size))
                newlines -= blocks[-1].count(b"\n")
    except OSError:
        return 0, b""
    return start, b"".join(reversed(blocks))


# --- what comes -----------------------------------------------------------------------------------------------


class _Followed:
    """One file that is followed by its path: opened for each look, so that nobody is kept from renaming it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines = LineSplitter()
        self._file = files.identity(path)
        self.offset = _end_of_last_line(path)
        self._before = _before(path, self.offset)
        self._gone = False
        self.behind = False

    def more(self) -> Iterator[str]:
        """The lines that came since the last look."""
        self.behind = False
        file = files.identity(self._path)
        if file is None:
            if self._file is not None and not self._gone and not self._rotated():
                self._gone = True
                yield from self._break("the log file was deleted; waiting for a new one")
            return
        if file != self._file:
            yield from self._renewed(file)
        elif _size(self._path) < self.offset:
            yield from self._break("the log file was truncated")
        self._gone = False
        yield from self._read(self._path)

    def _renewed(self, file: tuple[int, int]) -> Iterator[str]:
        """Another file is at our path: read what we have not seen of the old one, if it was rotated."""
        while self._rotated():
            yield from self._read(_older(self._path))
            if not self.behind:
                break
        else:
            if self._file is not None and not self._gone:
                yield from self._break("the log file was replaced")
        self._file = file
        self._begin()

    def _rotated(self) -> bool:
        return self._file is not None and files.identity(_older(self._path)) == self._file

    def _read(self, path: Path) -> Iterator[str]:
        self.behind = False
        try:
            with path.open("rb") as file:
                there = os.fstat(file.fileno())
                if (there.st_dev, there.st_ino) != self._file:
                    self.behind = True  # it was rotated since we looked: the next look will find out where our place is
                    return
                file.seek(self.offset - len(self._before))
                before, data = file.read(len(self._before)), file.read(_AT_ONCE)
        except OSError:
            return
        if before != self._before:  # a new file may have the inode of a deleted one, and be longer than our place
            yield from self._break("the log file was replaced")
            yield from self._read(path)
            return
        self.behind = len(data) == _AT_ONCE
        self.offset += len(data)
        self._before = (before + data)[-_KNOWN:]
        yield from self._lines.feed(data)

    def _break(self, why: str) -> Iterator[str]:
        yield from self._lines.flush()
        self._begin()
        yield clean(f"--- {why} ---")

    def _begin(self) -> None:
        self.offset, self._before = 0, b""


def _older(path: Path) -> Path:
    return path.with_name(path.name + ".1")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _end_of_last_line(path: Path) -> int:
    """Where the unfinished last line begins."""
    start, data = _end_of(path, 1, 0, None)
    return start + data.rfind(b"\n") + 1


def _before(path: Path, offset: int) -> bytes:
    """The bytes before a place, by which the file is known again."""
    _, data = _end_of(path, _KNOWN + 1, offset - _KNOWN, offset)  # so few bytes have no more newlines: all are read
    return data[-_KNOWN:]
