"""The context that built-in actions and providers work in (plan/step.py), and the task that is a plain command."""

import asyncio
import hashlib
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from launcher import native
from launcher.events import Exit
from launcher.native.contract import Child, LaunchSpec
from launcher.plan import others
from launcher.plan.build import PlanUnit
from launcher.plan.interpolate import expand
from launcher.plan.step import CommandResult, Fingerprints, Outcome, Run, Skip, StepContext, StepFailed
from launcher.run.toolbox import Log
from launcher.run.world import World
from launcher.stack.model import ServiceSpec, TaskSpec

TAIL_LINES = 20


class Context:
    """What one incarnation of a unit may see and do; implements StepContext."""

    def __init__(self, world: World, unit: PlanUnit, log: Log, children: set[Child]) -> None:
        self._world = world
        self._unit = unit
        self._log = log
        self._children = children
        self._env: dict[str, str] | None = None

    @property
    def unit(self) -> str:
        return self._unit.name

    @property
    def root(self) -> Path:
        return Path(self._world.plan.root)

    @property
    def state_dir(self) -> Path:
        return self._world.state_dir

    @property
    def cwd(self) -> Path:
        return self._world.working_directory(self._unit)

    @property
    def env(self) -> Mapping[str, str]:
        if self._env is None:
            self._env = self._world.environment(self._unit)
        return self._env

    @property
    def given(self) -> Mapping[str, str]:
        return self._world.around.given

    @property
    def options(self) -> Mapping[str, str | int | float | bool | tuple[str, ...]]:
        own = self._unit.spec.options if isinstance(self._unit.spec, TaskSpec) else {}
        return {**self._world.around.options, **own}

    @property
    def ports(self) -> Mapping[str, int]:
        return self._world.tools.ports.chosen

    @property
    def outputs(self) -> Mapping[str, str]:
        return self._world.outputs

    @property
    def mode(self) -> str:
        return self._world.plan.mode

    @property
    def fresh(self) -> bool:
        return self._world.around.fresh

    @property
    def source(self) -> str:
        return self._unit.spec.source if isinstance(self._unit.spec, ServiceSpec) else "auto"

    @property
    def fingerprints(self) -> Fingerprints:
        return self._world.tools.fingerprints

    def report(self, text: str) -> None:
        self._world.note(text, self.unit)

    def secret(self, name: str, hex_characters: int) -> str:
        value = self._world.tools.secret(name, hex_characters)
        self.hide(value)
        return value

    def hide(self, value: str) -> None:
        self._world.tools.hide(value)

    async def run(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stdin: bytes | None = None,
        unprivileged: bool = False,
    ) -> CommandResult:
        """Run a command to its end, contained. Raises StepFailed when it cannot be started at all."""
        whole = {**self.env, **(env or {})}
        spec = LaunchSpec(
            argv=program(argv, whole),
            cwd=str(cwd or self.cwd),
            env=whole,
            unprivileged=unprivileged,
            stdin=stdin,
        )
        began = time.monotonic()
        child = await native.spawn(spec, self._log.write)
        with others.at_work():
            ended = await contained(child, self._children)
        if ended.error is not None:
            raise StepFailed(f"{argv[0]} {ended}", tail=self._log.tail(TAIL_LINES))
        code = ended.code if ended.code is not None else 128 + (ended.signal or 0)
        return CommandResult(code, tuple(self._log.tail(TAIL_LINES)), time.monotonic() - began)


def program(argv: Sequence[str], env: Mapping[str, str]) -> tuple[str, ...]:
    """The command with its program found on the unit's own PATH. Raises StepFailed when there is none."""
    name = argv[0]
    if "/" in name or "\\" in name:
        return tuple(argv)
    found = native.executable(name, env.get("PATH", ""))
    if found is None:
        raise StepFailed(
            f"command {name!r} is not on the PATH",
            remedy=f"install {name}, or give its whole path in the stack file",
        )
    return (found, *argv[1:])


async def contained(child: Child, children: set[Child]) -> Exit:
    """Wait for a child; when cancelled, stop it gracefully and wait for it to be gone before passing that on."""
    children.add(child)
    ended = asyncio.ensure_future(child.wait())
    try:
        await asyncio.wait({ended})
        return ended.result()
    except asyncio.CancelledError:
        child.interrupt()
        await asyncio.wait({ended})
        raise
    finally:
        if ended.done():
            children.discard(child)


class CommandTask:
    """A task that is a command of the user's; skipped when its declared inputs and outputs are as it left them."""

    def __init__(self, unit: PlanUnit, world: World) -> None:
        self._unit = unit
        self._world = world

    @property
    def _spec(self) -> TaskSpec:
        if not isinstance(self._unit.spec, TaskSpec):
            raise TypeError(self._unit.name)
        return self._unit.spec

    async def check(self, context: StepContext) -> Skip | Run:
        """Whether anything changed since it last succeeded."""
        if not self._spec.inputs:
            return Run("declares no inputs, so it runs every time")
        if context.fresh:
            return Run("--fresh")
        now = await self._fingerprint(context)
        if now["inputs"] == _NOTHING:
            return Run("no file matches its inputs, so nothing tells when to skip it")
        if context.fingerprints.get(self._key) == now:
            return Skip("inputs and outputs unchanged")
        return Run("inputs or outputs changed")

    async def run(self, context: StepContext) -> Outcome:
        """Run the command; raises StepFailed when it exits with anything but 0."""
        scope = self._world.scope(context.env)
        argv = tuple(expand(part, scope) for part in self._spec.command or ())
        result = await context.run(argv)
        if result.code != 0:
            raise StepFailed(f"{argv[0]} exited with code {result.code}", tail=result.tail)
        if self._spec.inputs:
            context.fingerprints.put(self._key, await self._fingerprint(context))
        return Outcome()

    @property
    def _key(self) -> str:
        return f"task:{self._unit.name}"

    async def _fingerprint(self, context: StepContext) -> dict[str, str]:
        scope = self._world.scope(context.env)
        argv = [expand(part, scope) for part in self._spec.command or ()]
        templates = {**self._world.plan.stack.env, **self._spec.env}
        variables = [f"{name}={context.env.get(name, '')}" for name in sorted(templates)]
        return {
            "command": _digest(*argv),
            "program": _identity(argv, context.env),
            "environment": _digest(*variables),
            "inputs": await asyncio.to_thread(_hash_globs, context.cwd, self._spec.inputs),
            "outputs": await asyncio.to_thread(_hash_globs, context.cwd, self._spec.outputs),
        }


def _digest(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def _identity(argv: Sequence[str], env: Mapping[str, str]) -> str:
    """Which program it is: another version of a tool has another place or size. Its date says nothing."""
    try:
        found = Path(program(argv, env)[0]).resolve()
        return f"{found} {found.stat().st_size}"
    except (StepFailed, OSError):
        return "-"


def _hash_globs(base: Path, patterns: Sequence[str]) -> str:
    """Names and contents of what matches; a directory stands for all files in it."""
    found = {path for pattern in patterns for path in base.glob(pattern)}
    files = {path for path in found if path.is_file()}
    files |= {path for top in found if top.is_dir() for path in top.rglob("*") if path.is_file()}
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(str(path.relative_to(base)).encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


_NOTHING = hashlib.sha256().hexdigest()
