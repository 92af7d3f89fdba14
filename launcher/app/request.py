"""What the user asked for, as one value: where, in which mode, with which flags."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from launcher.values import Value, field

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from launcher.app.preflight import Prepared
    from launcher.events import Command
    from launcher.plan.step import Action
    from launcher.run.world import World

INSTANCE_VARIABLE = "RXLAUNCH_START"  # by which `up -d` tells its supervisor the instance to be
SENT = ("mode", "units", "ports", "fresh", "strict_ports", "wait_timeout", "https")  # to that supervisor
ASKED_VARIABLE = "RXLAUNCH_ASKED_AT"  # and when it was begun itself


class Guest(Value, frozen=True):
    """What another command than `up` adds to a boot: its own way of getting built-in actions, and work beside."""

    action: "Callable[[str], Action]"
    beside: "Callable[[World, Prepared, Callable[[Command], None]], Coroutine[Any, Any, None]]"


class Request(Value, frozen=True):
    """Options that every command shares, and those of `up`."""

    directory: Path
    mode: str | None = None
    units: tuple[str, ...] = ()
    ports: Mapping[str, int] = field(default_factory=dict)  # --port NAME=NUMBER: fixed
    fresh: bool = False
    strict_ports: bool = False
    wait_timeout: float | None = None  # seconds until the stack must be ready
    detached: bool = False  # we are the supervisor that `up -d` started
    https: bool | None = None  # --https, --no-https; None: as the stack file says
    timeline: bool = False  # --timeline: draw the boot once it is over
    asked_at: float | None = None  # when the command that asks for the boot began, in wall-clock seconds
    more_overrides: Mapping[str, object] = field(default_factory=dict)  # of the stack file, besides those of the flags
    guest: "Guest | None" = None

    def overrides(self) -> dict[str, object]:
        """What the flags change in the stack file."""
        fixed = {"ports": {name: {"fixed": port} for name, port in self.ports.items()}} if self.ports else {}
        https = {} if self.https is None else {"https": {"enabled": self.https}}
        return {**self.more_overrides, **https, **fixed}
