"""What happened (Event) and what is asked for (Command): frozen values, and their JSON form. No behaviour.

Events are published by the supervisor alone and folded by `state/snapshot.py`; commands travel the only way
back, into the supervisor's single inbox.
"""

import time
from collections.abc import Mapping
from typing import Any

from launcher.values import Value, field, field_names

UnitName = str


class Exit(Value, frozen=True):
    """How a process ended: an exit code, or the number of the signal that ended it; never both."""

    code: int | None = None
    signal: int | None = None
    error: str | None = None  # why it could not be started at all
    leftovers: tuple[str, ...] = ()  # command names of the background children it left, which were killed

    @property
    def ok(self) -> bool:
        """Whether the process ended by itself with code 0."""
        return self.code == 0 and self.error is None

    def __str__(self) -> str:
        if self.error:
            return f"could not start: {self.error}"
        if self.signal is not None:
            hint = " (maybe out of memory)" if self.signal == 9 else ""
            return f"killed by signal {self.signal}{hint}"
        return f"exited with code {self.code}"


class Failure(Value, frozen=True):
    """Why a unit failed, as the user reads it. Redacted already."""

    reason: str
    last_probe: str | None = None
    tail: tuple[str, ...] = ()  # last log lines, at most 20
    remedy: str | None = None


class Event(Value, frozen=True, kw_only=True):
    """Something that happened. `at` is wall-clock time (seconds since 1970), for people, never for deadlines."""

    at: float = field(default_factory=time.time)


class StackStarting(Event, frozen=True):
    """A supervisor took over the stack."""

    instance: str
    name: str
    root: str
    pid: int
    mode: str
    units: tuple[UnitName, ...]
    stages: tuple[tuple[UnitName, str], ...] = ()  # unit and its stage, for those who show progress
    needs: tuple[tuple[UnitName, tuple[tuple[UnitName, str], ...]], ...] = ()  # unit → what it depends on, and how
    asked_at: float | None = None  # when the command that asked for it began


class PortChosen(Event, frozen=True):
    """A port was chosen for a service (`name` is the port's name); `moved_from` when the preferred one was taken."""

    name: str
    port: int
    moved_from: int | None = None
    holder: str | None = None


class UnitWaiting(Event, frozen=True):
    """A unit waits for others: name → what is missing ("ready", "done", "started")."""

    unit: UnitName
    on: tuple[tuple[UnitName, str], ...]


class UnitStarting(Event, frozen=True):
    """Work on a unit began; `generation` counts its incarnations, `reason` says why (why a task must run)."""

    unit: UnitName
    generation: int
    reason: str | None = None
    restarts: int | None = None  # where it isn't generation - 1: a head start taken back was no failure


class UnitStarted(Event, frozen=True):
    """A process of the unit runs. `pid` is the unit's own main process."""

    unit: UnitName
    generation: int
    pid: int


class UnitWorked(Event, frozen=True):
    """When others worked for a unit (commands it ran, servers it asked): from and to. Told at the end of the work."""

    unit: UnitName
    generation: int
    spans: tuple[tuple[float, float], ...]


class UnitProbing(Event, frozen=True):
    """From now on a unit is asked whether it is ready."""

    unit: UnitName
    generation: int


class UnitProbed(Event, frozen=True):
    """The answer of a unit's probe changed."""

    unit: UnitName
    ok: bool
    detail: str


class UnitReady(Event, frozen=True):
    """A service passed its readiness probe (again), or an external one was adopted (`note` says which)."""

    unit: UnitName
    seconds: float
    note: str | None = None


class UnitUnready(Event, frozen=True):
    """A ready service no longer passes its liveness probe; it is not restarted for that alone."""

    unit: UnitName
    detail: str


class UnitSkipped(Event, frozen=True):
    """A task had nothing to do, and why."""

    unit: UnitName
    reason: str


class UnitDone(Event, frozen=True):
    """A task ran to completion; `note` is what it wants to say."""

    unit: UnitName
    seconds: float
    note: str | None = None


class UnitExited(Event, frozen=True):
    """A service's process ended."""

    unit: UnitName
    generation: int
    exit: Exit
    expected: bool


class UnitBackingOff(Event, frozen=True):
    """A service will be started again after `delay` seconds."""

    unit: UnitName
    delay: float
    failures: int


class UnitFailed(Event, frozen=True):
    """A unit failed for good (until somebody starts it again)."""

    unit: UnitName
    stage: str
    failure: Failure


class UnitStopping(Event, frozen=True):
    """A unit was asked to stop."""

    unit: UnitName


class UnitStopped(Event, frozen=True):
    """A unit stopped because it was asked to (`forced`: it had to be killed)."""

    unit: UnitName
    forced: bool = False


class LogTrouble(Event, frozen=True):
    """A unit's log file cannot be written (`problem`), or can again; `lost` bytes of it are gone for good."""

    unit: UnitName
    problem: str | None
    lost: int


class Note(Event, frozen=True):
    """Something worth a line that changes no state: a warning, a swept leftover, a fallback taken."""

    text: str
    unit: UnitName | None = None


class StackReady(Event, frozen=True):
    """Every selected unit is ready or done. `facts` are what to show: URLs, the admin's e-mail."""

    seconds: float
    facts: tuple[tuple[str, str], ...] = ()


class StackStopping(Event, frozen=True):
    """The stack is being stopped, and why; `exit_code` is what the supervisor will exit with."""

    reason: str
    exit_code: int = 0


class StackStopped(Event, frozen=True):
    """Nothing of the stack runs any more."""

    exit_code: int


class Command(Value, frozen=True):
    """Something asked of the supervisor."""


class StopStack(Command, frozen=True):
    """Stop everything in reverse order and leave; `exit_code` is what the supervisor exits with."""

    reason: str = "asked to stop"
    exit_code: int = 0


class KillStack(Command, frozen=True):
    """Kill everything now and leave."""

    reason: str = "asked to stop at once"
    exit_code: int = 130


class StartUnits(Command, frozen=True):
    """Start these units and what they depend on, if they don't run."""

    names: tuple[UnitName, ...]


class StopUnits(Command, frozen=True):
    """Stop these services; what depends on them keeps running, as with docker compose."""

    names: tuple[UnitName, ...]


class RestartUnits(Command, frozen=True):
    """Stop these units and start them again."""

    names: tuple[UnitName, ...]


def to_json(message: Event | Command) -> dict[str, Any]:
    """A JSON object of the message; its type under "type"."""
    return {"type": type(message).__name__, **message.as_data()}


def _kinds(base: type[Any]) -> dict[str, type[Any]]:
    return {kind.__name__: kind for kind in base.__subclasses__()}


def event_from_json(document: Mapping[str, Any]) -> Event | None:
    """The event of a JSON object as `to_json` made it; None for a type this version doesn't know."""
    found: Event | None = _from_json(Event, document)
    return found


def command_from_json(document: Mapping[str, Any]) -> Command | None:
    """The command of a JSON object as `to_json` made it; None for an unknown one."""
    found: Command | None = _from_json(Command, document)
    return found


def _from_json(base: type[Any], document: Mapping[str, Any]) -> Any:
    kind = _kinds(base).get(document.get("type", ""))
    if kind is None:
        return None
    known = field_names(kind)
    values = {key: _tupled(value) for key, value in document.items() if key in known}
    if isinstance(values.get("exit"), dict):
        values["exit"] = Exit(**values["exit"])
    if isinstance(values.get("failure"), dict):
        values["failure"] = Failure(**values["failure"])
    return kind(**values)


def _tupled(value: Any) -> Any:
    """JSON has lists where our frozen values have tuples."""
    if isinstance(value, list):
        return tuple(_tupled(item) for item in value)
    if isinstance(value, dict):
        return {key: _tupled(item) for key, item in value.items()}
    return value
