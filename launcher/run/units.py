"""One incarnation of one unit: what services (`serving.py`) and tasks have in common, and the task that runs once.

Each ends by sending exactly one message (Ended, Stopped, Finished or PortLost) into the inbox, whatever happens:
it is sent from the asyncio task's own end. Interrupting an incarnation is cancelling its task; children are then
stopped by their ladder before the cancellation goes on.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from launcher.errors import LauncherError
from launcher.events import Failure, UnitWorked
from launcher.native.contract import Child
from launcher.plan import others
from launcher.plan.build import PlanUnit
from launcher.plan.step import Action, Skip, StepFailed, Verdict
from launcher.run import messages as m
from launcher.run.probing import NotReady
from launcher.run.steps import TAIL_LINES, CommandTask, Context
from launcher.run.world import World
from launcher.stack.model import TaskSpec

Post = Callable[[m.Message], None]


class Incarnation:
    """What services and tasks have in common: one asyncio task, its children, one last message."""

    def __init__(self, world: World, unit: PlanUnit, generation: int, post: Post) -> None:
        self.world = world
        self.unit = unit
        self.generation = generation
        self.post = post
        self.children: set[Child] = set()
        self.log = world.tools.log(unit.name)
        self.last: Verdict | None = None
        self.forced = False
        self._task: asyncio.Task[m.Message] | None = None

    def begin(self) -> None:
        """Start working."""
        self.log.reset()
        self._task = asyncio.create_task(self.work(), name=f"{self.unit.name}#{self.generation}")
        self._task.add_done_callback(self._finish)

    def interrupt(self) -> None:
        """Stop working: children get their stop signal first, and KILL after the grace period."""
        if self._task is not None:
            self._task.cancel()

    def kill(self) -> None:
        """Kill every child now."""
        self.forced = True
        for child in tuple(self.children):
            child.kill()

    def pids(self) -> set[int]:
        """Main processes of this incarnation."""
        return {child.pid for child in self.children}

    async def work(self) -> m.Message:
        raise NotImplementedError

    @contextmanager
    def hearing_others(self) -> Iterator[None]:
        """Tell, at the end, when others worked for it: commands it ran, servers it asked."""
        with others.noted() as spans:
            try:
                yield
            finally:
                if spans:
                    self.world.publish(UnitWorked(self.unit.name, self.generation, others.merged(spans)))

    def _finish(self, task: "asyncio.Task[m.Message]") -> None:
        if task.cancelled():
            self.post(m.Stopped(self.unit.name, self.generation, self.forced))
            return
        error = task.exception()
        if error is None:
            self.post(task.result())
        else:
            self.post(m.Ended(self.unit.name, self.generation, self.failure_of(error)))

    def failure_of(self, error: BaseException) -> Failure:
        """What the user reads of an exception."""
        if isinstance(error, NotReady):
            return self.failure(error.reason, remedy=error.last.remedy if error.last else None)
        if isinstance(error, StepFailed):
            return self.failure(error.message, remedy=error.remedy, tail=error.tail or None)
        if isinstance(error, LauncherError):
            return self.failure(error.message, remedy=error.remedy, tail=())
        if isinstance(error, OSError):
            return self.failure(str(error))
        return self.failure(f"internal error: {type(error).__name__}: {error}")

    def failure(self, reason: str, *, remedy: str | None = None, tail: Sequence[str] | None = None) -> Failure:
        """A failure with the last probe answer and the last lines of the log, all redacted."""
        tools = self.world.tools
        lines = [tools.redact(line) for line in (self.log.tail(TAIL_LINES) if tail is None else tail)]
        return Failure(
            reason=tools.redact(reason),
            last_probe=tools.redact(self.last.detail) if self.last and not self.last.ok else None,
            tail=tuple(lines[-TAIL_LINES:]),
            remedy=remedy or tools.remedy(reason, lines),
        )


class TaskIncarnation(Incarnation):
    """A task: asked whether there is work, then run within its timeout."""

    async def work(self) -> m.Message:
        spec = self.unit.spec
        if not isinstance(spec, TaskSpec):
            raise TypeError(self.unit.name)
        action = self.world.tools.action(spec.action) if spec.action else CommandTask(self.unit, self.world)
        with self.hearing_others():
            return await self.done(action, spec)

    async def done(self, action: Action, spec: TaskSpec) -> m.Message:
        """Ask whether there is work, and do it."""
        context = Context(self.world, self.unit, self.log, self.children)
        verdict = await action.check(context)
        if isinstance(verdict, Skip):
            self.world.add_outputs(verdict.outputs, frozenset())
            return m.Finished(self.unit.name, self.generation, skipped=verdict.reason)
        self.post(m.Working(self.unit.name, self.generation))
        try:
            async with self.world.awake.timeout(spec.timeout):
                outcome = await action.run(context)
        except TimeoutError:
            raise StepFailed(f"not done after {spec.timeout:g} s", tail=self.log.tail(TAIL_LINES)) from None
        self.world.add_outputs(outcome.outputs, outcome.secrets)
        note = outcome.note or verdict.reason
        return m.Finished(self.unit.name, self.generation, note=self.world.tools.redact(note))
