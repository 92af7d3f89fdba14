"""The contract on Windows: a thin face over jobs, consoles and access lists. Tried under Wine 8 only."""

import sys

if sys.platform != "win32":
    raise ImportError("for Windows only")

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from launcher.native import files
from launcher.native.contract import Child, Identity, LaunchSpec, Listener, Output
from launcher.native.unstarted import Unstarted, explain_cwd, explain_missing

if TYPE_CHECKING:
    import asyncio
    import subprocess

IS_WINDOWS = True
LISTENING_ON_UNIX_SOCKETS = False

_PROGRAMS = (".exe", ".com")
_BATCH_FILES = (".cmd", ".bat")
_SPECIAL_IN_BATCH_FILES = set('&|<>^%!"()\r\n')
_BUSY = (5, 32)  # access denied, sharing violation: somebody (a virus scanner, a reader) has it open
_BUSY_SECONDS = 2.0
_CLOSE_SECONDS = 4.5  # Windows ends us five seconds after the console was closed
_CLOSE_EVENTS = {2: "SIGHUP", 5: "SIGHUP", 6: "SIGTERM"}  # console closed, logoff, shutdown

_KEPT: list[object] = []  # our own job, as long as we live
_DAEMONS: "dict[int, subprocess.Popen[bytes]]" = {}  # kept, so that none complains about being forgotten


async def spawn(spec: LaunchSpec, output: Output) -> Child:
    """Start a contained child. A child that cannot start ends with the reason."""
    from launcher.native.windows_child import JobChild

    command = spec.argv[0]
    named_file = "/" in command or "\\" in command
    place = str(Path(spec.cwd, command)) if named_file else command
    path = executable(place, spec.env.get("PATH") or spec.env.get("Path") or "")
    problem = explain_cwd(spec.cwd) or (None if path else explain_missing(place)) or _unsafe(path or "", spec.argv)
    if problem or path is None:
        return Unstarted(problem or "")
    child = JobChild(spec, path, output)
    try:
        await child.start()
    except OSError as error:
        return Unstarted(_explain(path, error))
    except ValueError:
        return Unstarted(
            f"{path} was given an argument or variable with a zero byte, or a variable name with '='; correct it"
        )
    return child


def _unsafe(path: str, argv: Sequence[str]) -> str | None:
    """Why these arguments must not reach this program: cmd.exe would run parts of them as commands."""
    if path.lower().endswith(_BATCH_FILES) and any(_SPECIAL_IN_BATCH_FILES & set(text) for text in argv[1:]):
        return f"{path} is a batch file and an argument has a character special to it; name the program behind it"
    return None


def _explain(path: str, error: OSError) -> str:
    reasons = {
        5: "is not a program or access to it is denied; correct the command or its permissions",
        193: "is no program that Windows can run; correct the command",
        206: "was given too long arguments or variables; shorten them",
    }
    number = getattr(error, "winerror", 0) or 0
    return (
        f"{path} {reasons[number]}" if number in reasons else f"{path} could not be started: {error.strerror or error}"
    )


def executable(name: str, path: str) -> str | None:
    """The absolute path of a program: looked up in `path`, of which only absolute directories count.

    Programs anywhere come before batch files; the current directory, which Windows itself would search, never counts.
    """
    named_file = "/" in name or "\\" in name
    bases = [Path(name).absolute()] if named_file else [
        Path(directory, name) for directory in path.split(os.pathsep) if Path(directory).is_absolute()
    ]  # fmt: skip
    for suffixes in (_PROGRAMS, _BATCH_FILES):
        for base in bases:
            complete = base.suffix.lower() in suffixes
            for candidate in [base] if complete else [base.with_name(base.name + suffix) for suffix in suffixes]:
                if files.is_file(candidate):
                    return str(candidate)
    return str(bases[0]) if named_file and files.is_file(bases[0]) else None


def identity(pid: int) -> Identity | None:
    """Who has this pid now."""
    from launcher.native import windows_processes

    return windows_processes.identity(pid)


def began() -> float:
    """When this process began, in wall-clock seconds."""
    from launcher.native import windows_processes

    return windows_processes.wall_clock(my_identity())


def my_identity() -> Identity:
    """Who we are."""
    from launcher.native import windows_processes

    return windows_processes.my_identity()


def alive(who: Identity) -> bool:
    """Whether this very process still runs."""
    return identity(who.pid) == who


def signal_process(who: Identity, name: str) -> bool:
    """End this very process (SIGKILL); whether that was done. Windows knows no other signal for a stranger."""
    from launcher.native import windows_processes

    return windows_processes.signal_process(who, name)


def find_marked(instance: str) -> list[Identity]:
    """Nothing: the supervisor's job leaves nothing to be found."""
    del instance
    return []


def kill_marked(instance: str, *, in_order: bool = False) -> list[str]:
    """Nothing: the supervisor's job leaves nothing to be killed."""
    del instance, in_order
    return []


def still_stopping(instance: str) -> bool:
    """Never: what the supervisor held died with it."""
    del instance
    return False


def told_of_deletions(
    loop: "asyncio.AbstractEventLoop", directories: Iterable[Path], heard: Callable[[set[str]], None]
) -> Callable[[], None] | None:
    """Nobody tells: an open file is not deleted here, and the others are few."""
    del loop, directories, heard
    return None


def become_guardian() -> None:
    """Put ourselves into a job: whatever we start, however detached, dies with us. Ctrl-C is heard again below us."""
    from launcher.native.windows_api import kernel32
    from launcher.native.windows_jobs import Job

    job = Job()
    job.hold_ourselves()
    _KEPT.append(job)
    # Whoever started us as a process group made us, and all we start, deaf to Ctrl-C; the services must hear it.
    kernel32.SetConsoleCtrlHandler(None, False)


def reap_strangers(known: Callable[[], set[int]] = set) -> list[str]:
    """Nothing: Windows gives nobody's orphans to us."""
    del known
    return []


def listeners(port: int, candidates: Iterable[int] = ()) -> list[Listener]:
    """Who accepts connections on this TCP port, of either IP version."""
    from launcher.native import windows_processes

    del candidates  # the system's table names the pids already
    return windows_processes.listeners(port)


def loading_ahead(instance: str) -> None:
    """Nothing: what holds children here is the system's own."""
    del instance


def listens(port: int) -> bool:
    """Whether anybody accepts connections on this TCP port. Nobody is asked."""
    from launcher.native import windows_ports

    return any(there == port for _, there, _ in windows_ports.listening())


def listening(family: Iterable[int]) -> list[tuple[str, int]]:
    """Addresses and TCP ports on which these processes accept connections."""
    from launcher.native import windows_processes

    return windows_processes.listening(family)


def servers_in(directory: Path) -> list[Listener]:
    """Processes that accept connections and work in this very directory, as far as we may look."""
    from launcher.native import windows_processes

    return windows_processes.servers_in(directory)


def tree(pid: int) -> set[int]:
    """All processes below this one."""
    from launcher.native import windows_processes

    return windows_processes.tree(pid)


def spawn_daemon(argv: Sequence[str], env: Mapping[str, str], cwd: str | Path, log: Path) -> int:
    """Start a process that outlives us and our console, printing into `log`; its pid."""
    import subprocess

    def start(flags: int) -> "subprocess.Popen[bytes]":
        with log.open("ab") as output:
            return subprocess.Popen(
                argv,
                env=dict(env),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                creationflags=subprocess.DETACHED_PROCESS | flags,
            )

    try:
        process = start(subprocess.CREATE_BREAKAWAY_FROM_JOB)
    except PermissionError:  # we are in a job (a terminal's, a build server's) that lets nobody go
        process = start(0)
    _DAEMONS[process.pid] = process
    return process.pid


def daemon_code(pid: int) -> int | None:
    """The exit code of a process that we started so; None while it runs, or if we did not."""
    process = _DAEMONS.get(pid)
    return process.poll() if process else None


def private_directory(path: Path) -> None:
    """Make sure of a directory that only we may look into; its missing parents are made the same way."""
    from launcher.native import windows_files

    windows_files.private_directory(path)


def write_private(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Put `data` into a file of a private directory; readers see the old contents or the new ones."""
    files.write_through(path, data, replace, durable=durable)


def replace(src: Path, dst: Path) -> None:
    """Put `src` where `dst` is, at once; waits a little for others to close it.

    The waits differ, so that somebody who opens it again and again, in step with us, is out of step soon.
    """
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            src.replace(dst)
        except PermissionError as error:
            if error.winerror not in _BUSY or dst.is_dir() or time.monotonic() > deadline:
                raise
            import random  # here, because nearly every file is replaced at the first try

            time.sleep(random.uniform(0.001, 0.02))  # noqa: S311 - no secret
        else:
            return


@contextlib.contextmanager
def on_shutdown(loop: "asyncio.AbstractEventLoop", callback: Callable[[str], None]) -> Iterator[None]:
    """While inside, Ctrl-C, Ctrl-Break and a closing console call back by name; afterwards all is as before."""

    def hear(number: int, _frame: object) -> None:
        loop.call_soon_threadsafe(callback, signal.Signals(number).name)

    before = {number: signal.signal(number, hear) for number in (signal.SIGINT, signal.SIGBREAK)}
    wakeup = signal.set_wakeup_fd(-1)  # the loop's; when it is full the loop wakes anyway, and no warning is wanted
    signal.set_wakeup_fd(wakeup, warn_on_full_buffer=False)
    try:
        with _hold_closing_console(lambda name: loop.call_soon_threadsafe(callback, name)):
            yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _hold_closing_console(tell: Callable[[str], object]) -> Iterator[None]:
    """While inside, a closing console, a logoff and a shutdown wait for us, as long as Windows lets them."""
    from launcher.native.windows_api import HandlerRoutine, kernel32

    finished = threading.Event()

    def handle(event: int) -> int:  # runs in a thread of its own; returning from it ends the process
        if event not in _CLOSE_EVENTS:
            return 0
        with contextlib.suppress(RuntimeError):  # the loop may be closed already
            tell(_CLOSE_EVENTS[event])
        finished.wait(_CLOSE_SECONDS)
        return 1

    routine = HandlerRoutine(handle)
    kernel32.SetConsoleCtrlHandler(routine, True)
    try:
        yield
    finally:
        finished.set()
        kernel32.SetConsoleCtrlHandler(routine, False)
