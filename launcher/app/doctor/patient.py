"""Who is examined: a checkout, its stack as far as it can be loaded, the running or the last instance. Reads only."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from launcher.app import preflight, secrecy
from launcher.app import target as targets
from launcher.app.opening import Opened, locate, open_stack
from launcher.app.request import Request
from launcher.checks.contract import Here, LeftOut, Target
from launcher.errors import LauncherError
from launcher.paths import StackPaths
from launcher.state import lock, store
from launcher.state.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Patient:
    """One checkout. `trouble` is why its stack cannot be loaded; then there is neither `opened` nor `target`."""

    request: Request
    paths: StackPaths
    last: Snapshot | None  # of the running or the last instance
    running: bool
    trouble: LauncherError | None = None
    opened: Opened | None = None
    target: Target | None = None
    given: Mapping[str, str] = field(default_factory=dict, repr=False)  # .env files under the environment

    @property
    def stack(self) -> Opened:
        """The loaded stack. Raises LeftOut."""
        if self.opened is None:
            raise LeftOut("the stack cannot be loaded")
        return self.opened

    @property
    def aim(self) -> Target:
        """What checks ask of. Raises LeftOut."""
        if self.target is None:
            raise LeftOut("the stack cannot be loaded")
        return self.target

    @property
    def here(self) -> Here:
        """What only a stack on this machine has. Raises LeftOut."""
        return self.aim.on_this_machine()

    def redact(self, text: str) -> str:
        """The text without secrets."""
        return self.target.redact(text) if self.target else text

    def directory(self, name: str) -> Path:
        """The directory of the backend or the storefront. Raises LeftOut."""
        if name not in self.here.directories:
            raise LeftOut(f"this stack has no {name}")
        return self.here.directories[name]

    def answers(self, service: str) -> bool:
        """Whether a service of the running stack is ready."""
        unit = self.last.units.get(service) if self.running and self.last else None
        return unit is not None and unit.phase == "ready"

    def units_doing(self, action: str) -> list[str]:
        """The units whose work is that built-in action."""
        plan = self.stack.plan
        return [name for name, unit in plan.units.items() if getattr(unit.spec, "action", None) == action]

    def files_with(self, variable: str) -> list[Path]:
        """The .env files that set a variable."""
        from launcher.stack.envfiles import IMPLICIT, read_env_files

        stack = self.stack
        places = {stack.root, *map(Path, preflight.directories(stack).values())}
        named = [*(place / name for place in sorted(places) for name in IMPLICIT)]
        named += [stack.root / name for name in stack.loaded.stack.env_file]
        return [file for file in dict.fromkeys(named) if variable in read_env_files(file.parent, [file.name]).values]


def meet(request: Request) -> Patient:
    """Look who it is. Whatever is wrong with the stack file becomes `trouble`."""
    where = locate(request.directory)
    snapshot = lock.running(where)
    known = Patient(request, where, snapshot or store.load(where), running=snapshot is not None)
    try:
        opened = open_stack(Request(request.directory, snapshot.mode if snapshot else request.mode))
        target = targets.target(request, {}, stopped=True)
    except LauncherError as error:
        return Patient(request, where, known.last, known.running, trouble=error, given=dict(os.environ))
    return Patient(
        request, where, known.last, known.running,
        opened=opened, target=target, given=secrecy.given_environment(opened),
    )  # fmt: skip
