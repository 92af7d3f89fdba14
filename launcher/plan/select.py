"""Which units `up backend` means: those named, all they need, and the checks that then make sense. Pure."""

from collections.abc import Iterator, Sequence

from launcher.errors import UnknownUnit
from launcher.plan import graph
from launcher.plan.interpolate import references
from launcher.stack.known import VERIFY
from launcher.stack.model import ServiceSpec, Stack, TaskSpec
from launcher.stack.rules import unit_templates
from launcher.stack.suggest import did_you_mean

Unit = ServiceSpec | TaskSpec


def select(stack: Stack, names: Sequence[str]) -> frozenset[str]:
    """The names of the selected units; all of them when no name is given. Raises UnknownUnit."""
    units = stack.units()
    for name in names:
        if name not in units:
            raise _unknown(stack, name)
    if not names:
        return frozenset(units)
    needs = {name: _needs(stack, name, unit) for name, unit in units.items()}
    found = graph.closure(names, needs)
    services = found & stack.services.keys()
    for name, task in stack.tasks.items():
        if name in units and (task.action or "").startswith(VERIFY):
            wanted = graph.closure([name], needs)
            if wanted & stack.services.keys() <= services and _asks_about(task, found):
                found |= wanted
    return found


def own_port(stack: Stack, name: str) -> str | None:
    """The named port a service listens on."""
    service = stack.services.get(name)
    if service is None:
        return None
    return service.port or (name if name in stack.ports else None)


def _needs(stack: Stack, name: str, unit: Unit) -> list[str]:
    """Its dependencies; of a service also the services whose address it is told, in whatever order they start.

    A storefront compiles beside its backend but cannot work without one. A task's dependencies say all it needs.
    """
    if not isinstance(unit, ServiceSpec):
        return list(unit.depends_on)
    owners = {own_port(stack, other): other for other in stack.services if stack.services[other].enabled}
    told = [owners[port] for port in ports_told(unit) if port in owners]
    return [*unit.depends_on, *(other for other in told if other != name)]


def ports_told(unit: Unit) -> Iterator[str]:
    """The named ports that the unit's own texts refer to."""
    for _, text in unit_templates(unit):
        yield from (name for namespace, name in references(text) if namespace in ("port", "url"))


def _asks_about(task: TaskSpec, found: frozenset[str]) -> bool:
    """Whether it waits for a selected service to be healthy."""
    return any(condition == "healthy" and name in found for name, condition in task.depends_on.items())


def _unknown(stack: Stack, name: str) -> UnknownUnit:
    if name in {**stack.services, **stack.tasks}:
        return UnknownUnit(
            f"{name} is disabled in this stack", remedy=f"set enabled = true for {name} in rxlaunch.toml"
        )
    known = stack.units()
    remedy = (
        f"units are: {', '.join(known)}" if known else "the stack has no units; `rxlaunch init` writes a stack file"
    )
    return UnknownUnit(f"no unit named `{name[:64]}`{did_you_mean(name, known)}", remedy=remedy)
