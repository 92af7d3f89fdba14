"""The one contract for processes, files and signals that each platform implements (design 5). No platform code here.

`launcher/native/__init__.py` holds the only `sys.platform` switch of the package and re-exports one implementation.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from launcher.events import Exit
from launcher.values import Value

INSTANCE_MARK = "RXLAUNCH_INSTANCE"  # in the environment of every process we start
UNIT_MARK = "RXLAUNCH_UNIT"
SHIM_MARK = "RXLAUNCH_SHIM"  # only in the environment of what holds a child, never in that of a child


class Identity(Value, frozen=True):
    """A process beyond doubt: a pid alone is reused. `started` is ticks since boot (Linux) or FILETIME (Windows)."""

    pid: int
    started: int
    boot: str


class Listener(Value, frozen=True):
    """Who listens on a port, as far as we may know (another user's process shows no pid)."""

    port: int
    pid: int | None
    name: str
    since: float | None  # wall-clock seconds


@dataclass(frozen=True, slots=True)
class LaunchSpec:
    """Everything needed to start one contained child. `env` is complete; nothing is inherited."""

    argv: tuple[str, ...]
    cwd: str
    env: Mapping[str, str] = field(repr=False)
    stop_signal: str = "SIGTERM"
    stop_scope: str = "tree"  # or "main"
    grace_seconds: float = 10.0
    unprivileged: bool = False
    stdin: bytes | None = None


class Child(Protocol):
    """One child and all it spawns, held so that nothing outlives us."""

    @property
    def pid(self) -> int:
        """Of the main process (not of a shim)."""

    async def wait(self) -> Exit:
        """How the main process ended, once it and everything it left behind are gone and its output was read."""

    def interrupt(self) -> None:
        """Begin the stop ladder: the stop signal, then KILL after the grace period. Returns at once; idempotent."""

    def kill(self) -> None:
        """Kill the whole tree now. Returns at once; idempotent."""

    def forced(self) -> bool:
        """Whether anything had to be killed because it did not stop within the grace period."""

    def family(self) -> set[int]:
        """The living processes of this child's tree."""

    def owns(self, pid: int) -> bool:
        """Whether the process belongs to this child's tree."""


Output = Callable[[bytes], None]
"""Receives the child's stdout and stderr, interleaved, in chunks as they come. Must not block."""
