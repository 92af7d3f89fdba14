"""Where the supervisor listens, a Unix socket in a private directory or loopback TCP, and how clients learn of it."""

import contextlib
import os
import socket
import stat
from pathlib import Path
from typing import Any

from launcher import native
from launcher.control import protocol
from launcher.errors import LauncherError
from launcher.paths import StackPaths
from launcher.state import files

BACKLOG = 1024  # clients that may wait to be met


def listen(paths: StackPaths) -> tuple[socket.socket, dict[str, Any]]:
    """A listening socket and what clients must know of it."""
    if not native.LISTENING_ON_UNIX_SOCKETS:
        listener = socket.create_server(("127.0.0.1", 0))
        return listener, {"port": listener.getsockname()[1]}
    path = paths.socket
    native.private_directory(path.parent)
    _remove_stale(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with files.writing(path):
            listener.bind(str(path))
            path.chmod(0o600)  # before anybody can connect
        listener.listen(BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener, {"socket": str(path)}


def _remove_stale(path: Path) -> None:
    """Remove the socket of a dead supervisor. Raises LauncherError for anything that is not a socket of ours."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    mine = getattr(os, "getuid", lambda: found.st_uid)()
    if not stat.S_ISSOCK(found.st_mode) or found.st_uid != mine:
        raise LauncherError(f"{path} is not a socket of ours", remedy="remove it after a look at it")
    path.unlink(missing_ok=True)


def hosts(address: dict[str, Any]) -> frozenset[bytes]:
    """The only Host headers of requests that come there."""
    if "socket" in address:
        return frozenset({protocol.UNIX_HOST.encode()})
    return frozenset({b"127.0.0.1:%d" % address["port"], b"localhost:%d" % address["port"]})


def forget(paths: StackPaths, address: dict[str, Any]) -> None:
    """Remove the files by which clients found us."""
    with contextlib.suppress(OSError):
        paths.control.unlink(missing_ok=True)
    if "socket" in address:
        with contextlib.suppress(OSError):
            Path(address["socket"]).unlink(missing_ok=True)
