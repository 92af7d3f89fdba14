"""The boot as a waterfall in SVG: a row a unit, a bar from the beginning of its work to its end. Pure.

Horizontal measures are percentages, so that the drawing is as wide as the page and its text stays readable.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

_ROW = 38  # pixels: a line of text with its bar below
_TOP = 22  # the axis
_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 3600)
_MOST_TICKS = 6
_KINDS = ("ready", "done", "skipped", "failed")
LEGEND = (("ready", "service, ready"), ("done", "task, done"), ("skipped", "nothing to do"), ("failed", "failed"))


SEGMENTS = (
    ("waiting", "waiting"), ("working", "working"), ("probing", "probing"), ("ready", "ready"),
    ("skipped", "skipped"), ("failed", "failed"),
)  # fmt: skip


def svg(
    rows: Sequence[Mapping[str, Any]],
    escaped: Callable[[str], str],
    *,
    whole: float = 0.0,
    own: Sequence[Mapping[str, float]] = (),
) -> str:
    """The drawing; empty when no unit ever began. `escaped` makes text safe for the page.

    Rows with `segments` show them, those with `critical` are marked; `own` are stretches of rxlaunch's own work.
    """
    begun = [row for row in rows if row.get("begun") is not None or row.get("segments")]
    if not begun:
        return ""
    whole = max(whole, *(_end(row) for row in begun), 0.001)
    lines = [_row(row, whole, escaped) for row in begun]
    if own:
        lines.append(_own(own, whole))
    parts = [*_axis(whole, len(lines))]
    for number, line in enumerate(lines):
        parts.append(f'<g transform="translate(0 {_TOP + number * _ROW})">{line}</g>')
    height = _TOP + len(lines) * _ROW
    return (
        f'<svg class="waterfall" role="img" aria-label="boot timeline" width="100%" height="{height}">'
        f"{''.join(parts)}</svg>"
    )


def _end(row: Mapping[str, Any]) -> float:
    begun = float(row.get("begun") or 0)
    return float(row["ready"]) if row.get("ready") is not None else begun + float(row.get("seconds") or 0)


def _axis(whole: float, rows: int) -> list[str]:
    step = next((step for step in _STEPS if whole / step <= _MOST_TICKS), _STEPS[-1])
    parts = []
    for number in range(int(whole / step) + 1):
        at = _percent(number * step, whole)
        anchor = "start" if number == 0 else "end" if float(at) > 95 else "middle"
        parts.append(f'<line x1="{at}%" x2="{at}%" y1="{_TOP - 4}" y2="{_TOP + rows * _ROW}"/>')
        parts.append(f'<text class="soft" x="{at}%" y="12" text-anchor="{anchor}">{number * step:g} s</text>')
    return parts


def _row(row: Mapping[str, Any], whole: float, escaped: Callable[[str], str]) -> str:
    begun, end = float(row.get("begun") or 0), _end(row)
    phase = str(row.get("phase", ""))
    kind = phase if phase in _KINDS else "other"
    told = f"{phase} {end - begun:.2f} s" if kind != "other" else phase
    note = f" · {row['note']}" if row.get("note") else ""
    unit = str(row.get("unit"))
    hint = escaped(f"{unit}: {told} from {begun:.2f} to {end:.2f} s{note}")
    name = f'<tspan class="on-path">{escaped(unit)} ◆</tspan>' if row.get("critical") else escaped(unit)
    label = f'{name}<tspan class="soft" dx="8">{escaped(told + _short(note))}</tspan>'
    bars = _segments(row, whole, kind) if row.get("segments") else _bar(kind, begun, end, whole)
    return f'<title>{hint}</title><text x="0" y="14">{label}</text>{_track()}{bars}'


def _segments(row: Mapping[str, Any], whole: float, kind: str) -> str:
    """Each stretch in its shade; what was skipped or failed has its last in the colour of that."""
    parts, segments = [], row["segments"]
    for number, segment in enumerate(segments):
        last = number == len(segments) - 1 and segment["kind"] in ("working", "probing")
        shade = kind if last and kind in ("skipped", "failed") else f"seg-{segment['kind']}"
        parts.append(_bar(shade, segment["from"], segment["to"], whole, radius=2))
    return "".join(parts)


def _own(own: Sequence[Mapping[str, float]], whole: float) -> str:
    label = '<tspan class="soft">rxlaunch\'s own, while nobody else worked</tspan>'
    bars = "".join(_bar("seg-own", each["from"], each["to"], whole, radius=2) for each in own)
    return f'<text x="0" y="14">{label}</text>{_track()}{bars}'


def _track() -> str:
    return '<rect class="track" x="0" width="100%" y="20" height="9" rx="4"/>'


def _bar(kind: str, begin: float, end: float, whole: float, radius: int = 4) -> str:
    left, width = _percent(begin, whole), _percent(max(end - begin, whole * 0.003), whole)
    return f'<rect class="{kind}" x="{left}%" width="{width}%" y="20" height="9" rx="{radius}"/>'


def _short(note: str) -> str:
    return note if len(note) <= 90 else note[:89] + "…"


def _percent(value: float, whole: float) -> str:
    return f"{100 * value / whole:.3f}"
