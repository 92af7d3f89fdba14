"""The contract on POSIX: a thin face over the shim, /proc and the file system. Linux in full; macOS is untried."""

import sys

if sys.platform == "win32":
    raise ImportError("not for Windows")

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from launcher.errors import StateUnwritable
from launcher.native import files, proc
from launcher.native.containment import (
    become_guardian,
    find_marked,
    kill_marked,
    reap_strangers,
    still_stopping,
)
from launcher.native.contract import Child, Identity, LaunchSpec, Listener, Output
from launcher.native.deletions import told_of_deletions
from launcher.native.proc import identity, listening, servers_in, tree
from launcher.native.signalling import alive, signal_process
from launcher.native.unstarted import Unstarted, explain, explain_cwd, explain_missing

if TYPE_CHECKING:
    import asyncio
    import subprocess

__all__ = [
    "IS_WINDOWS",
    "LISTENING_ON_UNIX_SOCKETS",
    "alive",
    "become_guardian",
    "daemon_code",
    "executable",
    "find_marked",
    "identity",
    "kill_marked",
    "listeners",
    "listening",
    "my_identity",
    "on_shutdown",
    "private_directory",
    "reap_strangers",
    "replace",
    "servers_in",
    "signal_process",
    "spawn",
    "spawn_daemon",
    "still_stopping",
    "told_of_deletions",
    "tree",
    "write_private",
]

IS_WINDOWS = False
LISTENING_ON_UNIX_SOCKETS = True

_DAEMONS: "dict[int, subprocess.Popen[bytes]]" = {}  # kept, so that none complains about being forgotten


async def spawn(spec: LaunchSpec, output: Output) -> Child:
    """Start a contained child; returns when its main process runs. A child that cannot start ends with the reason."""
    from launcher.native.shim_client import ShimChild

    problem = explain_cwd(spec.cwd)
    if problem:
        return Unstarted(problem)
    command = spec.argv[0]
    if "/" in command:
        path: str | None = str(Path(spec.cwd, command).absolute())
    else:
        path = executable(command, spec.env.get("PATH", ""))
    if path is None:
        return Unstarted(explain_missing(command))
    child = ShimChild(spec, path, output)
    try:
        await child.start()
    except OSError as error:
        return Unstarted(explain(path, spec.cwd, "fork", error.errno or 0))
    return child


def executable(name: str, path: str) -> str | None:
    """The absolute path of a program: looked up in `path`, of which only absolute directories count."""
    if "/" in name:
        found = Path(name).absolute()
        return str(found) if _runnable(found) else None
    for directory in path.split(os.pathsep):
        if directory.startswith("/") and _runnable(Path(directory, name)):
            return str(Path(directory, name))
    return None


def _runnable(path: Path) -> bool:
    return files.is_file(path) and os.access(path, os.X_OK)


def began() -> float:
    """When this process began, in wall-clock seconds."""
    return proc.started_at(os.getpid()) or time.time()


def my_identity() -> Identity:
    """Who we are."""
    who = proc.identity(os.getpid())
    assert who is not None  # noqa: S101 - we live
    return who


def listeners(port: int, candidates: Iterable[int] = ()) -> list[Listener]:
    """Who accepts connections on this TCP port, of either IP version. `candidates` are looked at first."""
    return proc.listeners(port, candidates)


def listens(port: int) -> bool:
    """Whether anybody of our network namespace accepts connections on this TCP port. Cheap; nobody is asked."""
    return proc.listens(port)


def loading_ahead(instance: str) -> None:
    """Have what holds the children of this instance load beside us. Call it early; it imports no asyncio."""
    from launcher.native import warden_ahead

    warden_ahead.begin(instance)


def spawn_daemon(argv: Sequence[str], env: Mapping[str, str], cwd: str | Path, log: Path) -> int:
    """Start a process that outlives us and our terminal, printing into `log` (0600); its pid."""
    import subprocess

    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
    handle = os.open(log, flags, 0o600)
    try:
        process = subprocess.Popen(
            argv,
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=handle,
            stderr=handle,
            start_new_session=True,
        )
    finally:
        os.close(handle)
    _DAEMONS[process.pid] = process
    return process.pid


def daemon_code(pid: int) -> int | None:
    """The exit code of a process that we started so; None while it runs, or if we did not."""
    process = _DAEMONS.get(pid)
    return process.poll() if process else None


def private_directory(path: Path) -> None:
    """Make sure of a directory that only we may look into; its missing parents are made the same way."""
    try:
        for directory in [*reversed(path.parents), path]:
            if not directory.is_dir():
                with contextlib.suppress(FileExistsError):
                    directory.mkdir(mode=0o700)
        found = path.lstat()
    except OSError as error:
        raise StateUnwritable(
            f"cannot create the directory {path}: {error.strerror}",
            remedy="make it writable, or set RXLAUNCH_HOME to a directory that is",
        ) from error
    if path.is_symlink() or not path.is_dir():
        raise StateUnwritable(
            f"{path} is a link or a file where a directory of ours should be", remedy="remove it after a look at it"
        )
    if found.st_uid != os.geteuid():
        raise StateUnwritable(
            f"{path} belongs to another user (uid {found.st_uid})",
            remedy="run as that user, or set RXLAUNCH_HOME to a directory of your own",
        )
    if found.st_mode & 0o077:
        path.chmod(0o700)


def write_private(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Put `data` into a file that only we may read (0600); readers see the old contents or the new ones."""
    files.write_through(path, data, replace, durable=durable)


def replace(src: Path, dst: Path) -> None:
    """Put `src` where `dst` is, at once."""
    src.replace(dst)


@contextlib.contextmanager
def on_shutdown(loop: "asyncio.AbstractEventLoop", callback: Callable[[str], None]) -> Iterator[None]:
    """While inside, the signals that ask us to stop call back with their names; afterwards all is as before."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    if before[signal.SIGHUP] == signal.SIG_IGN:
        del before[signal.SIGHUP]  # nohup: whoever started us wants it ignored
    for number in before:
        loop.add_signal_handler(number, callback, number.name)
    try:
        yield
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
