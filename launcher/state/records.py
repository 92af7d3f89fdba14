"""Small JSON objects that may be lost without harm: one that cannot be read counts as empty and is kept as `.bad`."""

from pathlib import Path
from typing import Any

from launcher.state import files


def load(path: Path) -> dict[str, Any]:
    """The object in the file; an empty one when there is none to read."""
    try:
        return files.read_object(path) or {}
    except ValueError:
        files.set_aside(path)
        return {}


def save(path: Path, record: dict[str, Any]) -> None:
    """Replace the object in the file. Raises StateUnwritable."""
    files.write_json(path, record)
