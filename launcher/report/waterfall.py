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


def svg(rows: Sequence[Mapping[str, Any]], escaped: Callable[[str], str]) -> str:
    """The drawing; empty when no unit ever began. `escaped` makes text safe for the page."""
    begun = [row for row in rows if row.get("begun") is not None]
    if not begun:
        return ""
    whole = max(*(_end(row) for row in begun), 0.001)
    parts = [*_axis(whole, len(begun))]
    for number, row in enumerate(begun):
        parts += _row(row, _TOP + number * _ROW, whole, escaped)
    height = _TOP + len(begun) * _ROW
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


def _row(row: Mapping[str, Any], top: int, whole: float, escaped: Callable[[str], str]) -> list[str]:
    begun, end = float(row["begun"]), _end(row)
    phase = str(row.get("phase", ""))
    kind = phase if phase in _KINDS else "other"
    told = f"{phase} {end - begun:.2f} s" if kind != "other" else phase
    note = f" · {row['note']}" if row.get("note") else ""
    left, width = _percent(begun, whole), _percent(max(end - begun, whole * 0.003), whole)
    unit = str(row.get("unit"))
    hint = escaped(f"{unit}: {told} from {begun:.2f} to {end:.2f} s{note}")
    label = f'{escaped(unit)}<tspan class="soft" dx="8">{escaped(told + _short(note))}</tspan>'
    return [
        f'<g><title>{hint}</title><text x="0" y="{top + 14}">{label}</text>',
        f'<rect class="track" x="0" width="100%" y="{top + 20}" height="9" rx="4"/>',
        f'<rect class="{kind}" x="{left}%" width="{width}%" y="{top + 20}" height="9" rx="4"/></g>',
    ]


def _short(note: str) -> str:
    return note if len(note) <= 90 else note[:89] + "…"


def _percent(value: float, whole: float) -> str:
    return f"{100 * value / whole:.3f}"
