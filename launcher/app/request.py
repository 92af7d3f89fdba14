"""What the user asked for, as one value: where, in which mode, with which flags."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Request:
    """Options that every command shares, and those of `up`."""

    directory: Path
    mode: str | None = None
    units: tuple[str, ...] = ()
    ports: Mapping[str, int] = field(default_factory=dict)  # --port NAME=NUMBER: fixed
    fresh: bool = False
    strict_ports: bool = False
    wait_timeout: float | None = None  # seconds until the stack must be ready
    detached: bool = False  # we are the supervisor that `up -d` started

    def overrides(self) -> dict[str, object]:
        """What the flags change in the stack file."""
        return {"ports": {name: {"fixed": port} for name, port in self.ports.items()}} if self.ports else {}
