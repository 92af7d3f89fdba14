"""Bytes of a child to lines for people: decoded, bounded, and with nothing left that could drive the terminal."""

import re

from launcher.characters import CONTROLS, INVISIBLE
from launcher.logs.harmless import as_shown

LONGEST = 64 * 1024
SPLIT_MARK = " ↩ (line continues)"
RESET = "\x1b[0m"
_UNWANTED = re.compile(f"[{CONTROLS}{INVISIBLE}]")
_SEQUENCE = re.compile(
    rf"""
    (?P<sgr>(?:\x1b\[|\x9b)[0-9;:]*m)                       # colours: the only ones kept
    | (?:\x1b\[|\x9b)[0-?]*[ -/]*(?:[@-~]|$)?               # cursor moves, erasing, modes; or unfinished
    | (?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?  # titles, clipboard
    | \x1b[ -/]*[0-~]?                                      # other escapes
    | (?P<nul>\x00)
    | [{CONTROLS}{INVISIBLE}]
    """,
    re.VERBOSE,
)
_SGR = re.compile(r"\x1b\[[0-9;:]*m")
_RESETS = (RESET, "\x1b[m")


def clean(line: str) -> str:
    """The line as a terminal may show it: colours stay and end with the line, all other controls go, NUL is shown."""
    if not _UNWANTED.search(line):
        return line
    shown = _SEQUENCE.sub(_kept, _last_state(line))
    colors = _SGR.findall(shown)
    return shown + RESET if colors and colors[-1] not in _RESETS else shown


def plain(line: str) -> str:
    """The line without colours either."""
    return _SGR.sub("", clean(line))


def _last_state(line: str) -> str:
    """What a progress bar said last: a lone carriage return begins the line anew."""
    return next((part for part in reversed(line.split("\r")) if part), "")


def _kept(sequence: re.Match[str]) -> str:
    if sequence["sgr"] is not None:
        return sequence["sgr"].replace("\x9b", "\x1b[")
    return "\\x00" if sequence["nul"] is not None else ""


class LineSplitter:
    """Cuts a stream of bytes into clean lines. Never keeps more than one longest line."""

    def __init__(self) -> None:
        self._rest = b""

    def block(self, chunk: bytes) -> bytes | None:
        """The lines that are complete now, in one block. None, and nothing is taken, if they need care: then `feed`."""
        end = chunk.rfind(b"\n") + 1
        rest = chunk[end:] if end else self._rest + chunk
        whole = b"".join((self._rest, memoryview(chunk)[:end])) if end else b""
        shown = as_shown(whole)
        if shown is None or len(rest) > LONGEST or not _all_short(whole):
            return None
        self._rest = rest
        return shown

    def feed(self, chunk: bytes) -> list[str]:
        """The lines that are complete now."""
        block = self.block(chunk)
        return self._carefully(chunk) if block is None else block.decode().split("\n")[:-1]

    def _carefully(self, chunk: bytes) -> list[str]:
        *whole, rest = (self._rest + chunk).split(b"\n")
        lines = [shown for line in whole for shown in self._shown(line)]
        *pieces, self._rest = _pieces(rest)
        return lines + [clean(_decoded(piece)) + SPLIT_MARK for piece in pieces]

    @property
    def rest(self) -> bytes:
        """The same as it came."""
        return self._rest

    @property
    def unfinished(self) -> str:
        """The line that has no end yet."""
        return clean(_decoded(self._rest))

    def flush(self) -> list[str]:
        """The last line, if it has no end: the stream has ended."""
        rest, self._rest = self._rest, b""
        return [clean(_decoded(rest))] if rest else []

    @staticmethod
    def _shown(line: bytes) -> list[str]:
        if len(line) <= LONGEST:
            return [clean(_decoded(line))]
        *pieces, last = _pieces(line)
        return [*(clean(_decoded(piece)) + SPLIT_MARK for piece in pieces), clean(_decoded(last))]


def _all_short(block: bytes) -> bool:
    """Whether none of these complete lines is longer than LONGEST."""
    start = 0
    while len(block) - start > LONGEST:
        start = block.rfind(b"\n", start, start + LONGEST + 1) + 1
        if start == 0:
            return False
    return True


def _decoded(line: bytes) -> str:
    return line.decode("utf-8", "replace")


def _pieces(line: bytes) -> list[bytes]:
    """The line in pieces of at most LONGEST bytes, never cutting a character."""
    pieces = []
    while len(line) > LONGEST:
        cut = LONGEST
        while cut > LONGEST - 4 and line[cut] & 0xC0 == 0x80:
            cut -= 1
        pieces.append(line[:cut])
        line = line[cut:]
    return [*pieces, line]
