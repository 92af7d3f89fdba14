"""One line (or block) a notable event, for logs, CI and terminals that cannot do more. Pure."""

from collections.abc import Iterator

from launcher import diagnosis
from launcher import events as e
from launcher.dashboard.printable import printable

_NAME_WIDTH = 18
_INDENT = " " * 28
_TAIL_LINES = 20
_RED, _GREEN, _YELLOW, _DIM, _RESET = "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[2m", "\x1b[0m"


def line(event: e.Event, elapsed: float, *, color: bool = False) -> str | None:
    """What to print for the event; None for one that is not worth a line. `elapsed` is seconds since the start."""
    told = _told(event)
    if told is None:
        return None
    unit, text, tint = told
    first, *rest = printable(text).split("\n")
    head = f"{f'{elapsed:.1f}s':>7}  {unit:<{_NAME_WIDTH}} {first}".rstrip()
    shown = f"{tint}{head}{_RESET}" if color and tint else head
    return "\n".join([shown, *(f"{_INDENT}{more}".rstrip() for more in rest)])


def _told(event: e.Event) -> tuple[str, str, str] | None:
    """Which unit it is about, what happened, in which colour."""
    unit = getattr(event, "unit", None)
    return _of_stack(event) if unit is None else _of_unit(event, unit)


def _of_stack(event: e.Event) -> tuple[str, str, str] | None:  # noqa: PLR0911 - one line a kind of event
    match event:
        case e.StackStarting(mode=mode, root=root, pid=pid):
            return event.name, f"starting ({mode}, pid {pid}) in {root}", ""
        case e.PortChosen(name=name, port=port, moved_from=wanted, holder=holder) if wanted is not None:
            return name, f"port {port}, because {wanted} is taken" + (f" by {holder}" if holder else ""), _YELLOW
        case e.Note(text=text):
            return "note", text, _YELLOW
        case e.StackReady(seconds=seconds):
            return "ready", f"in {seconds:.1f} s", _GREEN
        case e.StackStopping(reason=reason):
            return "stopping", reason, _YELLOW
        case e.StackStopped(exit_code=code):
            return "stopped", "" if code == 0 else f"exit code {code}", ""
    return None


def _of_unit(event: e.Event, unit: str) -> tuple[str, str, str] | None:  # noqa: C901, PLR0911 - one line a kind
    match event:
        case e.UnitStarting(generation=generation, reason=reason):
            again = "" if generation <= 1 else f" again (number {generation})"
            return unit, f"starting{again}" + (f": {reason}" if reason else ""), _DIM
        case e.UnitReady(seconds=seconds, note=note):
            return unit, f"ready after {seconds:.1f} s" + _in_brackets(note), _GREEN
        case e.UnitUnready(detail=detail):
            return unit, f"no longer healthy: {detail}", _YELLOW
        case e.UnitSkipped(reason=reason):
            return unit, f"skipped: {reason}", _GREEN
        case e.UnitDone(seconds=seconds, note=note):
            return unit, f"done in {seconds:.1f} s" + _in_brackets(note), _GREEN
        case e.UnitExited(exit=ended, expected=False):
            return unit, "\n".join([str(ended), *_left_behind(ended)]), _YELLOW
        case e.UnitBackingOff(delay=delay, failures=failures):
            return unit, f"starts again in {delay:.1f} s (failure {failures})", _YELLOW
        case e.UnitFailed(failure=failure):
            return unit, "\n".join(_failure(failure)), _RED
        case e.UnitStopped(forced=forced):
            return unit, "did not stop in time and was killed" if forced else "stopped", _YELLOW if forced else _DIM
        case e.LogTrouble(problem=problem) if problem is not None:
            return unit, f"its log file cannot be written: {problem}", _YELLOW
        case e.Note(text=text):
            return unit, text, _YELLOW
    return None


def _in_brackets(note: str | None) -> str:
    return f" ({note})" if note else ""


def _left_behind(ended: e.Exit) -> Iterator[str]:
    if ended.leftovers:
        yield f"it left {', '.join(ended.leftovers)} behind, killed now"


def _failure(failure: e.Failure) -> Iterator[str]:
    """Why, what the probe said last, the end of its log, and what to do."""
    yield f"failed: {failure.reason}"
    if failure.last_probe:
        yield f"last probe: {failure.last_probe}"
    for text in failure.tail[-_TAIL_LINES:]:
        yield f"| {text}"
    known = diagnosis.recognise(failure.reason, failure.tail)
    if known:
        yield diagnosis.explained(known)
    if failure.remedy:
        yield f"try: {failure.remedy}"
