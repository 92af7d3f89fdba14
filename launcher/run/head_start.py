"""Who may begin before what it depends on holds. Pure; the machine asks, and sees to it that nothing comes of it.

A service with `head_start` loads for seconds before it asks anybody. Where the tasks before it will find nothing to do,
as at the last boot, it begins beside them; it counts as ready only once they are done, and begins anew when one of them
has work to do after all.
"""

from collections.abc import Mapping

from launcher.run.state import Phase, UnitState

SECONDS = 1.0  # what it depends on must hold by then, or it begins anew: what it would see of it is unknown
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


def allowed(units: Units, unit: UnitState) -> bool:
    """Whether it may begin now, though not all it depends on holds: once in a boot, and with the servers there."""
    return unit.head_start and unit.generation == 0 and all(_promises(units, name) for name in unit.depends_on)


def _promises(units: Units, name: str) -> bool:
    """Whether a dependency will hold without having changed anything."""
    unit = units.get(name)
    if unit is None or unit.settled:
        return True
    if unit.is_service:
        return unit.phase is Phase.STARTING and unit.has_process  # its outputs are known
    waits = unit.idle and unit.wanted and unit.phase in (Phase.PENDING, Phase.STARTING)
    return waits and all(_promises(units, need) for need in unit.depends_on)


def begun_on(units: Units, name: str) -> list[str]:
    """Who has begun in the belief that this task will find nothing to do."""
    return [unit.name for unit in units.values() if unit.ahead and unit.live and _needs(units, unit, name)]


def _needs(units: Units, unit: UnitState, name: str) -> bool:
    return any(need == name or (need in units and _needs(units, units[need], name)) for need in unit.depends_on)
