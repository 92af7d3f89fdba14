"""The last lines of one incarnation of a unit, and which patterns went by. Writes nothing, shows nothing.

Lines are cut and cleaned when somebody asks for them. A flood is not asked about while it lasts: of what nobody will
ever see, only the sought patterns are looked for, and that in whole blocks.
"""

import re
from collections import deque
from collections.abc import Iterable

from launcher.logs.harmless import as_shown
from launcher.logs.lines import LineSplitter, plain

KEPT_LINES = 1000
_MOST_BYTES = 1024 * 1024  # that wait to be cut into lines
_MOST_CHUNKS = 256
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
        fresh = b"".join(self._fresh)
        self._fresh = [fresh]
        data = self._splitter.rest + fresh
        gone, *last = data.rsplit(b"\n", KEPT_LINES + 1)
        if len(last) <= KEPT_LINES or len(gone) < len(data) // 2 or not self._holds_none_sought(data):
            return False
        recent = data[len(gone) + 1 :]
        self._begin()
        self.add(recent)
        return True

    def _holds_none_sought(self, data: bytes) -> bool:
        sought = [pattern for pattern, found in self._sought.items() if not found]
        if not sought:
            return True
        if not all(map(_LITERAL.fullmatch, sought)) or any(pattern.encode() in data for pattern in sought):
            return False
        return as_shown(data) is not None  # else there may be a word with colours in its middle


def _any_matches(pattern: str, lines: Iterable[str]) -> bool:
    search = re.compile(pattern).search
    return any(search(line) for line in lines)
