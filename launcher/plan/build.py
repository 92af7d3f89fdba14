"""Stack → Plan: the units to run, in an order that works, with everything the supervisor needs to know. Pure."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from launcher.plan import graph
from launcher.plan.interpolate import references
from launcher.plan.select import own_port, ports_told, select
from launcher.stack.model import PortSpec, ServiceSpec, Stack, TaskSpec
from launcher.values import Value

_DEFAULT_STAGES = {"service": "services", "task": "tasks"}


class PlanUnit(Value, frozen=True):
    """One unit of the plan."""

    name: str
    kind: Literal["service", "task"]
    stage: str
    spec: ServiceSpec | TaskSpec
    depends_on: Mapping[str, str]  # name → condition; only units of this plan
    port: str | None  # the named port the service itself listens on
    required_by: tuple[str, ...]

    def commands(self) -> list[tuple[str, ...]]:
        """Its own command, and those of its probes; templates as they were written."""
        probes = (self.spec.readiness, self.spec.liveness) if isinstance(self.spec, ServiceSpec) else ()
        return [argv for argv in (self.spec.command, *(probe.command for probe in probes if probe)) if argv]


class Plan(Value, frozen=True):
    """What a run of a stack consists of."""

    name: str
    root: Path
    mode: str
    units: Mapping[str, PlanUnit]  # everybody after those they depend on
    stages: tuple[str, ...]  # those that have units, in the order to show them
    ports: Mapping[str, PortSpec]  # those that the units listen on or are told
    stack: Stack


def build(stack: Stack, root: Path, selected: Sequence[str] = ()) -> Plan:
    """The plan of the selected units and all they need; of the whole stack when none is named.

    The same stack always gives the same plan. Raises UnknownUnit.
    """
    chosen = select(stack, selected)
    specs = {name: unit for name, unit in stack.units().items() if name in chosen}
    stages = _stages(stack, specs)
    needs = {name: [need for need in spec.depends_on if need in specs] for name, spec in specs.items()}
    positions = list(specs)

    def rank(name: str) -> tuple[int, int]:
        return stages.index(_stage(specs[name])), positions.index(name)

    required_by = graph.required_by(needs)
    units = {
        name: PlanUnit(
            name=name,
            kind=_kind(specs[name]),
            stage=_stage(specs[name]),
            spec=specs[name],
            depends_on={need: specs[name].depends_on[need] for need in needs[name]},
            port=own_port(stack, name),
            required_by=required_by[name],
        )
        for name in graph.topological(needs, rank)
    }
    name = stack.name or root.resolve().name or "stack"
    return Plan(name, root, stack.mode, units, stages, _ports(stack, units), stack)


def _kind(spec: ServiceSpec | TaskSpec) -> Literal["service", "task"]:
    return "service" if isinstance(spec, ServiceSpec) else "task"


def _stage(spec: ServiceSpec | TaskSpec) -> str:
    return spec.stage or _DEFAULT_STAGES[_kind(spec)]


def _stages(stack: Stack, specs: Mapping[str, ServiceSpec | TaskSpec]) -> tuple[str, ...]:
    """The stages in use: first those of `stages`, then others as they come."""
    used = dict.fromkeys(_stage(spec) for spec in specs.values())
    return tuple(stage for stage in dict.fromkeys((*stack.stages, *used)) if stage in used)


def _ports(stack: Stack, units: Mapping[str, PlanUnit]) -> dict[str, PortSpec]:
    """The ports somebody listens on or is told. CORS lists count: a storefront may be started later."""
    told: set[str | None] = set()
    shared = list(stack.env.values()) if units else []
    for unit in units.values():
        told |= {unit.port, *ports_told(unit.spec)}
        contract = stack.contracts.get(unit.spec.contract or "", {})
        shared += [item for variable in contract.values() for item in variable.add]
    told |= {name for text in shared for namespace, name in references(text) if namespace in ("port", "url")}
    return {name: port for name, port in stack.ports.items() if name in told}
