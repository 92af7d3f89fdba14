"""The command of `rxlaunch ci`: started when the stack is ready, with its addresses; stopped before the stack is.

Its output is passed on as it comes, and kept redacted like that of any unit.
"""

import asyncio
import contextlib
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from launcher import events as e
from launcher import native
from launcher.errors import TimedOut, UsageError
from launcher.native.contract import INSTANCE_MARK, UNIT_MARK, LaunchSpec

if TYPE_CHECKING:
    from launcher.app.preflight import Prepared
    from launcher.run.world import World

UNIT = "ci-command"  # its name among the logs
_GRACE = 5.0  # CI systems kill about ten seconds after they asked
_TAIL_LINES = 30
_OUTPUTS = {
    "DATABASE_URL": "database_url",
    "REDIS_URL": "redis_url",
    "NEXT_PUBLIC_MEDUSA_PUBLISHABLE_KEY": "publishable_key",
}


@dataclass(slots=True)
class Ended:
    """How the command ended; code None while it has not."""

    code: int | None = None
    seconds: float = 0.0
    reason: str = ""  # in words
    tail: tuple[str, ...] = ()
    by_itself: bool = False  # nobody stopped the stack meanwhile


class Command:
    """Waits for the stack, runs, and asks the stack to stop. Use `event` as what hears every event."""

    def __init__(self, argv: tuple[str, ...], directory: Path, seconds: float | None) -> None:
        self.argv = argv
        self.ended = Ended()
        self._directory = directory
        self._seconds = seconds
        self._ready = asyncio.Event()
        self._stopping = asyncio.Event()
        self._through = Through(sys.stdout)

    def require(self) -> None:
        """See that there is such a program, before anything is started for it. Raises UsageError."""
        name = self.argv[0]
        place = str(self._directory / name) if "/" in name or "\\" in name else name
        if native.executable(place, os.environ.get("PATH", "")) is None and name not in ("node", "npm", "npx"):
            raise UsageError(f"there is no command {name!r} to run", remedy="install it, or give its whole path")

    def event(self, happened: e.Event) -> None:
        """Hear what happens to the stack."""
        if isinstance(happened, e.StackReady):
            self._ready.set()
        elif isinstance(happened, e.StackStopping):
            self._stopping.set()
            self._ready.set()

    async def beside(self, world: "World", prepared: "Prepared", submit: Callable[[e.Command], None]) -> None:
        """Run once the stack is ready; its end is the end of the stack, with its code."""
        await self._ready.wait()
        if self._stopping.is_set():
            return
        try:
            await self._run(world, prepared)
        finally:
            self._through.finish()
        if not self._stopping.is_set():
            submit(e.StopStack(self.ended.reason, exit_code=self.ended.code or 0))

    async def _run(self, world: "World", prepared: "Prepared") -> None:
        log = prepared.logs.get(UNIT)

        def take(chunk: bytes) -> None:
            log.write(chunk)
            self._through.write(chunk)

        env = environment(world)
        spec = LaunchSpec(self._program(env), str(self._directory), env, grace_seconds=_GRACE)
        began = time.monotonic()
        child = await native.spawn(spec, take)
        ending = asyncio.ensure_future(child.wait())
        late = False
        try:
            late = await self._over(ending)
        finally:
            if not ending.done():
                child.interrupt()
                await _gone(ending)
            self.ended = self._told(ending.result(), time.monotonic() - began, late=late)
            self.ended.tail = tuple(log.tail(_TAIL_LINES))
            self.ended.by_itself = not self._stopping.is_set()

    async def _over(self, ending: "asyncio.Future[e.Exit]") -> bool:
        """Wait for the command's end, for the stack's, or for the time that is allowed; whether that was used up."""
        stopping = asyncio.ensure_future(self._stopping.wait())
        try:
            both: set[asyncio.Future[Any]] = {ending, stopping}
            await asyncio.wait(both, timeout=self._seconds, return_when=asyncio.FIRST_COMPLETED)
            return not ending.done() and not stopping.done()
        finally:
            stopping.cancel()

    def _told(self, ended: e.Exit, seconds: float, *, late: bool) -> Ended:
        if late:
            return Ended(TimedOut.exit_code, seconds, f"the command did not end within {self._seconds:g} s")
        code = ended.code if ended.code is not None else 128 + (ended.signal or -1)
        return Ended(code, seconds, f"the command {ended}")

    def _program(self, env: Mapping[str, str]) -> tuple[str, ...]:
        """The command with its program found on its own PATH, where the stack's Node comes first."""
        name, *arguments = self.argv
        if "/" in name or "\\" in name:
            return (str(self._directory / name), *arguments)
        return (native.executable(name, env.get("PATH", "")) or name, *arguments)


async def _gone(ending: "asyncio.Future[e.Exit]") -> None:
    """Wait for the end of a child that was told to stop, whoever cancels us meanwhile."""
    cancelled: asyncio.CancelledError | None = None
    while not ending.done():
        try:
            await asyncio.wait({ending})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled


def environment(world: "World") -> dict[str, str]:
    """What the command gets: our own environment, and where everything of the stack is."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("RXLAUNCH_")}
    kept = {name: os.environ[name] for name in ("RXLAUNCH_HOME",) if name in os.environ}
    if world.around.node_path:
        own["PATH"] = os.pathsep.join((world.around.node_path, own.get("PATH", "")))
    marks = {INSTANCE_MARK: world.around.instance, UNIT_MARK: UNIT}
    return {**own, **kept, **addresses(world), **marks, "RXLAUNCH_DIRECTORY": str(world.plan.root)}


def addresses(world: "World") -> dict[str, str]:
    """The variables that tell where the stack is (README, `rxlaunch ci`)."""
    from launcher.plan.interpolate import Unresolved, expand

    scope, found = world.scope(), {}
    for name, port in world.tools.ports.chosen.items():
        found[f"RXLAUNCH_PORT_{variable(name)}"] = str(port)
        with contextlib.suppress(Unresolved):
            found[f"RXLAUNCH_URL_{variable(name)}"] = expand(f"${{url.{name}}}", scope)
    backend, storefront = found.get("RXLAUNCH_URL_BACKEND"), found.get("RXLAUNCH_URL_STOREFRONT")
    if backend:
        found["MEDUSA_BACKEND_URL"] = backend
        found["RXLAUNCH_URL_ADMIN"] = backend + str(world.around.options.get("admin_path", "/app"))
    first = next((value for name, value in found.items() if name.startswith("RXLAUNCH_URL_")), None)
    if base := storefront or backend or first:
        found["BASE_URL"] = base
    given = {name: world.outputs[output] for name, output in _OUTPUTS.items() if output in world.outputs}
    return {**found, **given}


def variable(name: str) -> str:
    """A port's name as part of a variable's."""
    return name.upper().replace("-", "_")


class Through:
    """Passes bytes on to a stream from a thread, in order and whole; a reader that is slow costs memory, not lines."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._waiting: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="output of the command", daemon=True)
        self._thread.start()

    def write(self, chunk: bytes) -> None:
        """Pass this on."""
        self._waiting.put(chunk)

    def finish(self, seconds: float = 10.0) -> None:
        """Give the reader so much time for the rest."""
        self._waiting.put(None)
        self._thread.join(seconds)

    def _work(self) -> None:
        while (chunk := self._waiting.get()) is not None:
            with contextlib.suppress(OSError, ValueError):  # nobody reads any more: the command goes on
                self._write(chunk)

    def _write(self, chunk: bytes) -> None:
        raw = getattr(self._stream, "buffer", None)
        if raw is None:
            self._stream.write(chunk.decode("utf-8", "replace"))
        else:
            raw.write(chunk)
        self._stream.flush()
