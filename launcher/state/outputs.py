"""What the units of the last boot gave (0600: secrets are among it), for `rxlaunch env`. Not read by a boot."""

import json
from collections.abc import Mapping
from pathlib import Path

from launcher import native


class Outputs:
    """A small private JSON file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> dict[str, str]:
        """The outputs, or nothing when there are none that can be read."""
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}

    def save(self, outputs: Mapping[str, str]) -> None:
        """Replace the file."""
        native.write_private(self._path, json.dumps(dict(outputs), indent=2).encode())
