"""`rxlaunch timeline`, and `up --timeline`: the boot of the running or last instance as a document, and its drawings.

The document is the JSON of `-o json`, and all that the drawings know:

    outcome   ready, failed, stopped (before it was ready), booting, or ended (the supervisor is gone without a word)
    seconds   from the stack's beginning to its outcome, or to now; `told` is the boot's own count, once it is ready
    units     unit, stage, phase, begun, ready, seconds, note; needs; critical; segments: kind (waiting, working,
              probing, ready), from, to. Times are seconds since the stack's beginning, null for what never happened
    path      the critical path in the order of time: unit, from, to
    own       loading: from the command's beginning to the stack's; seconds: rxlaunch's own on the critical path, in
              which no unit's process worked and no server was asked; gaps: where that is. null where it isn't known
    history   name (of a unit, or "the whole boot"), seconds, p50 of the earlier boots of this checkout in this mode,
              how many those are, and whether it grew: took unusually much longer
    summary   the outcome, rxlaunch's own and what grew, in words
"""

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from launcher import events as e
from launcher.app import critical, history, segments, wording
from launcher.app.opening import locate
from launcher.app.result import VERSION, Result
from launcher.app.writing import write
from launcher.dashboard import waterfall
from launcher.errors import NotRunning
from launcher.paths import StackPaths
from launcher.state import lock, store

Document = Mapping[str, Any]


def timeline(directory: Path, html: Path | None = None) -> Result:
    """The running stack's boot, or the last one's; `html` is written, too. Raises NotRunning when there was none."""
    where = locate(directory)
    found = read(where)
    if found is None:
        raise NotRunning(f"no boot of {where.root} is recorded", remedy="rxlaunch up --timeline")
    if html is not None:
        write(html, page(found))
    return Result(f"wrote {html}" if html is not None else "", found)


def read(where: StackPaths) -> Document | None:
    """The document of the boot that is recorded; None when there is none."""
    alive = lock.running(where) is not None
    return document(where, store.read_events(where.events), time.time() if alive else None)


def document(where: StackPaths, events: Iterable[e.Event], now: float | None) -> Document | None:
    """The document of the last boot in these events; `now` is given while its supervisor lives."""
    boot = segments.fold(events, now)
    if boot is None:
        return None
    steps = critical.path(boot)
    on_path = {step.unit for step in steps}
    start = boot.start
    found = {
        "instance": start.instance,
        "name": start.name,
        "root": start.root,
        "mode": start.mode,
        "at": round(start.at, 3),
        "outcome": boot.outcome,
        "seconds": round(boot.seconds, 3),
        "told": None if boot.told is None else round(boot.told, 3),
        "reason": boot.reason,
        "units": [_unit(boot, row, critical=row["unit"] in on_path) for row in boot.rows],
        "path": [{"unit": s.unit, "from": round(s.begin, 3), "to": round(s.end, 3)} for s in steps],
        "own": _own(boot),
        "history": [each.to_json() for each in _history(where, boot)],
    }
    return {**found, "summary": wording.summary(found)}


def _unit(boot: segments.Boot, row: Mapping[str, Any], *, critical: bool) -> dict[str, Any]:
    course = boot.courses[row["unit"]]
    return {
        **row,
        "needs": list(boot.needs.get(row["unit"], {})),
        "critical": critical,
        "segments": [segment.to_json() for segment in course.segments],
    }


def _own(boot: segments.Boot) -> dict[str, Any]:
    loading, gaps = critical.loading(boot), critical.own(boot)
    return {
        "loading": None if loading is None else round(loading, 3),
        "seconds": None if gaps is None else round(sum(end - begin for begin, end in gaps), 3),
        "gaps": None if gaps is None else [{"from": round(begin, 3), "to": round(end, 3)} for begin, end in gaps],
    }


def _history(where: StackPaths, boot: segments.Boot) -> list[history.Beside]:
    """The units whose work was done, beside earlier boots; what was skipped or failed took no time to compare."""
    times = {
        str(row["unit"]): row["seconds"] if row["phase"] in ("ready", "done") else None
        for row in boot.rows
        if row["begun"] is not None
    }
    if boot.told is not None and all(row["begun"] is not None for row in boot.rows):
        times[history.WHOLE] = round(boot.told, 3)
    return history.beside(where, boot.start.instance, boot.start.mode, times)


def drawn(found: Document, canvas: waterfall.Canvas) -> str:
    """The drawing for a terminal."""
    return waterfall.draw(found, canvas)


def page(found: Document) -> str:
    """The drawing as one page of HTML that needs nothing else."""
    from launcher.report import boot_page

    return boot_page.page(found)


class Collector:
    """Hears the events of a boot, and has it drawn once: when the stack is ready, or has failed and is stopped."""

    def __init__(self, where: StackPaths, show: Callable[[Document], None]) -> None:
        self._where = where
        self._show = show
        self._events: list[e.Event] = []
        self._over = False

    def hear(self, event: e.Event) -> None:
        """One event, in its order."""
        if self._over:
            return
        self._events.append(event)
        if isinstance(event, e.StackReady | e.StackStopped):
            self._over = True
            found = document(self._where, self._events, None)
            self._events.clear()
            if found is not None and any(row["begun"] is not None for row in found["units"]):
                self._show({"version": VERSION, **found})
