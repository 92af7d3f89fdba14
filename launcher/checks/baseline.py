"""`check baseline` (runbook R8): the repository's own checks, run as it would run them, contained and timed."""

import asyncio
import shlex
import uuid
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from pathlib import Path

from launcher import native
from launcher.checks.contract import Here, LeftOut, Target, Wrong, ask, unasked
from launcher.events import Exit
from launcher.findings import Finding
from launcher.native.contract import INSTANCE_MARK, LaunchSpec

_TAIL_LINES = 40
_KEPT_BYTES = 256 * 1024
_UNIT = "backend"  # whose environment the script gets


async def check(target: Target) -> AsyncIterator[Finding]:
    """One question: does the repository's own script end with code 0?"""
    try:
        here = target.on_this_machine()
    except LeftOut as reason:
        async for finding in unasked("baseline", ["script"], reason):
            yield finding
        return
    yield await ask("baseline", "script", partial(_script, target, here))


async def _script(target: Target, here: Here) -> str:
    directory = here.directories.get("backend", here.paths.root)
    env = _environment(here)
    shown, argv = _command(target, here, directory, env)
    tail, limit = _Tail(target.redact), target.checks.baseline_timeout
    began = asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout(limit):
            ended = await _run(LaunchSpec(argv, str(directory), env), tail.write)
    except TimeoutError:
        raise Wrong(
            f"`{shown}` was stopped: it took more than {limit:g} s",
            remedy="give it more time: [checks] baseline_timeout",
            details=tail.text(),
        ) from None
    seconds = asyncio.get_running_loop().time() - began
    if ended.ok:
        last = tail.text().splitlines()[-1:]
        return f"`{shown}` passed in {seconds:.0f} s{f': {last[0]}' if last else ''}"
    raise Wrong(
        f"`{shown}` {ended} after {seconds:.0f} s",
        remedy=f"run it yourself in {directory} to see all of it: {shown}",
        details=tail.text(),
    )


def _environment(here: Here) -> dict[str, str]:
    """What the backend gets, else any unit with a contract; marked as no unit's child of the running instance."""
    environments = here.environments
    named = environments.get(_UNIT) or next((env for env in environments.values() if env), {})
    return {**named, INSTANCE_MARK: uuid.uuid4().hex}


def _command(target: Target, here: Here, directory: Path, env: dict[str, str]) -> tuple[str, tuple[str, ...]]:
    """The command as people write it, and as it is started: [checks] baseline, or the script `check`."""
    from launcher.marketplace.project import find_project, manifest, npm_argv

    path = env.get("PATH", "")
    if target.checks.baseline:
        return shlex.join(target.checks.baseline), _found(target.checks.baseline, path)
    scripts = manifest(directory).get("scripts")
    if not isinstance(scripts, dict) or "check" not in scripts:
        raise LeftOut(f"{directory / 'package.json'} has no script `check`, and [checks] baseline names none")
    manager = find_project(directory, here.paths.root).manager
    argv = npm_argv(path) if manager == "npm" else [manager]
    return f"{manager} run check", _found((*argv, "run", "check"), path)


def _found(argv: Sequence[str], path: str) -> tuple[str, ...]:
    if "/" in argv[0] or "\\" in argv[0]:
        return tuple(argv)
    found = native.executable(argv[0], path)
    if found is None:
        raise Wrong(f"{argv[0]} is not on the PATH", remedy=f"install {argv[0]}, or correct [checks] baseline")
    return (found, *argv[1:])


async def _run(spec: LaunchSpec, output: Callable[[bytes], None]) -> Exit:
    """Run to the end, contained; whoever is cancelled stops it first, and waits until all of it is gone."""
    native.become_guardian()
    child = await native.spawn(spec, output)
    ended = asyncio.ensure_future(child.wait())
    try:
        await asyncio.wait({ended})
    except asyncio.CancelledError:
        child.interrupt()
        await asyncio.wait({ended})
        raise
    return ended.result()


class _Tail:
    """The end of an output: bounded, redacted, without what could drive a terminal."""

    def __init__(self, redact: Callable[[str], str]) -> None:
        self._redact = redact
        self._chunks: deque[bytes] = deque()
        self._size = 0

    def write(self, chunk: bytes) -> None:
        """Keep a chunk, and let go of the oldest."""
        self._chunks.append(chunk)
        self._size += len(chunk)
        while self._size > _KEPT_BYTES and len(self._chunks) > 1:
            self._size -= len(self._chunks.popleft())

    def text(self) -> str:
        """The last lines. What was cut off at the beginning may be part of a secret: that line is left out."""
        from launcher.logs.lines import plain

        whole = b"".join(self._chunks)
        if self._size > _KEPT_BYTES:
            whole = whole[-_KEPT_BYTES:].partition(b"\n")[2]
        shown = [plain(line) for line in self._redact(whole.decode("utf-8", "replace")).splitlines()]
        return "\n".join([line.rstrip() for line in shown if line.strip()][-_TAIL_LINES:])
