"""One zip of what a run left behind. Everything that enters goes through the caller's redactor first."""

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from launcher.errors import LauncherError

_LONGEST_ENTRY = 64 * 1024 * 1024  # of one file; its end is what is kept


def write(target: Path, entries: Mapping[str, bytes], redact: Callable[[bytes], bytes]) -> None:
    """Write the archive at once: a reader sees the old one or the whole new one. Raises LauncherError."""
    new = target.with_name(f".{target.name}.new")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in entries.items():
                archive.writestr(name, redact(data)[-_LONGEST_ENTRY:])
        new.replace(target)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise LauncherError(
            f"{target} cannot be written: {error.strerror or error}", remedy="name another file with --artifacts"
        ) from None
