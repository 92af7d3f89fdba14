"""Outputs of units that are no secrets, kept for commands that only look. Secrets are never written here."""

from collections.abc import Mapping
from pathlib import Path

from launcher.state import records


class Outputs:
    """The named outputs of the running or last instance."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> dict[str, str]:
        """Output by name; empty when nothing is known."""
        return {name: value for name, value in records.load(self._path).items() if isinstance(value, str)}

    def save(self, outputs: Mapping[str, str]) -> None:
        """Keep these outputs. Raises StateUnwritable."""
        records.save(self._path, dict(outputs))
