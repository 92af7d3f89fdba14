"""What the machine is told (Message) and what it orders (effects). Frozen values only."""

from dataclasses import dataclass

from launcher.events import Event, Exit, Failure


@dataclass(frozen=True, slots=True)
class Message:
    """Something the edge tells the machine."""


@dataclass(frozen=True, slots=True)
class Boot(Message):
    """Begin."""


@dataclass(frozen=True, slots=True)
class OfUnit(Message):
    """Something about one incarnation of one unit; stale generations are ignored."""

    unit: str
    generation: int


@dataclass(frozen=True, slots=True)
class Started(OfUnit):
    """Its process runs, or an external one was found."""


@dataclass(frozen=True, slots=True)
class Ready(OfUnit):
    """Its readiness probe passed."""

    note: str | None = None


@dataclass(frozen=True, slots=True)
class Unready(OfUnit):
    """Its liveness probe failed too often in a row."""

    detail: str


@dataclass(frozen=True, slots=True)
class Finished(OfUnit):
    """The task is done, or was skipped for `skipped`."""

    note: str | None = None
    skipped: str | None = None


@dataclass(frozen=True, slots=True)
class Ended(OfUnit):
    """It ended or failed without having been asked to; nothing of it runs any more."""

    failure: Failure
    exit: Exit | None = None


@dataclass(frozen=True, slots=True)
class Stopped(OfUnit):
    """It ended because it was asked to; nothing of it runs any more."""

    forced: bool = False


@dataclass(frozen=True, slots=True)
class PortLost(OfUnit):
    """A stranger took its port between choice and bind; nothing of it runs, another port is chosen already.

    `affected` are the units that were told the old port.
    """

    affected: tuple[str, ...]
    failure: Failure


@dataclass(frozen=True, slots=True)
class TimerFired(OfUnit):
    """Its backoff is over."""


@dataclass(frozen=True, slots=True)
class Begin:
    """Start an incarnation."""

    unit: str
    generation: int


@dataclass(frozen=True, slots=True)
class Interrupt:
    """Stop an incarnation, gracefully."""

    unit: str


@dataclass(frozen=True, slots=True)
class Kill:
    """Kill an incarnation."""

    unit: str


@dataclass(frozen=True, slots=True)
class ArmTimer:
    """Send TimerFired after `delay` seconds (with up to a tenth more, at random)."""

    unit: str
    generation: int
    delay: float


@dataclass(frozen=True, slots=True)
class Publish:
    """Tell the world."""

    event: Event


@dataclass(frozen=True, slots=True)
class Finish:
    """Nothing runs any more: leave with this code."""

    exit_code: int


Effect = Begin | Interrupt | Kill | ArmTimer | Publish | Finish
