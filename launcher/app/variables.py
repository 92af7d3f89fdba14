"""Which `${env.NAME}` of the stack file have no value, of all units at once and before anything is started. Pure."""

from collections.abc import Iterator, Mapping

from launcher.errors import Problem
from launcher.plan.build import Plan, PlanUnit
from launcher.plan.interpolate import references
from launcher.run.world import World
from launcher.stack.model import ServiceSpec


def missing(world: World, plan: Plan, unit: PlanUnit) -> Iterator[Problem]:
    """A problem for each variable that a template of the unit wants and nobody gives. Values are never looked at."""
    given = world.around.given
    templates = {**plan.stack.env, **unit.spec.env}
    for name, text in templates.items():
        yield from _absent(text, given, f"{unit.name}: {name}")
    own = {**given, **world.known_environment(unit), **templates}  # what a command may use besides
    for text in unit.spec.command or ():
        yield from _absent(text, own, f"{unit.name}: {text}")
    for text in _questions(unit):
        yield from _absent(text, given, f"{unit.name}: {text}")


def _questions(unit: PlanUnit) -> list[str]:
    spec = unit.spec
    probes = [probe for probe in (spec.readiness, spec.liveness) if probe] if isinstance(spec, ServiceSpec) else []
    return [probe.http or probe.tcp or probe.postgres or probe.redis or "" for probe in probes]


def _absent(text: str, environment: Mapping[str, str], where: str) -> Iterator[Problem]:
    for namespace, name in references(text):
        if namespace == "env" and name not in environment:
            yield Problem(where, f"the variable {name} is not set")
