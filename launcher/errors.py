"""Every way in which rxlaunch refuses or fails, with its exit code and its remedy. Nothing is raised here.

LauncherError (1 internal)
├── UsageError (2)             the command line asks for what cannot be
│   └── UnknownUnit            a name that is no unit of the stack
├── ConfigError (2)            the stack file or the environment is wrong: all problems at once
├── StateUnwritable (2)        the state directory cannot be used
├── NotRunning (3)             the command needs a running stack
├── Taken (4)                  somebody else has it
│   ├── PortTaken              a port, with its holder
│   └── AlreadyRunning         the stack, with the pid and age of its supervisor
├── OtherVersion (1)           the stack is run by another version of rxlaunch
├── StageFailed (10-16, or 1)  a unit failed while the stack started; the code is that of its stage
├── TimedOut (17)              the stack was not ready in time
└── Interrupted (130, 143)     the user or the system said stop
"""

from collections.abc import Sequence

from launcher.values import Value

STAGE_EXIT_CODES = {
    "dependencies": 10,
    "schema": 11,
    "build": 12,
    "backend": 13,
    "key": 14,
    "storefront": 15,
    "verify": 16,
}


class LauncherError(Exception):
    """Something the user must read: what failed, why, and what to do about it."""

    exit_code = 1

    def __init__(self, message: str, *, remedy: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class UsageError(LauncherError):
    """The command line asks for what cannot be."""

    exit_code = 2


class UnknownUnit(UsageError):
    """A name on the command line that is no unit of the stack."""


class Problem(Value, frozen=True):
    """One thing wrong with what the user wrote: where (file and TOML path) and what."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" if self.where else self.what


class ConfigError(LauncherError):
    """The stack file or the environment is wrong; carries every problem found."""

    exit_code = 2

    def __init__(self, problems: Sequence[Problem], *, title: str, remedy: str | None = None) -> None:
        super().__init__("\n".join([title, *(f"  {problem}" for problem in problems)]), remedy=remedy)
        self.problems = tuple(problems)


class StateUnwritable(LauncherError):
    """The state directory cannot be created or written."""

    exit_code = 2


class NotRunning(LauncherError):
    """The command needs a running stack and there is none."""

    exit_code = 3


class Taken(LauncherError):
    """Somebody else has what we need."""

    exit_code = 4


class PortTaken(Taken):
    """A port that must be ours is held by another process."""


class AlreadyRunning(Taken):
    """Another supervisor runs this stack."""


class OtherVersion(LauncherError):
    """A living supervisor of another version runs this stack; what it writes and says is not understood."""


class StageFailed(LauncherError):
    """A unit failed while the stack started. The exit code is that of its stage, 1 for a stage of the user's."""

    def __init__(self, stage: str, message: str, *, remedy: str | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.stage = stage
        self.exit_code = STAGE_EXIT_CODES.get(stage, 1)


class TimedOut(LauncherError):
    """The stack was not ready within the time the user allowed."""

    exit_code = 17


class Interrupted(LauncherError):
    """The user (130) or the system (143) said stop."""

    exit_code = 130

    def __init__(self, message: str, *, exit_code: int = 130) -> None:
        super().__init__(message)
        self.exit_code = exit_code
