"""Whether a service that ended is started again, and after how long: its restart policy. Pure."""

from launcher.run import messages as m
from launcher.run.state import Phase, State, UnitState


def may_restart(stack: State, unit: UnitState, message: m.Ended, now: float) -> bool:
    """Whether the policy allows another incarnation; never for a first start that fails during the boot."""
    if not unit.is_service or unit.restart.policy == "no" or stack.stopping:
        return False
    if unit.phase is not Phase.READY and (stack.booting or message.exit is None):
        return False
    ok = message.exit is not None and message.exit.ok
    if ok and unit.restart.policy == "on-failure":
        return False
    return len(recent_failures(unit, now)) < unit.restart.max_failures


def recent_failures(unit: UnitState, now: float) -> tuple[float, ...]:
    """Times of the failures that still count, this one included."""
    if unit.ready_at is not None and now - unit.ready_at >= unit.restart.reset_after:
        return (now,)
    earliest = now - unit.restart.window
    return (*(at for at in unit.failures if at > earliest), now)


def delay(unit: UnitState, failures: int, now: float) -> float:
    """Seconds until it is started again, after so many failures."""
    spec = unit.restart
    whole = min(spec.max_delay, spec.delay * spec.factor ** (failures - 1))
    if unit.ready_at is None:
        return whole
    return max(0.0, whole - (now - unit.ready_at))  # what was ready that long has waited already
