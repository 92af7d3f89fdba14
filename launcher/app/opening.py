"""From a directory to a plan: find the checkout, load or recognise its stack, resolve the graph. Starts nothing."""

from pathlib import Path
from typing import TYPE_CHECKING

from launcher import paths
from launcher.app.request import Request
from launcher.errors import LauncherError, UsageError
from launcher.values import Value

if TYPE_CHECKING:
    from launcher.plan.build import Plan
    from launcher.stack.load import Loaded


class Opened(Value, frozen=True):
    """A stack, ready to be inspected or booted. `selected` are the units asked for with what they depend on."""

    paths: paths.StackPaths
    loaded: "Loaded"
    plan: "Plan"
    selected: frozenset[str]

    @property
    def root(self) -> Path:
        """The checkout."""
        return self.paths.root


def locate(directory: Path) -> paths.StackPaths:
    """Where the stack that `directory` belongs to keeps its state. Reads no stack file."""
    try:
        return paths.for_root(paths.find_root(directory))
    except FileNotFoundError:
        raise UsageError(
            "the current directory does not exist any more", remedy="change into one that does, or name it with -C"
        ) from None


def open_stack(request: Request) -> Opened:
    """Load and plan. Raises ConfigError with every problem, UsageError when there is nothing to load."""
    from launcher.plan import build
    from launcher.stack import load

    where = locate(request.directory)
    if request.https is None and runs_with_https(where):
        request = request.replaced(https=True)
    detected = recognise(where.root)
    has_file = (where.root / paths.STACK_FILE).is_file()
    if detected is None and not has_file:
        raise UsageError(
            f"no {paths.STACK_FILE} in {where.root} or above it, and no Medusa project was recognised there",
            remedy="change into your project, write a stack file with `rxlaunch init`, "
            "or try the sample: `rxlaunch init --sample DIR`",
        )
    if detected is not None and has_file:
        detected.pop("extends")  # what it builds on is for the file to say
    loaded = load.load(where.root, mode=request.mode, overrides=request.overrides(), detected=detected)
    plan = build.build(loaded.stack, where.root)
    unknown = [name for name in request.ports if name not in plan.ports]
    if unknown:
        there = ", ".join(plan.ports) or "none"
        raise UsageError(f"--port: no port named {', '.join(map(repr, unknown))} in this stack; there are {there}")
    chosen = build.build(loaded.stack, where.root, selected=request.units) if request.units else plan
    return Opened(where, loaded, plan, frozenset(chosen.units))


def runs_with_https(where: paths.StackPaths) -> bool:
    """Whether the running stack was started with HTTPS, by the stack file or by `up --https`."""
    from launcher.state import lock

    try:
        snapshot = lock.running(where)
    except LauncherError:  # of another version, which is for others to tell
        return False
    return snapshot is not None and "https" in snapshot.units


def recognise(root: Path) -> dict[str, object] | None:
    """The marketplace found in a checkout, in the stack file's words; None when there is no Medusa project."""
    from launcher.marketplace.detect import detect

    found = detect(root)
    if found is None:
        return None
    marketplace: dict[str, object] = {"backend": found.backend}
    if found.storefront is not None:
        marketplace["storefront"] = found.storefront
    return {"extends": "medusa-next", "marketplace": marketplace}
