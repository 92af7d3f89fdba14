"""Looking at files without failing, and writing private ones whole or not at all. Alike on every platform."""

import contextlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path


def is_file(path: str | Path) -> bool:
    """Whether this is a file. What we may not even look at counts as none."""
    with contextlib.suppress(OSError, ValueError):
        return Path(path).is_file()
    return False


def write_through(path: Path, data: bytes, replace: Callable[[Path, Path], None], *, durable: bool = True) -> None:
    """Put `data` into `path`: readers see the old contents or the new ones, a crash leaves one of the two.

    Not `durable`: a crash of ours does, but a machine that loses its power may leave nothing.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    handle = os.open(draft, flags, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        replace(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
