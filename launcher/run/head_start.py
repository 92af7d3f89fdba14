"""Who may begin before what it depends on holds. Pure; the machine asks, and sees to it that nothing comes of it.

A service with `head_start` loads for seconds before it asks anybody. Where the tasks before it will find nothing to do,
as at the last boot, it begins beside them; it counts as ready only once they are done, and begins anew when one of them
has work to do after all.
"""

from launcher.run.dependencies import Units, dependents
from launcher.run.state import Phase, UnitState

SECONDS = 1.0  # what it depends on must hold by then, or it begins anew: what it would see of it is unknown


def allowed(units: Units, unit: UnitState) -> bool:
    """Whether it may begin now, though not all it depends on holds: once in a boot, and with the servers there.

    `units` is in topological order.
    """
    if not unit.head_start or unit.generation > 0:
        return False
    promised: dict[str, bool] = {}
    for name, other in units.items():
        promised[name] = _promises(other, promised)
    return all(promised.get(name, True) for name in unit.depends_on)


def _promises(unit: UnitState, promised: dict[str, bool]) -> bool:
    """Whether a unit will hold without having changed anything, as far as those it depends on do."""
    if unit.settled:
        return True
    if unit.is_service:
        return unit.phase is Phase.STARTING and unit.has_process  # its outputs are known
    waits = unit.idle and unit.wanted and unit.phase in (Phase.PENDING, Phase.STARTING)
    return waits and all(promised.get(need, True) for need in unit.depends_on)


def begun_on(units: Units, name: str) -> list[str]:
    """Who has begun in the belief that this task will find nothing to do."""
    return [other for other in dependents(units, name) if units[other].ahead and units[other].live]
