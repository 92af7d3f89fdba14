"""The text of `rxlaunch why`: a unit's present, then its history. Pure."""

import time
from collections.abc import Sequence

from launcher import diagnosis
from launcher import events as e
from launcher.state.snapshot import UnitView


def explain(unit: UnitView, history: Sequence[e.Event]) -> str:
    """What the unit is, why, and what happened to it."""
    lines = [f"{unit.name} is {unit.phase}{_because(unit)}", *_failure(unit)]
    told = [(event.at, sentence) for event in history if (sentence := sentence_of(event)) is not None]
    lines += [f"  {time.strftime('%H:%M:%S', time.localtime(at))}  {sentence}" for at, sentence in told]
    return "\n".join(lines)


def _because(unit: UnitView) -> str:
    if unit.waiting_on:
        return ": it waits for " + ", ".join(f"{name} to be {what}" for name, what in unit.waiting_on)
    if unit.phase in ("unready", "starting") and unit.last_probe:
        return f": the last probe said {unit.last_probe}"
    return f": {unit.note}" if unit.note else ""


def _failure(unit: UnitView) -> list[str]:
    if unit.failure is None:
        return []
    lines = [f"  why: {unit.failure.reason}"]
    if unit.failure.last_probe:
        lines.append(f"  last probe: {unit.failure.last_probe}")
    lines += [f"  | {line}" for line in unit.failure.tail]
    known = diagnosis.recognise(unit.failure.reason, unit.failure.tail)
    if known:
        lines.append(f"  {diagnosis.explained(known)}")
    if unit.failure.remedy:
        lines.append(f"  try: {unit.failure.remedy}")
    return lines


def sentence_of(event: e.Event) -> str | None:  # noqa: C901, PLR0911, PLR0912 - one line a kind
    """One event in words; None for one that explains nothing."""
    match event:
        case e.UnitWaiting(on=on):
            return "waits for " + ", ".join(f"{name} to be {what}" for name, what in on)
        case e.UnitStarting(generation=generation):
            return "begins" if generation == 1 else f"begins again (number {generation})"
        case e.UnitStarted(pid=pid):
            return f"runs as pid {pid}"
        case e.UnitProbed(ok=ok, detail=detail):
            return f"probe {'passed' if ok else 'failed'}: {detail}"
        case e.UnitReady(seconds=seconds, note=note):
            return f"ready after {seconds:.1f} s" + (f": {note}" if note else "")
        case e.UnitUnready(detail=detail):
            return f"no longer healthy: {detail}"
        case e.UnitSkipped(reason=reason):
            return f"skipped: {reason}"
        case e.UnitDone(seconds=seconds, note=note):
            return f"done in {seconds:.1f} s" + (f": {note}" if note else "")
        case e.UnitExited(exit=ended):
            return str(ended)
        case e.UnitBackingOff(delay=delay, failures=failures):
            return f"will be started again in {delay:g} s (failure {failures})"
        case e.UnitFailed(failure=failure):
            return f"failed: {failure.reason}"
        case e.UnitStopping():
            return "asked to stop"
        case e.UnitStopped(forced=forced):
            return "did not stop in time and was killed" if forced else "stopped"
        case e.LogTrouble(problem=problem, lost=lost):
            return f"its log file cannot be written: {problem}" if problem else f"{lost} bytes of its log are lost"
        case e.Note(text=text):
            return text
    return None
