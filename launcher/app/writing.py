"""Files that the user asked for by name: reports and pages. State is written by `state/files.py`, never from here."""

from pathlib import Path

from launcher.errors import LauncherError


def write(path: Path, text: str) -> None:
    """Write a file, and the directories above it. Raises LauncherError when that cannot be done."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", errors="replace", newline="\n")
    except OSError as error:
        raise LauncherError(f"cannot write {path}: {error.strerror or error}") from error
