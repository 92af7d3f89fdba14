"""Examinations of what a stack stands on: its file, `check env`, ports, disk, private files, another Next."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

from launcher import native
from launcher.app.doctor.patient import Patient
from launcher.checks import env
from launcher.checks.contract import LeftOut, Wrong, ask
from launcher.findings import Finding
from launcher.ports import bind_everywhere, describe_holder

_LEAST_ROOM = 500 * 2**20  # bytes; an admin build and the databases need more
_NEXT = ("next-server", "node", "next")  # names that a process of Next.js has


async def examine(patient: Patient) -> AsyncIterator[Finding]:
    """Every question, in order."""
    yield await ask("machine", "stack-file", partial(_stack_file, patient))
    if patient.target is not None:
        async for finding in env.check(patient.target):
            yield finding
    for name in patient.opened.plan.ports if patient.opened else ():
        yield await ask("machine", f"port {name}", partial(_port, patient, name))
    yield await ask("machine", "next", partial(_next, patient))
    yield await ask("machine", "disk", partial(_disk, patient))
    yield await ask("machine", "private-files", partial(_private, patient))


async def _stack_file(patient: Patient) -> str:
    if patient.trouble is not None:
        raise Wrong(patient.trouble.message, remedy=patient.trouble.remedy or "correct it: rxlaunch config shows more")
    return str(patient.stack.loaded.file or "there is none: the project was recognised by its files")


async def _port(patient: Patient, name: str) -> str:
    stack = patient.stack.loaded.stack
    spec = stack.ports[name]
    if patient.running and patient.last and name in patient.last.ports:
        return f"{patient.last.ports[name]}, of the running stack"
    wanted = spec.fixed or spec.prefer
    if wanted is None:
        return "any free one"
    if wanted in stack.reserved_ports:
        raise LeftOut(f"{wanted} is reserved, and not even looked at")
    if await asyncio.to_thread(_is_free, wanted):
        return f"{wanted} is free"
    holder = await asyncio.to_thread(describe_holder, wanted)
    if spec.fixed:
        raise Wrong(f"port {wanted} of {name} is taken by {holder}", failure="port-taken")
    return f"{wanted} is taken by {holder}: the next `rxlaunch up` chooses another"


def _is_free(port: int) -> bool:
    sockets = bind_everywhere(port)
    for one in sockets or ():
        one.close()
    return sockets is not None


async def _next(patient: Patient) -> str:
    directory = patient.directory("storefront").resolve()
    ours: set[int] = set()
    if patient.running and patient.last:
        ours = {patient.last.pid, *native.tree(patient.last.pid)}
        ours |= {who.pid for who in native.find_marked(patient.last.instance)}
    found = await asyncio.to_thread(native.servers_in, directory)
    others = [one for one in found if one.pid not in ours and one.name.startswith(_NEXT)]
    if others:
        shown = ", ".join(f"{one.name} (pid {one.pid}) on port {one.port}" for one in others)
        raise Wrong(f"{shown} runs in {directory}, and is not of this stack", failure="next-already-running")
    return "nobody else serves from the storefront's directory"


async def _disk(patient: Patient) -> str:
    places = {
        patient.paths.root,
        next(each for each in (patient.paths.home, *patient.paths.home.parents) if each.is_dir()),
    }
    for place in sorted(places):
        free = shutil.disk_usage(place).free
        if free < _LEAST_ROOM:
            raise Wrong(f"only {free // 2**20} MB are free in {place}", failure="disk-full")
    return "there is room"


async def _private(patient: Patient) -> str:
    if native.IS_WINDOWS:
        raise LeftOut("on Windows the state directory is private by where it lies")
    opened = exposed(patient)
    if opened:
        raise Wrong(f"others may read {', '.join(map(str, opened))}", failure="files-open")
    return "only you can read the state directory"


def exposed(patient: Patient) -> list[Path]:
    """What holds secrets and can be read by others."""
    where = patient.paths
    files = [where.home, where.secrets, where.outputs, where.control]
    return [path for path in files if path.exists() and path.stat().st_mode & 0o077]
