"""The doors through which the supervisor reaches its neighbours (probes, logs, ports, steps). Protocols only.

`app` fills them in: feature packages never import each other.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from launcher.errors import Problem
from launcher.plan.step import Action, Fingerprints, Provider, Verdict
from launcher.run.node_paths import NodePaths
from launcher.stack.model import ProbeSpec, VariableSpec
from launcher.values import Value

Ask = Callable[[], Awaitable[Verdict]]


class Log(Protocol):
    """One unit's log (logs/files.py)."""

    def write(self, chunk: bytes) -> None: ...
    def tail(self, count: int) -> list[str]: ...
    def seen(self, pattern: str) -> bool: ...
    def reset(self) -> None:
        """A new incarnation begins: `seen` forgets the lines of the last one."""

    def close(self) -> None: ...


class Ports(Protocol):
    """The chosen ports (app's wrapper of ports.py)."""

    @property
    def chosen(self) -> Mapping[str, int]: ...
    def release(self, name: str) -> None:
        """Let go of the held socket: the service is about to bind it."""

    def pick_again(self, name: str) -> int:
        """Choose another port, because a stranger has this one. Raises PortTaken when it is fixed."""


class ContractResult(Protocol):
    """A resolved environment contract (marketplace/contract.py)."""

    @property
    def env(self) -> Mapping[str, str]: ...
    @property
    def secrets(self) -> set[str]: ...
    @property
    def problems(self) -> Sequence[Problem]: ...


class Toolbox(Value, frozen=True):
    """Every door."""

    probe: Callable[[ProbeSpec, Callable[[str], bool]], Ask]
    log: Callable[[str], Log]
    action: Callable[[str], Action]
    provider: Callable[[str], Provider]
    contract: Callable[[Mapping[str, VariableSpec], Mapping[str, str]], ContractResult]
    remedy: Callable[[str, Sequence[str]], str | None]  # reason, log tail → what to do
    ports: Ports
    fingerprints: Fingerprints
    secret: Callable[[str, int], str]
    hide: Callable[[str], None]
    redact: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the supervisor was started in; values, taken once and never changed."""

    instance: str
    given: Mapping[str, str] = field(repr=False)  # .env files under the process environment
    minimal: Mapping[str, str] = field(repr=False)  # what even a unit with inherit_env = false gets
    unit_env_files: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)  # by unit
    node_path: str | None = None  # directory that leads to the chosen node and npm, put first on PATH
    node_cache: str | None = None  # directory in which Node keeps what it compiled
    node_paths: NodePaths | None = None
    dirs: Mapping[str, str] = field(default_factory=dict)  # ${dir.X}
    options: Mapping[str, str] = field(default_factory=dict)  # of built-in actions, from [marketplace]
    idle: frozenset[str] = frozenset()  # tasks that had nothing to do at the last boot
    fresh: bool = False
