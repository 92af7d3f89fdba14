"""One boot folded from its events: what each unit did when (waiting, working, probing, ready). Pure; draws nothing.

Times are seconds since the stack began. What came after the boot is not in it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from launcher import events as e
from launcher.app import timeline
from launcher.plan.others import Span
from launcher.state.snapshot import SUCCESSFUL_ENDS
from launcher.values import Value

_ENDS = (e.UnitReady, e.UnitDone, e.UnitSkipped, e.UnitFailed)
_LIVES_NO_MORE = (*_ENDS, e.UnitExited, e.UnitStarting, e.UnitBackingOff, e.UnitStopped)

_KINDS: Mapping[type[e.Event], str] = {
    e.UnitWaiting: "waiting",
    e.UnitBackingOff: "waiting",
    e.UnitStarting: "working",
    e.UnitProbing: "probing",
    e.UnitReady: "ready",
    **dict.fromkeys((e.UnitDone, e.UnitSkipped, e.UnitFailed, e.UnitStopping, e.UnitStopped), ""),
}


class Segment(Value, frozen=True):
    """A stretch of a unit's time: waiting, working, probing or ready."""

    kind: str
    begin: float
    end: float

    def to_json(self) -> dict[str, Any]:
        """A JSON object of the segment."""
        return {"kind": self.kind, "from": round(self.begin, 3), "to": round(self.end, 3)}


@dataclass(slots=True)
class Course:
    """The course of one unit: its segments, when others worked for it, when its dependents could begin."""

    segments: list[Segment] = field(default_factory=list)
    busy: list[Span] = field(default_factory=list)
    held: list[float] = field(default_factory=list)  # it became ready or done
    started: list[float] = field(default_factory=list)  # it had a process, or was asked
    _kind: str = ""
    _since: float = 0.0
    _alive_since: float | None = None

    def take(self, event: e.Event, at: float) -> None:
        """What one event changes."""
        if isinstance(event, _LIVES_NO_MORE):
            self._gone(at)
        if isinstance(event, e.UnitStarted | e.UnitProbing) and self._alive_since is None:
            self._alive_since = at
            self.started.append(at)
        if isinstance(event, _ENDS) and not isinstance(event, e.UnitFailed):
            self.held.append(at)
        kind = _kind_after(event, self._kind)
        if kind != self._kind:
            self.close(at)
            self._kind, self._since = kind, at

    def close(self, at: float) -> None:
        """End what goes on; it goes on after that unless an event says otherwise."""
        if self._kind and at > self._since:
            self.segments.append(Segment(self._kind, self._since, at))
        self._since = at

    def finish(self, at: float) -> None:
        """The boot is over."""
        self.close(at)
        self._gone(at)

    def _gone(self, at: float) -> None:
        if self._alive_since is not None:
            self.busy.append((self._alive_since, at))
        self._alive_since = None


def _kind_after(event: e.Event, kind: str) -> str:
    """What a unit is busy with after an event; files of earlier versions tell of the first answer only."""
    if isinstance(event, e.UnitProbed):
        return "probing" if kind == "working" else kind
    return _KINDS.get(type(event), kind)


class Boot(Value, frozen=True):
    """One boot. `outcome`: ready, failed, stopped (before it was ready), booting, ended (its supervisor is gone)."""

    start: e.StackStarting
    outcome: str
    seconds: float  # from the stack's beginning to its outcome, or to now
    told: float | None  # how long it took by its own words, without what is done before the first unit
    reason: str | None
    rows: Sequence[timeline.Row]
    courses: Mapping[str, Course]
    needs: Mapping[str, Mapping[str, str]]

    def row(self, unit: str) -> timeline.Row:
        """The row of a unit."""
        return next(row for row in self.rows if row["unit"] == unit)


def fold(events: Iterable[e.Event], now: float | None) -> Boot | None:
    """The last boot in these events; None when there is none. `now` is given while its supervisor lives."""
    everything = list(events)
    begins = [number for number, event in enumerate(everything) if isinstance(event, e.StackStarting)]
    if not begins:
        return None
    start = everything[begins[-1]]
    assert isinstance(start, e.StackStarting)  # noqa: S101 - for the reader and mypy
    course = everything[begins[-1] :]
    over = next((n for n, event in enumerate(course) if isinstance(event, e.StackReady | e.StackStopping)), None)
    end = course[over] if over is not None else None
    until = end.at if end is not None else now if now is not None else course[-1].at
    seconds = max(0.0, until - start.at)
    inside = course[:over]
    return Boot(
        start=start,
        outcome=_outcome(end, alive=now is not None),
        seconds=seconds,
        told=end.seconds if isinstance(end, e.StackReady) else None,
        reason=end.reason if isinstance(end, e.StackStopping) else None,
        rows=timeline.rows(inside),
        courses=_courses(start, inside, course, seconds),
        needs=_needs(start, inside),
    )


def _outcome(end: e.Event | None, *, alive: bool) -> str:
    if isinstance(end, e.StackReady):
        return "ready"
    if isinstance(end, e.StackStopping):
        return "stopped" if end.exit_code in SUCCESSFUL_ENDS else "failed"
    return "booting" if alive else "ended"


def _courses(
    start: e.StackStarting, inside: Sequence[e.Event], whole: Sequence[e.Event], seconds: float
) -> dict[str, Course]:
    courses = {name: Course() for name in start.units}
    for event in inside:
        unit = getattr(event, "unit", None)
        if unit is not None:
            courses.setdefault(unit, Course()).take(event, max(0.0, event.at - start.at))
    for course in courses.values():
        course.finish(seconds)
    for event in whole:  # work that is interrupted tells of itself when the boot is over
        if isinstance(event, e.UnitWorked):
            spans = ((begin - start.at, end - start.at) for begin, end in event.spans)
            courses.setdefault(event.unit, Course()).busy += [
                (begin, min(end, seconds)) for begin, end in spans if begin < seconds
            ]
    return courses


def _needs(start: e.StackStarting, inside: Sequence[e.Event]) -> dict[str, dict[str, str]]:
    """What each unit depends on; what it waited for, where the file doesn't tell."""
    found = {unit: dict(needs) for unit, needs in start.needs}
    if not found:
        for event in inside:
            if isinstance(event, e.UnitWaiting):
                found.setdefault(event.unit, {}).update(event.on)
    return found
