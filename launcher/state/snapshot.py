"""What the supervisor knows, folded from its events: pure, total, and told to files and clients as JSON."""

from collections.abc import Mapping
from typing import Any

from launcher import __version__
from launcher import events as e
from launcher.events import Exit, Failure
from launcher.glance import VERSION
from launcher.native.contract import Identity
from launcher.values import Value, field

GOOD_PHASES = frozenset({"ready", "done", "skipped"})  # of a unit that is what it should be
SUCCESSFUL_ENDS = (0, 130, 143)  # asked to stop, by the user or by the system
NOBODY = Identity(0, 0, "")


class UnitView(Value, frozen=True):
    """One unit as the user sees it. `since` is the wall-clock time of its phase, `seconds` how long it took."""

    name: str
    phase: str = "pending"
    stage: str = ""
    pid: int | None = None
    generation: int = 0
    restarts: int = 0
    since: float = 0.0
    seconds: float | None = None
    note: str | None = None
    waiting_on: tuple[tuple[str, str], ...] = ()
    last_probe: str | None = None
    exit: Exit | None = None
    failure: Failure | None = None
    log_trouble: str | None = None  # why its log file has gaps

    def to_json(self) -> dict[str, Any]:
        """A JSON object of the unit."""
        return self.as_data()


class Snapshot(Value, frozen=True):
    """The whole stack at one moment. `supervisor` tells a living supervisor from a stranger with its pid."""

    instance: str = ""
    name: str = ""
    root: str = ""
    pid: int = 0
    started_at: float = 0.0
    mode: str = ""
    phase: str = "starting"
    ports: Mapping[str, int] = field(default_factory=dict)
    units: Mapping[str, UnitView] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    exit_code: int | None = None
    reason: str | None = None  # why the stack is stopping
    supervisor: Identity = NOBODY
    program: str = ""  # the version of rxlaunch that supervises
    version: int = VERSION

    def to_json(self) -> dict[str, Any]:
        """A JSON object of the snapshot; `state/document.py` reads it."""
        return self.as_data()


def fold(snapshot: Snapshot | None, event: e.Event) -> Snapshot:  # noqa: PLR0911 - one line a kind of event
    """The snapshot after the event. Every event is understood, in whatever order they come."""
    now = snapshot if snapshot is not None else Snapshot(started_at=event.at)
    match event:
        case e.StackStarting():
            return _begun(event)
        case e.PortChosen():
            return now.replaced(ports={**now.ports, event.name: event.port})
        case e.StackReady(facts=facts):
            return now.replaced(phase="ready", facts=dict(facts))
        case e.StackStopping(reason=reason, exit_code=code):
            return now.replaced(phase="stopping", reason=reason, exit_code=code)
        case e.StackStopped(exit_code=code):
            phase = "stopped" if code in SUCCESSFUL_ENDS else "failed"
            units = {name: unit.replaced(pid=None) for name, unit in now.units.items()}
            return now.replaced(phase=phase, exit_code=code, units=units)
    name: str | None = getattr(event, "unit", None)
    if name is None or isinstance(event, e.Note):
        return now
    unit = now.units.get(name, UnitView(name))
    return now.replaced(units={**now.units, name: _changed(unit, event)})


def _begun(event: e.StackStarting) -> Snapshot:
    stages = dict(event.stages)
    return Snapshot(
        instance=event.instance,
        name=event.name,
        root=event.root,
        pid=event.pid,
        started_at=event.at,
        mode=event.mode,
        units={name: UnitView(name, stage=stages.get(name, ""), since=event.at) for name in event.units},
        supervisor=Identity(event.pid, 0, ""),
        program=__version__,
    )


def _changed(unit: UnitView, event: e.Event) -> UnitView:
    match event:
        case e.UnitStarted(generation=generation, pid=pid):
            return unit.replaced(pid=pid, generation=generation)
        case e.LogTrouble(problem=problem, lost=lost):
            return unit.replaced(log_trouble=_log_trouble(problem, lost))
        case e.UnitProbed(detail=detail):
            return unit.replaced(last_probe=detail)
        case e.UnitExited(exit=ended):
            return unit.replaced(pid=None, exit=ended)
        case e.UnitFailed(stage=stage, failure=failure):
            return _entered(unit, event, "failed", pid=None, stage=stage or unit.stage, failure=failure)
    return _moved(unit, event)


def _log_trouble(problem: str | None, lost: int) -> str | None:
    gone = f"{lost} bytes of its log are lost" if lost else ""
    now = f"its log file cannot be written: {problem}" if problem else ""
    return "; ".join(filter(None, (now, gone))) or None


def _moved(unit: UnitView, event: e.Event) -> UnitView:  # noqa: PLR0911 - one line a kind of event
    match event:
        case e.UnitWaiting(on=on):
            return _entered(unit, event, "waiting", waiting_on=on)
        case e.UnitStarting(generation=generation, reason=reason, restarts=told):
            restarts = max(0, generation - 1) if told is None else told
            return _entered(
                unit, event, "starting", generation=generation, restarts=restarts, note=reason,
                seconds=None, last_probe=None, exit=None, failure=None,
            )  # fmt: skip
        case e.UnitReady(seconds=seconds, note=note):
            return _entered(unit, event, "ready", seconds=seconds, note=note or unit.note, failure=None)
        case e.UnitUnready(detail=detail):
            return _entered(unit, event, "unready", last_probe=detail)
        case e.UnitSkipped(reason=reason):
            return _entered(unit, event, "skipped", pid=None, note=reason, failure=None)
        case e.UnitDone(seconds=seconds, note=note):
            return _entered(unit, event, "done", pid=None, seconds=seconds, note=note, failure=None)
        case e.UnitBackingOff(delay=delay, failures=failures):
            note = f"starts again in {delay:.1f} s after failure {failures}"
            return _entered(unit, event, "backoff", pid=None, note=note)
        case e.UnitStopping():
            return _entered(unit, event, "stopping")
        case e.UnitStopped(forced=forced):
            note = "did not stop in time and was killed" if forced else None
            return _entered(unit, event, "stopped", pid=None, note=note)
    return unit


def _entered(unit: UnitView, event: e.Event, phase: str, **changes: Any) -> UnitView:
    return unit.replaced(phase=phase, since=event.at, **{"waiting_on": (), **changes})
