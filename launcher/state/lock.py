"""One supervisor a stack, by a lock that the kernel drops when its holder dies. The owner of filelock."""

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from launcher import __version__, native
from launcher.errors import AlreadyRunning, OtherVersion
from launcher.glance import ENDED_PHASES
from launcher.paths import StackPaths
from launcher.state import files, store
from launcher.state.snapshot import Snapshot


class Held:
    """The stack's lock, held by us; a lock file that somebody deletes is made and locked again by `renew`."""

    def __init__(self, paths: StackPaths) -> None:
        self._paths = paths
        self._locks: list[Any] = []
        self._file: tuple[int, int] | None = None

    def acquire(self) -> None:
        """Lock the file that is there now. Raises AlreadyRunning when somebody else holds it."""
        import filelock

        native.private_directory(self._paths.home)
        lock = filelock.FileLock(self._paths.lock, mode=0o600)
        with files.writing(self._paths.lock):
            try:
                lock.acquire(timeout=0)
            except filelock.Timeout:
                raise _already_running(self._paths) from None
        self._locks.append(lock)
        self._file = files.identity(self._paths.lock)

    def renew(self) -> bool:
        """See that the file at its path is the one we hold; whether it had to be locked anew. Raises AlreadyRunning."""
        if files.identity(self._paths.lock) == self._file:
            return False
        self.acquire()
        return True

    def release(self) -> None:
        """Let another supervisor take over."""
        for lock in self._locks:
            lock.release()


@contextlib.contextmanager
def hold(paths: StackPaths) -> Iterator[Held]:
    """Be the stack's only supervisor. Raises AlreadyRunning, naming the other one's pid and age."""
    held = Held(paths)
    held.acquire()
    try:
        yield held
    finally:
        held.release()


def taken(paths: StackPaths) -> bool:
    """Whether somebody holds the stack's lock now, be it one who has not said yet who he is."""
    import filelock

    if not paths.lock.exists():
        return False
    lock = filelock.FileLock(paths.lock, mode=0o600)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        return True
    except OSError:
        return False
    lock.release()
    return False


def running(paths: StackPaths) -> Snapshot | None:
    """The snapshot of the living supervisor; None when there is none. Cheap: no lock is touched.

    Raises OtherVersion when a supervisor lives whose snapshot this version does not understand.
    """
    snapshot = store.load(paths)
    if snapshot is None:
        _refuse_another_version(paths)
        return None
    if snapshot.phase in ENDED_PHASES or snapshot.pid <= 0:
        return None
    return snapshot if native.alive(snapshot.supervisor) else None


def _refuse_another_version(paths: StackPaths) -> None:
    keeper = store.keeper(paths)
    if keeper is None or keeper.phase in ENDED_PHASES or not native.alive(keeper.supervisor):
        return
    raise OtherVersion(
        f"the stack of {paths.root} is run by rxlaunch {keeper.program or 'of another version'} "
        f"(pid {keeper.supervisor.pid}); this is rxlaunch {__version__}",
        remedy="use that version, or `rxlaunch down` with this one and start again",
    )


@contextlib.contextmanager
def exclusively(path: Path) -> Iterator[None]:
    """Be the only one to change the file at `path`; waits for its turn."""
    import filelock

    native.private_directory(path.parent)
    guard = path.with_name(f".{path.name}.lock")
    with files.writing(guard):
        lock = filelock.FileLock(guard, mode=0o600)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def attempt(guard: Path) -> Callable[[], None] | None:
    """Lock the file `guard` now, and how to let go of it again; None when somebody else holds it."""
    import filelock

    native.private_directory(guard.parent)
    lock = filelock.FileLock(guard, mode=0o600, thread_local=False)
    with files.writing(guard):
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            return None
    return lock.release


def _already_running(paths: StackPaths) -> AlreadyRunning:
    snapshot = running(paths)
    if snapshot is None:
        return AlreadyRunning(f"another rxlaunch is starting or stopping the stack of {paths.root}", remedy="try again")
    seconds = max(0, int(time.time() - snapshot.started_at))
    age = f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"
    return AlreadyRunning(
        f"the stack of {paths.root} runs already: pid {snapshot.pid}, since {age} ago",
        remedy="rxlaunch status, or rxlaunch down",
    )
