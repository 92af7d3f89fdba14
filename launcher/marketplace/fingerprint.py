"""Fingerprints of inputs and outputs: content hashes under names, so that a rerun can say what changed.

Reads files only. A fingerprint is a flat mapping (lock=…, sources=…); `state/` keeps it outside the checkout, and a
stamp (`stamps.py`) in the result itself.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from launcher.plan.step import StepContext, StepFailed

SKIPPED_DIRECTORIES = frozenset({"node_modules", "coverage", "test-results", "playwright-report"})
ABSENT = "-"


def file_digest(path: Path | None) -> str:
    """SHA-256 of a file's content; `-` when it does not exist."""
    if path is None:
        return ABSENT
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return ABSENT
    except OSError as error:
        raise StepFailed(f"{path} cannot be read: {error.strerror}", remedy="whose file is it?") from None


def text_digest(*parts: str) -> str:
    """SHA-256 of several texts, unambiguous about where one ends."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def files_digest(root: Path, files: Iterable[Path]) -> str:
    """SHA-256 over names and contents; the same wherever the checkout lies, on any platform."""
    digest = hashlib.sha256()
    for path in sorted(set(files)):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + file_digest(path).encode() + b"\n")
    return digest.hexdigest()


def walk(top: Path) -> Iterator[Path]:
    """Every file below, without packages, build results and hidden directories; links to directories stay shut."""
    for directory, names, files in os.walk(top):
        names[:] = sorted(name for name in names if name not in SKIPPED_DIRECTORIES and not name.startswith("."))
        yield from (Path(directory, name) for name in files)


def sizes_digest(root: Path, files: Iterable[Path]) -> str:
    """SHA-256 over names and sizes: whether results are complete, without reading tens of megabytes."""
    named = {path.relative_to(root).as_posix(): path for path in files}
    return text_digest(*(f"{name} {size_of(named[name])}" for name in sorted(named)))


def size_of(path: Path) -> int:
    """A file's size; -1 when it has just gone."""
    try:
        return path.stat().st_size
    except OSError:
        return -1


def changed(stored: Mapping[str, str], current: Mapping[str, str]) -> list[str]:
    """The names under which two fingerprints differ, those of the current one first."""
    return [name for name in {**current, **stored} if stored.get(name) != current.get(name)]


def why_stale(
    context: StepContext, key: str, current: Mapping[str, str], stamped: Mapping[str, str] | None = None
) -> str | None:
    """Why the work must be done (again); None when the stored fingerprint, or the stamp's, is the current one."""
    if context.fresh:
        return "--fresh was asked for"
    stored = context.fingerprints.get(key)
    if stamped is not None and not changed(stamped, current):
        return None
    if stored is None and stamped is None:
        return "it was not done by rxlaunch yet"
    different = changed(stored if stored is not None else stamped or {}, current)
    return f"{' and '.join(different)} changed" if different else None
