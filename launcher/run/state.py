"""The supervisor's state as frozen values: what a unit is, wants and was. No decisions here."""

from collections.abc import Mapping
from enum import StrEnum

from launcher.stack.model import RestartSpec
from launcher.values import Value


class Phase(StrEnum):
    """Where a unit is. Only STARTING, READY and STOPPING can have a process."""

    PENDING = "pending"
    STARTING = "starting"
    READY = "ready"
    DONE = "done"
    BACKOFF = "backoff"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"


LIVE = frozenset({Phase.STARTING, Phase.READY, Phase.STOPPING})


class UnitState(Value, frozen=True):
    """One unit. `generation` is that of its last incarnation; `failures` are monotonic times."""

    name: str
    is_service: bool
    stage: str
    depends_on: Mapping[str, str]
    restart: RestartSpec
    phase: Phase = Phase.PENDING
    generation: int = 0
    wanted: bool = True
    head_start: bool = False  # may begin before what it depends on holds
    idle: bool = False  # a task that is expected to find nothing to do
    ahead: bool = False  # it has begun so; what it depends on doesn't hold yet, as far as is known
    taken_back: bool = False  # it had a head start, and lost it
    again: bool = False  # begin anew once it has stopped
    has_process: bool = False
    healthy: bool = True
    begun_at: float = 0.0
    ready_at: float | None = None
    failures: tuple[float, ...] = ()
    picks: int = 0  # how often its port was lost
    waiting_on: tuple[tuple[str, str], ...] = ()

    @property
    def live(self) -> bool:
        """Whether something of it may still run."""
        return self.phase in LIVE

    @property
    def settled(self) -> bool:
        """Whether it is where a booting stack wants it."""
        return self.phase in (Phase.READY, Phase.DONE)


class State(Value, frozen=True):
    """The whole stack. Units are in topological order."""

    units: Mapping[str, UnitState]
    booting: bool = True
    stopping: bool = False
    killing: bool = False
    finished: bool = False
    exit_code: int = 0
    booted_at: float = 0.0
