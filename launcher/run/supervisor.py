"""One inbox, one loop: messages and commands in, decisions by the machine, effects out. Decides nothing itself."""

import asyncio
import random
import time
from collections.abc import Callable, Iterable, Mapping

from launcher import native
from launcher.events import Command, Event, StackReady, UnitReady
from launcher.plan.build import Plan, PlanUnit
from launcher.plan.interpolate import Unresolved, expand
from launcher.run import messages as m
from launcher.run.machine import decide
from launcher.run.serving import ServiceIncarnation
from launcher.run.state import State, UnitState
from launcher.run.units import Incarnation, TaskIncarnation
from launcher.run.world import World
from launcher.stack.model import RestartSpec, ServiceSpec

_JITTER = 0.1


def initial_state(plan: Plan, wanted: frozenset[str], idle: frozenset[str] = frozenset()) -> State:
    """Every unit of the plan, pending; only the wanted ones will be begun. Idle ones are expected to find no work."""
    units = {
        name: _initial(unit).replaced(wanted=name in wanted, idle=name in idle) for name, unit in plan.units.items()
    }
    return State(units=units)


def _initial(unit: PlanUnit) -> UnitState:
    service = unit.spec if isinstance(unit.spec, ServiceSpec) else None
    return UnitState(
        name=unit.name,
        is_service=service is not None,
        stage=unit.stage,
        depends_on=dict(unit.depends_on),
        restart=service.restart if service else RestartSpec(policy="no"),
        head_start=service is not None and service.head_start,
    )


class Supervisor:
    """Runs one instance of a stack until it is told to stop, or a stage of its boot fails."""

    def __init__(self, world: World, wanted: frozenset[str], publish: Callable[[Event], None]) -> None:
        self.world = world
        self.state = initial_state(world.plan, wanted, world.around.idle)
        self._publish = publish
        self._inbox: asyncio.Queue[m.Message | Command] = asyncio.Queue()
        self._current: dict[str, Incarnation] = {}
        self._exit_code: int | None = None
        world.expects = self._expects
        world.is_ahead = self._is_ahead

    def submit(self, message: m.Message | Command) -> None:
        """Put something into the inbox. Call from the loop's own thread."""
        self._inbox.put_nowait(message)

    async def caught_up(self) -> None:
        """Return when everything that is in the inbox now has been decided upon."""
        await self._inbox.join()

    async def run(self) -> int:
        """Boot and stay until everything has stopped; returns the exit code."""
        self.submit(m.Boot())
        try:
            while self._exit_code is None:
                self._turn(await self._inbox.get())
                self._inbox.task_done()
        finally:
            self.world.awake.stop()
        return self._exit_code

    def _turn(self, message: m.Message | Command) -> None:
        before = self.state
        self.state, effects = decide(before, message, time.monotonic())
        for effect in effects:
            self._perform(effect)
        if effects:
            self.world.stir()

    def _perform(self, effect: m.Effect) -> None:
        match effect:
            case m.Publish(event=event):
                self._announce(event)
            case m.Begin(unit=unit, generation=generation):
                self._begin(unit, generation)
            case m.Interrupt(unit=unit):
                self._current[unit].interrupt()
            case m.Kill(unit=unit):
                self._current[unit].kill()
            case m.ArmTimer(unit=unit, generation=generation, delay=delay):
                loop = asyncio.get_running_loop()
                wait = delay * (1 + random.uniform(0, _JITTER))  # noqa: S311 - jitter, not a secret
                loop.call_later(wait, self.submit, m.TimerFired(unit, generation))
            case m.Finish(exit_code=code):
                self._exit_code = code

    def _begin(self, unit: str, generation: int) -> None:
        planned = self.world.plan.units[unit]
        kind = ServiceIncarnation if isinstance(planned.spec, ServiceSpec) else TaskIncarnation
        incarnation = kind(self.world, planned, generation, self.submit)
        self._current[unit] = incarnation
        incarnation.begin()

    def _announce(self, event: Event) -> None:
        """Publish with the time of now, and with the facts only the edge knows."""
        if isinstance(event, StackReady):
            event = event.replaced(facts=tuple(facts(self.world).items()))
        if isinstance(event, UnitReady) and event.note is not None:
            event = event.replaced(note=self.world.tools.redact(event.note))
        self._publish(event.replaced(at=time.time()))

    def reap(self) -> None:
        """Adopt and kill what a killed shim left behind; we are the subreaper of all that we start."""
        for name in native.reap_strangers(self._known_pids):
            self.world.note(f"killed {name}, left behind by a process that was killed")

    def _expects(self, names: Iterable[str]) -> bool:
        """Whether any of these units is wanted and on its way, yet not where it is wanted."""
        units = (self.state.units[name] for name in names if name in self.state.units)
        return any(unit.wanted and not unit.settled for unit in units)

    def _is_ahead(self, unit: str) -> bool:
        """Whether it has a head start, and what it depends on has not caught up yet."""
        return self.state.units[unit].ahead

    def _known_pids(self) -> set[int]:
        return {pid for incarnation in self._current.values() for pid in incarnation.pids()}


def facts(world: World) -> Mapping[str, str]:
    """What to show when the stack is ready: the [show] table, as far as it can be filled in."""
    shown: dict[str, str] = {}
    for label, template in world.plan.stack.show.items():
        try:
            shown[label] = expand(template, world.scope())
        except Unresolved:
            continue
    return shown
