"""Private files of the state directory: whole writes, appends, and setting aside what cannot be read."""

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from launcher import native
from launcher.errors import StateUnwritable

_REMEDY = "make it writable and see that the disk is not full, or set RXLAUNCH_HOME to another directory"
_PRIVATE = 0o600


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the system says about an unwritable path into what the user must read."""
    try:
        yield
    except OSError as error:
        raise StateUnwritable(f"cannot write {path}: {error.strerror or error}", remedy=_REMEDY) from error


def write(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Replace the file's contents at once. Raises StateUnwritable."""
    native.private_directory(path.parent)
    with writing(path):
        native.write_private(path, data, durable=durable)


def write_json(path: Path, document: Any, *, durable: bool = True) -> None:
    """Replace the file's contents by a JSON document. Raises StateUnwritable."""
    write(path, json.dumps(document, indent=1).encode() + b"\n", durable=durable)


def open_to_append(path: Path, *, fresh: bool = False) -> int:
    """A descriptor that appends to the file, which is made 0600 if it is new and emptied if `fresh`."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    return os.open(path, flags | (os.O_TRUNC if fresh else 0), _PRIVATE)


def identity(path: Path) -> tuple[int, int] | None:
    """Which file is at this path: device and number; None when there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def read(path: Path) -> bytes | None:
    """The file's contents; None when there is none or it cannot be read."""
    try:
        return path.read_bytes()
    except OSError:
        return None


def read_object(path: Path) -> dict[str, Any] | None:
    """The JSON object in the file; None when there is no file. Raises ValueError for anything else."""
    data = read(path)
    return None if data is None else object_of(data)


def object_of(data: bytes) -> dict[str, Any]:
    """The JSON object in these bytes. Raises ValueError for anything else."""
    try:
        document = json.loads(data)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(document, dict):
        raise ValueError("no JSON object")  # noqa: TRY004 - a ValueError like every other fault of the contents
    return document


def set_aside(path: Path) -> Path:
    """Rename what we cannot understand to `.bad`, so that it is neither used nor lost; where it is now."""
    bad = path.with_name(path.name + ".bad")
    with contextlib.suppress(OSError):
        native.replace(path, bad)
    return bad
