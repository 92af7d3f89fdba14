"""The last lines of one incarnation of a unit, and which patterns went by. Writes nothing, shows nothing.

Lines are cut and cleaned when somebody asks for them. A flood is not asked about while it lasts: of what nobody will
ever see, only the sought patterns are looked for, and that in whole blocks.
"""

import re
from collections import deque
from collections.abc import Iterable

from launcher.logs.lines import LineSplitter, plain

KEPT_LINES = 1000
_MOST_BYTES = 1024 * 1024  # that wait to be cut into lines
_MOST_CHUNKS = 256
_LOOKS = (128 * 1024, _MOST_BYTES // 2)  # bytes in which the last lines are looked for
_LITERAL = re.compile(r"[\w /:=,@-]+", re.ASCII)  # patterns that match themselves and nothing else


class Kept:
    """Takes redacted chunks. Holds at most KEPT_LINES lines, and some bytes that are not lines yet."""

    def __init__(self) -> None:
        self._begin()
        self._sought: dict[str, bool] = {}

    def add(self, chunk: bytes) -> None:
        """The next bytes of the stream."""
        self._fresh.append(chunk)
        self._size += len(chunk)
        if (self._size > _MOST_BYTES or len(self._fresh) > _MOST_CHUNKS) and not self._forget():
            self._settle()

    def lines(self) -> list[str]:
        """The complete lines without colours, oldest first."""
        self._settle()
        return list(self._lines)

    @property
    def unfinished(self) -> str:
        """The line that has no end yet, its colours included."""
        self._settle()
        return self._splitter.unfinished

    def seen(self, pattern: str) -> bool:
        """Whether a line matches. Once asked for, no line goes by unnoticed."""
        self._settle()
        if pattern not in self._sought:
            self._sought[pattern] = _any_matches(pattern, self._lines)
        return self._sought[pattern] or _any_matches(pattern, [plain(self._splitter.unfinished)])

    def finish(self) -> None:
        """The stream has ended: its last line is one, with or without an end."""
        self._settle()
        self._keep(self._splitter.flush())

    def clear(self) -> None:
        """Another incarnation begins."""
        self._begin()
        self._sought = dict.fromkeys(self._sought, False)

    def _begin(self) -> None:
        self._splitter = LineSplitter()
        self._lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._fresh: list[bytes] = []
        self._size = 0

    def _settle(self) -> None:
        """Cut into lines what came since the last time."""
        if self._fresh:
            data = b"".join(self._fresh)
            self._fresh, self._size = [], 0
            self._keep(self._splitter.feed(data))

    def _keep(self, lines: list[str]) -> None:
        shown = [plain(line) for line in lines]
        self._lines.extend(shown)
        for pattern, found in self._sought.items():
            self._sought[pattern] = found or _any_matches(pattern, shown)

    def _forget(self) -> bool:
        """Drop what the last lines of a flood push out anyway; False if that is little, or needs care."""
        recent = next(filter(None, map(self._last_lines_within, _LOOKS)), None)
        if recent is None or self._may_hold_sought():
            return False
        self._begin()
        self.add(recent)
        return True

    def _last_lines_within(self, size: int) -> bytes | None:
        """From the last lines on; None when the last `size` bytes do not have them all."""
        parts: list[bytes] = []
        for chunk in reversed(self._fresh):
            parts.insert(0, chunk[-size:])
            size -= len(parts[0])
            if size <= 0:
                break
        end = b"".join(parts)
        before, *last = end.rsplit(b"\n", KEPT_LINES + 1)
        return end[len(before) + 1 :] if len(last) > KEPT_LINES else None

    def _may_hold_sought(self) -> bool:
        sought = [pattern for pattern, found in self._sought.items() if not found]
        if not sought:
            return False
        data = b"".join([self._splitter.rest, *self._fresh])
        if not all(map(_LITERAL.fullmatch, sought)) or any(pattern.encode() in data for pattern in sought):
            return True
        return LineSplitter().block(data) is None  # there may be colours in the middle of a word


def _any_matches(pattern: str, lines: Iterable[str]) -> bool:
    search = re.compile(pattern).search
    return any(search(line) for line in lines)
