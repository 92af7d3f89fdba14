"""A line of output with its unit's name before it, in the unit's colour. Pure."""

import zlib

_COLORS = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)  # SGR codes; no red: it means failure
_RESET = "\x1b[0m"


def color_of(unit: str) -> int:
    """The SGR code of a unit's colour: the same one in every command and every run."""
    return _COLORS[zlib.crc32(unit.encode()) % len(_COLORS)]


def format_line(unit: str, text: str, width: int, *, color: bool) -> str:
    """`backend | text`, the names padded to one width. `text` is clean already (logs/lines.py)."""
    return _head(unit, width, color=color) + text


def format_block(unit: str, lines: bytes, width: int, *, color: bool) -> bytes:
    """The same for a block of complete lines, at once."""
    head = _head(unit, width, color=color).encode()
    named = memoryview(lines.replace(b"\n", b"\n" + head))  # with one name too many, after the last line
    return b"".join((head, named[: -len(head)])) if lines else b""


def _head(unit: str, width: int, *, color: bool) -> str:
    name = f"{unit:<{width}} |"
    return f"\x1b[{color_of(unit)}m{name}{_RESET} " if color else f"{name} "
