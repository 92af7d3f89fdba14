"""What was done with which inputs, so that work that changes nothing is skipped (plan/step.py: Fingerprints)."""

from collections.abc import Mapping
from pathlib import Path

from launcher.state import records


class FileFingerprints:
    """Fingerprints in a JSON file. What cannot be read counts as never done: work is repeated, nothing is lost."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, dict[str, str]] = {}
        self._seen: tuple[int, int, int] | None = None  # of the file when it was read: another process may change it

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
        seen = self._look()
        if seen != self._seen or seen is None:
            self._known = {key: value for key, value in records.load(self._path).items() if _is_fingerprint(value)}
            self._seen = seen
        return self._known

    def _save(self, whole: dict[str, dict[str, str]]) -> None:
        records.save(self._path, dict(whole))
        self._known, self._seen = whole, self._look()

    def _look(self) -> tuple[int, int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size


def _is_fingerprint(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())
