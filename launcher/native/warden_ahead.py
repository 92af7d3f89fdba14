"""The first warden, begun before asyncio is loaded: its interpreter starts while ours has other things to do.

It costs nothing if it is never asked for anything: it ends with its door, and so with us. `warden.py` takes it over.
"""

import sys

if sys.platform == "win32":
    raise ImportError("not for Windows")

import os
import socket
import subprocess
from pathlib import Path
from typing import NamedTuple

from launcher.native.containment import SHIMS
from launcher.native.contract import INSTANCE_MARK, SHIM_MARK

PROGRAM = Path(__file__).with_name("shim_warden.py")
_BEGUN: dict[str, "Ahead"] = {}  # by instance


class Ahead(NamedTuple):
    """A warden that nobody has asked for anything yet."""

    process: "subprocess.Popen[bytes]"
    door: socket.socket


def begin(instance: str) -> None:
    """Start the warden of an instance. Where it cannot be watched, or not be started, it is started when needed."""
    if not hasattr(os, "pidfd_open") or instance in _BEGUN:
        return
    door, theirs = socket.socketpair()
    try:
        with theirs:
            process = subprocess.Popen(
                command(theirs),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
                cwd="/",
                env=environment(instance),
            )
    except OSError:
        door.close()
        return
    SHIMS.pids.add(process.pid)
    _BEGUN[instance] = Ahead(process, door)


def take(instance: str) -> Ahead | None:
    """The warden that was begun for an instance, once."""
    return _BEGUN.pop(instance, None)


def command(theirs: socket.socket) -> tuple[str, ...]:
    """The command line of a warden that is asked through this socket."""
    return (sys.executable, "-I", "-S", str(PROGRAM), str(theirs.fileno()))


def environment(instance: str) -> dict[str, str]:
    """All that a warden gets: marks."""
    return {**({INSTANCE_MARK: instance} if instance else {}), SHIM_MARK: "1"}
