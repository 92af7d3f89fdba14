"""Restarting a service when a file it watches changes. The owner of watchfiles; polls where that cannot be loaded."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from launcher.events import Command, RestartUnits
from launcher.run import polling
from launcher.run.world import World
from launcher.stack.model import ServiceSpec
from launcher.values import Value

QUIET_MS = 300  # a change counts once nothing has changed for so long: an editor, a checkout, a build write many files
_LONGEST_MS = 10_000  # what never comes to rest is told after this time
_IGNORED = frozenset({"node_modules", ".git", ".next", ".medusa", "__pycache__", ".venv", ".rxlaunch"})
_TEMPORARY = ("~", ".swp", ".swx", ".tmp", ".pyc")


class Watched(Value, frozen=True):
    """What one service watches: whole directories, and single files (which editors replace by others)."""

    directories: tuple[Path, ...]
    files: tuple[Path, ...]

    def concerns(self, changed: Path) -> bool:
        """Whether a change of this path means anything to the service."""
        if changed in self.files:
            return True
        if changed.name.endswith(_TEMPORARY):
            return False
        for directory in self.directories:
            if changed.is_relative_to(directory):
                return not _IGNORED & set(changed.relative_to(directory).parts)
        return False


def watched(world: World) -> dict[str, Watched]:
    """What each service watches, as far as it exists."""
    found: dict[str, Watched] = {}
    for name, unit in world.plan.units.items():
        if isinstance(unit.spec, ServiceSpec) and unit.spec.watch:
            base = world.working_directory(unit)
            paths = [(base / entry).resolve() for entry in unit.spec.watch]
            there = Watched(tuple(p for p in paths if p.is_dir()), tuple(p for p in paths if p.is_file()))
            if there.directories or there.files:
                found[name] = there
    return found


async def restart_on_change(world: World, submit: Callable[[Command], None]) -> None:
    """Watch until cancelled; returns at once when nothing is to be watched."""
    targets = watched(world)
    if not targets:
        return
    async with asyncio.TaskGroup() as group:
        for name, what in targets.items():
            for changes in sources(what, world.note):
                group.create_task(_follow(name, what, changes, submit))


async def _follow(
    name: str, what: Watched, changes: AsyncIterator[set[Path]], submit: Callable[[Command], None]
) -> None:
    async for changed in changes:
        if any(map(what.concerns, changed)):
            submit(RestartUnits((name,)))


def sources(what: Watched, note: Callable[[str], None]) -> list[AsyncIterator[set[Path]]]:
    """Where changes come from: the system where watchfiles can be loaded, else our own looking."""
    try:
        import watchfiles
    except ImportError as error:
        note(f"changes of files are looked for twice a second, because watchfiles cannot be loaded ({error})")
        return [polling.changes((*what.directories, *what.files), _IGNORED, quiet=QUIET_MS / 1000)]
    del watchfiles
    # A file that is replaced takes its watch along: its directory is watched instead, and not what is below that.
    places = ((what.directories, True), (tuple({file.parent for file in what.files}), False))
    return [_told(paths, what, recursive=recursive) for paths, recursive in places if paths]


async def _told(paths: tuple[Path, ...], what: Watched, *, recursive: bool) -> AsyncIterator[set[Path]]:
    """Sets of changed files, each once nothing has changed for a while.

    watchfiles has a notion of quiet, too, but to it a file that changes again is nothing new.
    """
    heard: asyncio.Queue[set[Path]] = asyncio.Queue()
    listening = asyncio.create_task(_listen(paths, what, heard, recursive=recursive))
    clock = asyncio.get_running_loop().time
    try:
        while True:
            changed = await heard.get()
            latest = clock() + _LONGEST_MS / 1000
            with contextlib.suppress(TimeoutError):
                while clock() < latest:
                    async with asyncio.timeout(QUIET_MS / 1000):
                        changed |= await heard.get()
            yield changed
    finally:
        listening.cancel()


async def _listen(
    paths: tuple[Path, ...], what: Watched, heard: "asyncio.Queue[set[Path]]", *, recursive: bool
) -> None:
    from watchfiles import Change, awatch

    def concerns(_change: Change, path: str) -> bool:
        return what.concerns(Path(path))

    # It tells of changes that go on once in `debounce` ms: far more often than our quiet is long, else they look quiet.
    async for changes in awatch(*paths, watch_filter=concerns, debounce=QUIET_MS // 6, recursive=recursive):
        heard.put_nowait({Path(path) for _, path in changes})
