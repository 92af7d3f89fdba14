"""What the machine is told (Message) and what it orders (effects). Frozen values only."""

from launcher.events import Event, Exit, Failure
from launcher.values import Value


class Message(Value, frozen=True):
    """Something the edge tells the machine."""


class Boot(Message, frozen=True):
    """Begin."""


class OfUnit(Message, frozen=True):
    """Something about one incarnation of one unit; stale generations are ignored."""

    unit: str
    generation: int


class Started(OfUnit, frozen=True):
    """Its process runs, or an external one was found."""


class Ready(OfUnit, frozen=True):
    """Its readiness probe passed."""

    note: str | None = None


class Unready(OfUnit, frozen=True):
    """Its liveness probe failed too often in a row."""

    detail: str


class Working(OfUnit, frozen=True):
    """The task has found something to do."""


class Finished(OfUnit, frozen=True):
    """The task is done, or was skipped for `skipped`."""

    note: str | None = None
    skipped: str | None = None


class Ended(OfUnit, frozen=True):
    """It ended or failed without having been asked to; nothing of it runs any more."""

    failure: Failure
    exit: Exit | None = None


class Stopped(OfUnit, frozen=True):
    """It ended because it was asked to; nothing of it runs any more."""

    forced: bool = False


class PortLost(OfUnit, frozen=True):
    """A stranger took its port between choice and bind; nothing of it runs, another port is chosen already.

    `affected` are the units that were told the old port.
    """

    affected: tuple[str, ...]
    failure: Failure


class TimerFired(OfUnit, frozen=True):
    """Its backoff is over."""


class Begin(Value, frozen=True):
    """Start an incarnation."""

    unit: str
    generation: int


class Interrupt(Value, frozen=True):
    """Stop an incarnation, gracefully."""

    unit: str


class Kill(Value, frozen=True):
    """Kill an incarnation."""

    unit: str


class ArmTimer(Value, frozen=True):
    """Send TimerFired after `delay` seconds (with up to a tenth more, at random)."""

    unit: str
    generation: int
    delay: float


class Publish(Value, frozen=True):
    """Tell the world."""

    event: Event


class Finish(Value, frozen=True):
    """Nothing runs any more: leave with this code."""

    exit_code: int


Effect = Begin | Interrupt | Kill | ArmTimer | Publish | Finish
