"""The one syntax for references in stack files: `${namespace.name}`. What they stand for is not known here.

A single pass: what a reference stands for is never looked at again, so no value can smuggle in another reference.
No shell ever sees these strings, and `$NAME`, `%NAME%`, backticks and `$(…)` mean nothing.
"""

import re
from collections.abc import Callable

Reference = tuple[str, str]  # (namespace, name); the name is empty in ${root}

_REFERENCE = re.compile(r"\$\$\{|\$\{([^{}]*)\}")


def references(text: str) -> list[Reference]:
    """What the text refers to, in order."""
    found = (match.group(1) for match in _REFERENCE.finditer(text))
    return [_split(inside) for inside in found if inside is not None]


def substitute(text: str, value_of: Callable[[str, str], str]) -> str:
    """The text with every reference replaced by its value; `$${` stands for a literal `${`."""

    def replace(match: re.Match[str]) -> str:
        inside = match.group(1)
        return "${" if inside is None else value_of(*_split(inside))

    return _REFERENCE.sub(replace, text)


def is_unfinished(text: str) -> bool:
    """Whether a `${` has no `}`."""
    return "${" in _REFERENCE.sub("", text)


def _split(inside: str) -> Reference:
    namespace, _, name = inside.partition(".")
    return namespace, name
