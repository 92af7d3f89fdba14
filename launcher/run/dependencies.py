"""Who depends on whom among the units of a running stack, and what of it holds. Pure."""

from collections.abc import Mapping

from launcher.run.state import Phase, UnitState

_CONDITIONS = {"healthy": (Phase.READY,), "completed": (Phase.DONE,), "started": (Phase.READY, Phase.DONE)}
Units = Mapping[str, UnitState]


def missing(units: Units, unit: UnitState) -> dict[str, str]:
    """What a unit waits for: name and condition of each dependency that doesn't hold."""
    return {name: condition for name, condition in unit.depends_on.items() if not _holds(units, name, condition)}


def _holds(units: Units, name: str, condition: str) -> bool:
    unit = units.get(name)
    if unit is None:
        return True  # outside the selection: the user took it upon himself
    return unit.phase in _CONDITIONS[condition] or (condition == "started" and unit.has_process)


def dependents(units: Units, name: str) -> set[str]:
    """Whoever depends on a unit, directly or not."""
    above, waiting = set[str](), [name]
    while waiting:
        current = waiting.pop()
        direct = {unit.name for unit in units.values() if current in unit.depends_on} - above
        above |= direct
        waiting += direct
    return above
