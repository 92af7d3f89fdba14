"""The contract between the supervisor and built-in actions and providers. Only protocols and values live here.

An action is asked `check` first: it answers Skip (with the outputs it stands for) or Run (with a reason).
`up --dry-run` asks nothing else. A provider turns "a Postgres" into Adopted (one that answers already) or Launch (an
ordinary child). Neither publishes events nor starts processes: it reports and runs commands through its context.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from launcher.errors import LauncherError
from launcher.values import Value, field


class Skip(Value, frozen=True):
    """Nothing to do, because. The outputs are those that running would have given."""

    reason: str
    outputs: Mapping[str, str] = field(default_factory=dict)


class Run(Value, frozen=True):
    """There is work to do, because."""

    reason: str


class Outcome(Value, frozen=True):
    """What a task gave: named outputs (`${output.NAME}`), which of them are secret, and a line for the user."""

    outputs: Mapping[str, str] = field(default_factory=dict)
    secrets: frozenset[str] = frozenset()  # values that must never be printed
    note: str | None = None


class CommandResult(Value, frozen=True):
    """How a command that a step ran ended, and the end of what it printed (redacted)."""

    code: int
    tail: tuple[str, ...]
    seconds: float


class StepFailed(LauncherError):
    """A step could not do its work; the message says why, `remedy` what to do, `tail` is what it printed last."""

    def __init__(self, message: str, *, remedy: str | None = None, tail: Sequence[str] = ()) -> None:
        super().__init__(message, remedy=remedy)
        self.tail = tuple(tail)


class StepContext(Protocol):
    """What an action or provider may see and do. Implemented by `run/steps.py`; faked by `tests/support`."""

    @property
    def unit(self) -> str: ...
    @property
    def root(self) -> Path:
        """The checkout."""

    @property
    def state_dir(self) -> Path:
        """Where this stack may keep data; exists, 0700."""

    @property
    def cwd(self) -> Path:
        """The unit's working directory, resolved."""

    @property
    def env(self) -> Mapping[str, str]:
        """The unit's complete environment, interpolated; PATH leads to the chosen Node first."""

    @property
    def given(self) -> Mapping[str, str]:
        """What the user gave: .env files under the process environment; no outputs, no defaults of ours."""

    @property
    def options(self) -> Mapping[str, str | int | float | bool | tuple[str, ...]]: ...
    @property
    def ports(self) -> Mapping[str, int]:
        """Every named port, chosen already."""

    @property
    def outputs(self) -> Mapping[str, str]:
        """Outputs of the units that are done or ready."""

    @property
    def mode(self) -> str:
        """The mode: dev or production."""

    @property
    def fresh(self) -> bool:
        """`--fresh`: fingerprints are to be ignored."""

    @property
    def source(self) -> str:
        """Of a provider: auto, external or embedded."""

    @property
    def fingerprints(self) -> "Fingerprints": ...
    def report(self, text: str) -> None:
        """A line for the user (a Note), for instance which fallback was taken."""

    def secret(self, name: str, hex_characters: int) -> str:
        """A generated secret of this stack: made once, kept 0600, the same ever after. Redacted everywhere."""

    def hide(self, value: str) -> None:
        """From now on never show this value."""

    async def run(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stdin: bytes | None = None,
        unprivileged: bool = False,
    ) -> CommandResult:
        """Run a command to its end, contained, its output in the unit's log. `env` is added to the unit's."""


class Verdict(Protocol):
    """What a probe answers (probes/contract.py), for those who may not know probes."""

    @property
    def ok(self) -> bool: ...
    @property
    def detail(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def permanent(self) -> bool: ...
    @property
    def remedy(self) -> str | None: ...


class Fingerprints(Protocol):
    """What was done with which inputs (state/fingerprints.py)."""

    def get(self, key: str) -> Mapping[str, str] | None: ...
    def put(self, key: str, value: Mapping[str, str]) -> None: ...
    def forget(self, key: str) -> None: ...


class Action(Protocol):
    """A built-in task."""

    async def check(self, context: StepContext) -> Skip | Run: ...
    async def run(self, context: StepContext) -> Outcome: ...


class Adopted(Value, frozen=True):
    """A server that answers already and isn't ours: it is used, never stopped."""

    note: str
    outputs: Mapping[str, str]
    secrets: frozenset[str] = frozenset()


class Launch(Value, frozen=True):
    """A server to be run as our own child."""

    argv: tuple[str, ...]
    cwd: Path
    note: str
    outputs: Mapping[str, str]
    env: Mapping[str, str] = field(default_factory=dict)  # added to the unit's
    secrets: frozenset[str] = frozenset()
    unprivileged: bool = False  # run as an ordinary user when we are root (Postgres refuses root)


class Provider(Protocol):
    """A built-in service: finds a server, or prepares one of our own (its data directory, its database)."""

    async def resolve(self, context: StepContext) -> Adopted | Launch: ...
