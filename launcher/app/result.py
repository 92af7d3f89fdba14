"""What a command of the command line gives back: text for people, a document for programs, an exit code."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

VERSION = 1  # of every JSON document; grows when a field changes its meaning or goes away


@dataclass(frozen=True, slots=True)
class Result:
    """Rendered by `cli/render.py` alone."""

    text: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    exit_code: int = 0

    def document(self) -> dict[str, Any]:
        """The JSON document, with its version."""
        return {"version": VERSION, **self.data}
