"""The boot of an instance as rows, one a unit, folded from its events: for reports, the gate and CI. Draws nothing."""

from collections.abc import Iterable
from typing import Any

from launcher import events as e
from launcher.paths import StackPaths

Row = dict[str, Any]
"""unit, stage, phase, begun, ready (seconds since the stack began; None: never), seconds (of its work), note."""


def read(paths: StackPaths) -> list[Row]:
    """The rows of the running or last instance."""
    from launcher.state import store

    return rows(store.read_events(paths.events))


def rows(events: Iterable[e.Event]) -> list[Row]:
    """The rows in the order in which work began; what happened after the boot is not in them.

    A unit that never began comes last, with `begun` None; one that failed has `ready` None, and why as its note.
    """
    found: dict[str, Row] = {}
    began = 0.0
    for event in events:
        if isinstance(event, e.StackStarting):
            began = event.at
            found = {name: _row(name, dict(event.stages).get(name, "")) for name in event.units}
        elif isinstance(event, e.StackReady):
            break
        else:
            unit = getattr(event, "unit", None)
            if unit is not None:
                _record(found.setdefault(unit, _row(unit, "")), event, max(0.0, event.at - began))
    return sorted(found.values(), key=lambda row: (row["begun"] is None, row["begun"] or 0.0))


def boot_seconds(events: Iterable[e.Event]) -> float | None:
    """How long the stack took to be ready; None when it never was."""
    return next((event.seconds for event in events if isinstance(event, e.StackReady)), None)


def _row(unit: str, stage: str) -> Row:
    return {
        "unit": unit, "stage": stage, "phase": "pending", "begun": None, "ready": None, "seconds": None, "note": None,
    }  # fmt: skip


def _record(row: Row, event: e.Event, at: float) -> None:
    """What one event changes in the row of its unit."""
    match event:
        case e.UnitWaiting():
            row["phase"] = "waiting"
        case e.UnitStarting():
            row.update(phase="starting", begun=row["begun"] if row["begun"] is not None else round(at, 3))
        case e.UnitReady(note=note):
            _end(row, "ready", at, note)
        case e.UnitDone(note=note):
            _end(row, "done", at, note)
        case e.UnitSkipped(reason=reason):
            _end(row, "skipped", at, reason)
        case e.UnitFailed(failure=failure):
            _end(row, "failed", at, failure.reason)
            row["ready"] = None
        case e.UnitBackingOff(failures=failures):
            row.update(phase="backoff", note=f"started again after failure {failures}")
        case e.UnitStopped():
            row["phase"] = "stopped"


def _end(row: Row, phase: str, at: float, note: str | None) -> None:
    begun = row["begun"] if row["begun"] is not None else round(at, 3)
    row.update(phase=phase, begun=begun, ready=round(at, 3), seconds=round(at - begun, 3), note=note or row["note"])
