"""Whole blocks of lines that may be shown as they came, told apart at the speed of memory. Says nothing of secrets.

A block is harmless when `lines.clean` would leave each of its lines as it is. Whoever is in doubt gets None, and
takes the careful way line by line: this module may only ever cost time. `tests/logs/test_blocks.py` holds it to
`launcher/characters.py`, character by character.
"""

import re

from launcher.characters import INVISIBLE

# A look for each single byte is ten times as fast as one pattern of them all, or `translate`.
_CONTROLS = bytes({*range(0x20), 0x7F} - {*b"\t\n"})
_FIRST_BYTES = b"\xc2\xd8\xe1\xe2\xef\xf3"  # with which the unwanted characters beyond ASCII begin
_BEYOND_ASCII = re.compile(f"[\x80-\x9f{INVISIBLE}]")


def as_shown(block: bytes) -> bytes | None:
    """The complete lines as they are to be shown, line ends of Windows made plain; None if they need care."""
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n")
    if any(control in block for control in _CONTROLS):
        return None
    if block.isascii():
        return block
    try:
        text = block.decode()
    except UnicodeDecodeError:
        return None
    suspect = any(first in block for first in _FIRST_BYTES)
    return None if suspect and _BEYOND_ASCII.search(text) else block
