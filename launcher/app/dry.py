"""`up --dry-run`: the plan with what would be done or skipped, and why. Starts nothing."""

import asyncio
import shlex
import uuid
from collections.abc import Iterator
from typing import Any

from launcher import native
from launcher.app import preflight
from launcher.app.known import KnownPorts
from launcher.app.opening import Opened, open_stack
from launcher.app.request import Request
from launcher.app.result import Result
from launcher.errors import LauncherError
from launcher.plan.build import PlanUnit
from launcher.plan.interpolate import Unresolved
from launcher.plan.step import Skip
from launcher.run.steps import CommandTask, Context
from launcher.run.world import World
from launcher.stack.model import TaskSpec
from launcher.state import lock
from launcher.state.outputs import Outputs


def run(request: Request) -> Result:
    """The plan in order, each unit with what would happen to it."""
    opened = open_stack(request)
    native.private_directory(opened.paths.home)
    book = None if lock.running(opened.paths) else preflight.choose_ports(opened, request)
    try:
        prepared = preflight.prepare(opened, request, uuid.uuid4().hex, _unheard, book or KnownPorts(opened))
        preflight.check_contracts(opened, prepared)
        world = World(opened.plan, prepared.toolbox, prepared.around, opened.paths.home, lambda _event: None)
        ports = dict(world.tools.ports.chosen)
        rows = asyncio.run(_rows(opened, world))
        prepared.logs.close()
    finally:
        if book is not None:
            book.give_back()
    width = max((len(row["unit"]) for row in rows), default=0)
    text = "\n".join(line for row in rows for line in _lines(row, width))
    return Result(text, {"plan": rows, "ports": ports})


def _lines(row: dict[str, Any], width: int) -> Iterator[str]:
    """What would happen to a unit, and below it the commands that would be run, as they are in the stack file."""
    yield f"{row['stage']:<14} {row['unit']:<{width}}  {row['what']}"
    yield from (f"{'':<14} {'':<{width}}  $ {shlex.join(command)}" for command in row["commands"])


def _unheard(_unit: str, _chunk: bytes) -> None:
    """Nobody watches."""


async def _rows(opened: Opened, world: World) -> list[dict[str, Any]]:
    for name, variable in (("database_url", "DATABASE_URL"), ("redis_url", "REDIS_URL")):
        if variable in world.around.given:
            world.outputs[name] = world.around.given[variable]
    if lock.running(opened.paths):
        world.outputs.update(Outputs(opened.paths.outputs).load())
    rows = []
    for name, unit in opened.plan.units.items():
        if name in opened.selected:
            what = await _what(world, unit)
            depends = dict(unit.depends_on)
            row = {"unit": name, "stage": unit.stage, "kind": unit.kind, "depends_on": depends, "what": what}
            rows.append({**row, "commands": [list(argv) for argv in unit.commands()]})
    return rows


async def _what(world: World, unit: PlanUnit) -> str:
    if not isinstance(unit.spec, TaskSpec):
        port = f" on port {world.tools.ports.chosen[unit.port]}" if unit.port else ""
        return f"start{port}"
    action = world.tools.action(unit.spec.action) if unit.spec.action else CommandTask(unit, world)
    context = Context(world, unit, world.tools.log(unit.name), set())
    try:
        verdict = await action.check(context)
    except Unresolved as missing:
        return f"decided once {missing.name.rpartition('.')[2]} is known"
    except LauncherError as error:
        return f"cannot tell yet: {world.tools.redact(error.message)}"
    if isinstance(verdict, Skip):
        world.outputs.update(verdict.outputs)
        return f"skip: {verdict.reason}"
    return f"run: {verdict.reason}"
