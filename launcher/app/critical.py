"""What a boot's time went to: the critical path, and the time in which nobody but rxlaunch worked. Pure."""

from launcher.app.segments import Boot
from launcher.app.timeline import Row
from launcher.plan.others import Span, merged
from launcher.values import Value

_SAME = 0.05  # seconds within which a unit begins once its last dependency holds; clocks may step back a little


class Step(Value, frozen=True):
    """A stretch of the critical path: a unit from its beginning to when the next could begin."""

    unit: str
    begin: float
    end: float


def path(boot: Boot) -> tuple[Step, ...]:
    """From the unit that was ready last back through the dependency that held last; in the order of time.

    Of a boot that failed it leads to the unit that failed; of one that isn't over, to what has worked longest.
    """
    last = _last(boot)
    if last is None:
        return ()
    steps = [Step(last["unit"], last["begun"], _end(boot, last))]
    while (before := _before(boot, steps[-1])) is not None:
        steps.append(before)
    return tuple(reversed(steps))


def _last(boot: Boot) -> Row | None:
    begun = [row for row in boot.rows if row["begun"] is not None]
    failed = [row for row in begun if row["phase"] == "failed"]
    if failed:
        return min(failed, key=lambda row: _end(boot, row))
    unfinished = [row for row in begun if row["ready"] is None]
    if unfinished:
        return min(unfinished, key=lambda row: float(row["begun"]))
    return max(begun, key=lambda row: float(row["ready"]), default=None)


def _end(boot: Boot, row: Row) -> float:
    if row["ready"] is not None:
        return float(row["ready"])
    return float(row["begun"]) + float(row["seconds"]) if row["phase"] == "failed" else boot.seconds


def _before(boot: Boot, step: Step) -> Step | None:
    """The dependency whose hold let the unit begin."""
    found: list[tuple[float, str]] = []
    for need, condition in boot.needs.get(step.unit, {}).items():
        course = boot.courses.get(need)
        if course is not None:
            times = course.held + (course.started if condition == "started" else [])
            held = [at for at in times if at <= step.begin + _SAME]
            if held:
                found.append((min(held) if condition == "started" else max(held), need))
    if not found:
        return None
    at, need = max(found)
    begun = boot.row(need)["begun"]
    return None if begun is None else Step(need, min(float(begun), at), at)


def own(boot: Boot) -> tuple[Span, ...] | None:
    """When on the critical path nobody worked but rxlaunch: no unit's process, and no server that it asked.

    None while that cannot be told: the boot isn't over, or is one of a version that doesn't record it.
    """
    if not boot.start.needs or boot.outcome not in ("ready", "failed"):
        return None
    steps = path(boot)
    end = boot.seconds if boot.outcome == "ready" or not steps else steps[-1].end
    gaps, at = [], 0.0
    for begin, until in merged(span for course in boot.courses.values() for span in course.busy):
        if begin >= end:
            break
        if begin > at:
            gaps.append((at, begin))
        at = max(at, until)
    return (*gaps, (at, end)) if at < end else tuple(gaps)


def loading(boot: Boot) -> float | None:
    """From the beginning of the command that asked for the boot to that of the stack; None when that isn't known."""
    return None if boot.start.asked_at is None else max(0.0, boot.start.at - boot.start.asked_at)
