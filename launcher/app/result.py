"""What a command of the command line gives back: text for people, a document for programs, an exit code."""

from collections.abc import Mapping
from typing import Any

from launcher.values import Value, field

VERSION = 1  # of every JSON document; grows when a field changes its meaning or goes away


class Result(Value, frozen=True):
    """Rendered by `cli/render.py` alone."""

    text: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    exit_code: int = 0

    def document(self) -> dict[str, Any]:
        """The JSON document, with its version."""
        return {"version": VERSION, **self.data}
