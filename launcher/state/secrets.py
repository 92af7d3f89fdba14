"""Generated secrets: made once, kept 0600, the same ever after. Losing one loses the data it protects."""

import secrets as random_source
from collections.abc import Iterable
from pathlib import Path

from launcher.errors import LauncherError
from launcher.state import files


class Secrets:
    """The generated secrets of one stack. Other processes may use the same file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, str] | None = None

    def get(self, name: str) -> str | None:
        """The secret, if it was made. Raises LauncherError when the file cannot be understood."""
        if self._known is None:
            self._known = self._read()
        return self._known.get(name)

    def get_or_make(self, name: str, hex_chars: int) -> str:
        """The secret; made now, of so many hexadecimal characters, if there is none."""
        found = self.get(name)
        return found if found is not None else self._make(name, hex_chars)

    def values(self) -> Iterable[str]:
        """Every secret there is: what must be redacted."""
        if self._known is None:
            self._known = self._read()
        return tuple(self._known.values())

    def _make(self, name: str, hex_chars: int) -> str:
        from launcher.state import lock

        with lock.exclusively(self._path):
            self._known = self._read()  # another process may have been faster
            if name not in self._known:
                made = random_source.token_hex((hex_chars + 1) // 2)[:hex_chars]
                files.write_json(self._path, {**self._known, name: made})
                self._known[name] = made
            return self._known[name]

    def _read(self) -> dict[str, str]:
        """What the file says. It is never replaced by an empty one: that would lock us out of the database."""
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise self._unreadable(error.strerror or str(error)) from error
        try:
            found = files.object_of(data)
        except ValueError as error:
            raise self._unreadable("it is no JSON object") from error
        if not all(isinstance(value, str) and value for value in found.values()):
            raise self._unreadable("a value is no text")
        return {str(name): str(value) for name, value in found.items()}

    def _unreadable(self, why: str) -> LauncherError:
        return LauncherError(
            f"cannot read the generated secrets in {self._path}: {why}",
            remedy=f"restore that file; if its secrets are lost, delete it together with the data beside it in "
            f"{self._path.parent}",
        )
