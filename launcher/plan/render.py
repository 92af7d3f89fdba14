"""A plan as a picture: text for the terminal, DOT and Mermaid for documents. Pure."""

from launcher.plan.build import Plan, PlanUnit

_WAITS_FOR = {"healthy": "ready", "completed": "done", "started": "started"}


def text(plan: Plan) -> str:
    """Units by stage, each with what it waits for."""
    lines = [f"{plan.name} ({plan.mode})"]
    for stage in plan.stages:
        lines.append(stage)
        members = _members(plan, stage)
        for unit in members:
            branch = "└─" if unit is members[-1] else "├─"
            lines.append(f"{branch} {unit.name}{_kind(unit)}{_after(unit)}")
    return "\n".join(lines) + "\n"


def _members(plan: Plan, stage: str) -> list[PlanUnit]:
    return [unit for unit in plan.units.values() if unit.stage == stage]


def _kind(unit: PlanUnit) -> str:
    return f" (service, port {unit.port})" if unit.port else f" ({unit.kind})"


def _after(unit: PlanUnit) -> str:
    waits = [f"{name} {_WAITS_FOR[condition]}" for name, condition in unit.depends_on.items()]
    return f" after {', '.join(waits)}" if waits else ""


def dot(plan: Plan) -> str:
    """Graphviz DOT; an arrow leads from a unit to what waits for it."""
    lines = ["digraph stack {", "  rankdir=LR;"]
    for number, stage in enumerate(plan.stages):
        lines += [f"  subgraph cluster_{number} {{", f'    label="{stage}";']
        lines += [f'    "{unit.name}" [shape={_shape(unit)}];' for unit in _members(plan, stage)]
        lines.append("  }")
    lines += [f'  "{need}" -> "{name}" [label="{label}"];' for need, name, label in _edges(plan)]
    return "\n".join([*lines, "}"]) + "\n"


def _shape(unit: PlanUnit) -> str:
    return "box" if unit.kind == "service" else "ellipse"


def mermaid(plan: Plan) -> str:
    """A Mermaid flow chart, as GitHub shows it."""
    identity = {name: f"u{number}" for number, name in enumerate(plan.units)}  # `end` and the like are keywords
    lines = ["flowchart LR"]
    for number, stage in enumerate(plan.stages):
        lines.append(f'  subgraph s{number}["{stage}"]')
        for unit in _members(plan, stage):
            opening, closing = ("[", "]") if unit.kind == "service" else ("([", "])")
            lines.append(f'    {identity[unit.name]}{opening}"{unit.name}"{closing}')
        lines.append("  end")
    lines += [f"  {identity[need]} -->|{label}| {identity[name]}" for need, name, label in _edges(plan)]
    return "\n".join(lines) + "\n"


def _edges(plan: Plan) -> list[tuple[str, str, str]]:
    return [
        (need, unit.name, _WAITS_FOR[condition])
        for unit in plan.units.values()
        for need, condition in unit.depends_on.items()
    ]
