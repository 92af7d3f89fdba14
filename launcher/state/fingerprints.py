"""What was done with which inputs, so that work that changes nothing is skipped (plan/step.py: Fingerprints)."""

from collections.abc import Mapping
from pathlib import Path

from launcher.state import records


class FileFingerprints:
    """Fingerprints in a JSON file. What cannot be read counts as never done: work is repeated, nothing is lost."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, dict[str, str]] | None = None

    def get(self, key: str) -> Mapping[str, str] | None:
        """The fingerprint kept under the key."""
        return self._all().get(key)

    def put(self, key: str, value: Mapping[str, str]) -> None:
        """Keep a fingerprint. Raises StateUnwritable."""
        self._save({**self._all(), key: dict(value)})

    def forget(self, key: str) -> None:
        """Keep none under the key."""
        if key in self._all():
            self._save({name: value for name, value in self._all().items() if name != key})

    def _all(self) -> dict[str, dict[str, str]]:
        if self._known is None:
            self._known = {key: value for key, value in records.load(self._path).items() if _is_fingerprint(value)}
        return self._known

    def _save(self, whole: dict[str, dict[str, str]]) -> None:
        records.save(self._path, dict(whole))
        self._known = whole


def _is_fingerprint(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())
