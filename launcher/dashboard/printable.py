"""Text from outside (error messages, answers of servers) without anything that could drive the terminal. Pure."""

import re

from launcher.characters import CONTROLS, INVISIBLE

_UNWANTED = re.compile(f"\x1b\\[[0-?]*[ -/]*[@-~]|(?!\n)[{CONTROLS}{INVISIBLE}]")


def printable(text: str) -> str:
    """The text without control characters and invisible ones; tabs and line ends stay."""
    return _UNWANTED.sub("", text)
