"""What to do next: `decide(state, message, now) -> (state, effects)`. Pure: no I/O, no clock, no asyncio.

Every unit has a generation, counted up each time it is begun; a message of an older generation changes
nothing, so a superseded action can never act. `now` is monotonic seconds; events carry `at=0` and are
stamped when they are published.
The state diagram is in `launcher/README.md`.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from launcher import events
from launcher.errors import STAGE_EXIT_CODES
from launcher.run import backoff, head_start
from launcher.run import messages as m
from launcher.run.dependencies import dependents, missing
from launcher.run.state import Phase, State, UnitState

MAX_PORT_PICKS = 3
_MISSING = {"healthy": "ready", "completed": "done", "started": "started"}


def decide(state: State, message: m.Message | events.Command, now: float) -> tuple[State, tuple[m.Effect, ...]]:
    """The next state, and what must be done."""
    turn = _Turn(state, now)
    if not state.finished:
        turn.take(message)
        turn.settle()
    return turn.result()


class _Turn:
    """One decision in progress; mutable inside `decide` only."""

    def __init__(self, state: State, now: float) -> None:
        self.stack = state
        self.now = now
        self.units: dict[str, UnitState] = dict(state.units)
        self.effects: list[m.Effect] = []

    def result(self) -> tuple[State, tuple[m.Effect, ...]]:
        return self.stack.replaced(units=self.units), tuple(self.effects)

    # --- small verbs -----------------------------------------------------------------------------------------

    def change(self, name: str, **values: Any) -> UnitState:
        if "phase" in values:
            values.setdefault("waiting_on", ())  # what it waited for was told of another phase
        self.units[name] = self.units[name].replaced(**values)
        return self.units[name]

    def publish(self, event: events.Event) -> None:
        self.effects.append(m.Publish(event))

    def known(self, names: Iterable[str]) -> list[str]:
        return [name for name in names if name in self.units]

    # --- messages --------------------------------------------------------------------------------------------

    def take(self, message: m.Message | events.Command) -> None:
        if isinstance(message, m.OfUnit):
            unit = self.units.get(message.unit)
            if unit is not None and unit.generation == message.generation:
                self.hear(unit, message)
            return
        match message:
            case m.Boot():
                self.stack = self.stack.replaced(booted_at=self.now)
            case events.StopStack(reason=reason, exit_code=code):
                self.stop_stack(reason, code)
            case events.KillStack(reason=reason, exit_code=code):
                self.stop_stack(reason, code)
                self.kill_all()
            case events.StartUnits(names=names):
                self.start(names)
            case events.StopUnits(names=names):
                for name in self.known(names):
                    self.unwant(name)
            case events.RestartUnits(names=names):
                self.restart(names)

    def hear(self, unit: UnitState, message: m.OfUnit) -> None:
        match message:
            case m.Started():
                self.change(unit.name, has_process=True)
            case m.Ready(note=note):
                self.ready(unit, note)
            case m.Unready(detail=detail) if unit.phase is Phase.READY and unit.healthy:
                self.change(unit.name, healthy=False)
                self.publish(events.UnitUnready(unit.name, detail, at=0))
            case m.Working():
                self.change(unit.name, idle=False)
                self.take_back(head_start.begun_on(self.units, unit.name), f"{unit.name} has work to do")
            case m.Finished():
                self.finished(unit, message)
            case m.Ended():
                self.ended(unit, message)
            case m.Stopped(forced=forced):
                self.stopped(unit, forced=forced)
            case m.PortLost():
                self.port_lost(unit, message)
            case m.TimerFired():
                self.timer_fired(unit)

    def ready(self, unit: UnitState, note: str | None) -> None:
        recovered = unit.phase is Phase.READY and not unit.healthy
        if unit.phase is Phase.STARTING or recovered:
            seconds = 0.0 if recovered else self.now - unit.begun_at
            self.change(unit.name, phase=Phase.READY, healthy=True, has_process=True, ready_at=self.now)
            self.publish(events.UnitReady(unit.name, seconds, note, at=0))

    def finished(self, unit: UnitState, message: m.Finished) -> None:
        if unit.phase is not Phase.STARTING:
            return self.stopped(unit, forced=False) if unit.phase is Phase.STOPPING else None
        self.change(unit.name, phase=Phase.DONE, has_process=False)
        if message.skipped is not None:
            self.publish(events.UnitSkipped(unit.name, message.skipped, at=0))
        else:
            self.publish(events.UnitDone(unit.name, self.now - unit.begun_at, message.note, at=0))
        return None

    def timer_fired(self, unit: UnitState) -> None:
        if unit.phase is Phase.BACKOFF:
            self.change(unit.name, phase=Phase.PENDING)
        elif self.too_early(unit):
            self.take_back([unit.name], "what it depends on is not there yet")

    # --- ends ------------------------------------------------------------------------------------------------

    def ended(self, unit: UnitState, message: m.Ended) -> None:
        if unit.phase is Phase.STOPPING:
            self.stopped(unit, forced=False)
            return
        if message.exit is not None:
            self.publish(events.UnitExited(unit.name, unit.generation, message.exit, expected=False, at=0))
        if self.too_early(unit) and not self.stack.stopping:
            self.change(unit.name, phase=Phase.PENDING, has_process=False, ahead=False, taken_back=True)
            return
        if backoff.may_restart(self.stack, unit, message, self.now):
            self.back_off(unit)
            return
        ended_well = unit.phase is Phase.READY and message.exit is not None and message.exit.ok
        if unit.is_service and ended_well and unit.restart.policy != "always":
            self.change(unit.name, phase=Phase.STOPPED, has_process=False, wanted=False)
            self.publish(events.UnitStopped(unit.name, at=0))
            return
        self.fail(unit, message.failure)

    def back_off(self, unit: UnitState) -> None:
        failures = backoff.recent_failures(unit, self.now)
        delay = backoff.delay(unit, len(failures), self.now)
        self.change(unit.name, phase=Phase.BACKOFF, has_process=False, failures=failures, ready_at=None)
        self.publish(events.UnitBackingOff(unit.name, delay, len(failures), at=0))
        self.effects.append(m.ArmTimer(unit.name, unit.generation, delay))

    def fail(self, unit: UnitState, failure: events.Failure) -> None:
        self.change(unit.name, phase=Phase.FAILED, has_process=False, wanted=False, ready_at=None)
        self.publish(events.UnitFailed(unit.name, unit.stage, failure, at=0))
        if self.stack.booting and not self.stack.stopping:
            self.stop_stack(f"{unit.name} failed", STAGE_EXIT_CODES.get(unit.stage, 1))

    def stopped(self, unit: UnitState, *, forced: bool) -> None:
        if unit.phase is not Phase.STOPPING:
            return
        self.publish(events.UnitStopped(unit.name, forced, at=0))
        again = unit.again and not self.stack.stopping
        phase = Phase.PENDING if again else Phase.STOPPED
        self.change(unit.name, phase=phase, has_process=False, again=False, wanted=again, ready_at=None)

    def port_lost(self, unit: UnitState, message: m.PortLost) -> None:
        if unit.phase is Phase.STOPPING or self.stack.stopping:
            self.change(unit.name, phase=Phase.STOPPING)
            self.stopped(self.units[unit.name], forced=False)
        elif unit.picks + 1 > MAX_PORT_PICKS:
            self.fail(unit, message.failure)
        else:
            self.change(unit.name, phase=Phase.PENDING, has_process=False, picks=unit.picks + 1)
            self.restart(name for name in message.affected if name != unit.name)

    # --- commands --------------------------------------------------------------------------------------------

    def start(self, names: Iterable[str]) -> None:
        """Want these and what they depend on; what failed or stopped gets a fresh start."""
        if self.stack.stopping:
            return
        waiting = self.known(names)
        seen: set[str] = set()
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            unit = self.units[name]
            waiting += self.known(unit.depends_on)
            if unit.phase in (Phase.STOPPED, Phase.FAILED, Phase.BACKOFF):
                self.change(name, phase=Phase.PENDING, wanted=True, failures=(), picks=0)
            elif unit.phase is Phase.STOPPING:
                self.change(name, again=True, wanted=True)
            else:
                self.change(name, wanted=True)

    def unwant(self, name: str) -> None:
        unit = self.units[name]
        if unit.phase in (Phase.PENDING, Phase.BACKOFF):
            self.change(name, phase=Phase.STOPPED, wanted=False, again=False)
            self.publish(events.UnitStopped(name, at=0))
        elif unit.live:
            self.change(name, wanted=False, again=False)
            self.interrupt(name)

    def restart(self, names: Iterable[str]) -> None:
        """Stop what runs of these and begin it again; a restart asked for while one is under way adds nothing."""
        if self.stack.stopping:
            return
        for name in self.known(names):
            unit = self.units[name]
            if unit.live:
                self.change(name, again=True, wanted=True, failures=(), picks=0)
                self.interrupt(name)
            elif unit.phase is not Phase.PENDING:
                self.change(name, phase=Phase.PENDING, wanted=True, failures=(), picks=0)
                self.start((name,))

    def interrupt(self, name: str) -> None:
        if self.units[name].phase is not Phase.STOPPING:
            self.change(name, phase=Phase.STOPPING)
            self.publish(events.UnitStopping(name, at=0))
            self.effects.append(m.Interrupt(name))

    def stop_stack(self, reason: str, exit_code: int) -> None:
        if self.stack.stopping:
            return
        self.stack = self.stack.replaced(stopping=True, booting=False, exit_code=exit_code)
        self.publish(events.StackStopping(reason, exit_code, at=0))
        for unit in self.units.values():
            self.change(unit.name, again=False, wanted=False)
            if unit.phase in (Phase.PENDING, Phase.BACKOFF):
                self.change(unit.name, phase=Phase.STOPPED)

    def kill_all(self) -> None:
        self.stack = self.stack.replaced(killing=True)
        for unit in self.units.values():
            if unit.live:
                self.interrupt(unit.name)
                self.effects.append(m.Kill(unit.name))

    # --- consequences ----------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Begin what may begin, stop what may stop, notice when all is said and done."""
        if self.stack.stopping:
            self.stop_leaves()
            return
        for name in list(self.units):
            unit = self.units[name]
            if unit.ahead and not missing(self.units, unit):
                unit = self.change(name, ahead=False)  # it has caught up
            if unit.phase is Phase.PENDING and unit.wanted:
                self.begin_or_wait(unit)
        if self.stack.booting and all(u.settled for u in self.units.values() if u.wanted):
            self.stack = self.stack.replaced(booting=False)
            self.publish(events.StackReady(self.now - self.stack.booted_at, at=0))

    def too_early(self, unit: UnitState) -> bool:
        """Whether it runs on credit: it was begun ahead, and what it depends on doesn't hold yet."""
        return unit.ahead and unit.phase is Phase.STARTING and bool(missing(self.units, unit))

    def take_back(self, names: Sequence[str], reason: str) -> None:
        """End a head start; they begin anew once what they depend on holds."""
        for name in names:
            self.change(name, taken_back=True)
            self.publish(events.Note(f"{name} is begun again later: {reason}", name, at=0))
        self.restart(names)

    def begin_or_wait(self, unit: UnitState) -> None:
        lacking = tuple((n, _MISSING[c]) for n, c in missing(self.units, unit).items())
        ahead = bool(lacking) and self.stack.booting and head_start.allowed(self.units, unit)
        if lacking and not ahead:
            if lacking != unit.waiting_on:
                self.change(unit.name, waiting_on=lacking)
                self.publish(events.UnitWaiting(unit.name, lacking, at=0))
            return
        generation = unit.generation + 1
        self.change(
            unit.name,
            phase=Phase.STARTING,
            generation=generation,
            begun_at=self.now,
            has_process=False,
            healthy=True,
            ahead=ahead,
        )
        restarts = generation - 2 if unit.taken_back else None
        self.publish(events.UnitStarting(unit.name, generation, restarts=restarts, at=0))
        self.effects.append(m.Begin(unit.name, generation))
        if ahead:
            self.effects.append(m.ArmTimer(unit.name, generation, head_start.SECONDS))

    def stop_leaves(self) -> None:
        """Reverse dependency order: a unit is stopped once nothing that depends on it is alive."""
        for unit in reversed(list(self.units.values())):
            current = self.units[unit.name]
            if current.live and (self.stack.killing or not self.has_live_dependents(unit.name)):
                self.interrupt(unit.name)
        if not any(unit.live for unit in self.units.values()):
            self.stack = self.stack.replaced(finished=True)
            self.publish(events.StackStopped(self.stack.exit_code, at=0))
            self.effects.append(m.Finish(self.stack.exit_code))

    def has_live_dependents(self, name: str) -> bool:
        """Whether anything that depends on it, directly or not, may still run."""
        return any(self.units[other].live for other in dependents(self.units, name))
