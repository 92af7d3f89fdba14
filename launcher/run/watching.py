"""Restarting a service when a file it watches changes. The owner of watchfiles."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from launcher.events import Command, RestartUnits
from launcher.run.world import World
from launcher.stack.model import ServiceSpec

_DEBOUNCE_MS = 300
_IGNORED = frozenset({"node_modules", ".git", ".next", ".medusa", "__pycache__", ".venv"})


def watched(world: World) -> dict[str, tuple[Path, ...]]:
    """The paths each service watches, those that exist."""
    found: dict[str, tuple[Path, ...]] = {}
    for name, unit in world.plan.units.items():
        if isinstance(unit.spec, ServiceSpec) and unit.spec.watch:
            base = world.working_directory(unit)
            found[name] = tuple(path for path in (base / entry for entry in unit.spec.watch) if path.exists())
    return {name: paths for name, paths in found.items() if paths}


async def restart_on_change(world: World, submit: Callable[[Command], None]) -> None:
    """Watch until cancelled; returns at once when nothing is to be watched."""
    targets = watched(world)
    if not targets:
        return
    async with asyncio.TaskGroup() as group:
        for name, paths in targets.items():
            group.create_task(_follow(name, paths, submit))


async def _follow(name: str, paths: tuple[Path, ...], submit: Callable[[Command], None]) -> None:
    from watchfiles import awatch

    async for changes in awatch(*paths, debounce=_DEBOUNCE_MS):
        if any(not _IGNORED & set(Path(path).parts) for _, path in changes):
            submit(RestartUnits((name,)))
