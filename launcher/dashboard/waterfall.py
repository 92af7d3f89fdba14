"""A boot as a waterfall of characters: a line a unit, the critical path marked, earlier boots beside it. Pure.

It is drawn from the document of `rxlaunch timeline -o json`, for whatever a terminal can show.
"""

import os
import shutil
import textwrap
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TextIO

from launcher.dashboard.printable import printable
from launcher.values import Value

Document = Mapping[str, Any]
_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 3600)
_TICK = 9  # columns that a label of the axis should have
_NARROWEST, _LEAST_BAR = 40, 10
_TIME, _USUAL = 9, 11  # columns of this run's time and of the usual one
_WITH_USUAL = 64  # columns from which on the usual time has its place beside this run's
OWN = "(rxlaunch)"  # the line of its own work
_PAINTED = ("waiting", "ready", "probing", "working")  # later ones cover earlier ones: short work stays seen
_TINTS = {
    "waiting": "2",
    "working": "34",
    "probing": "33",
    "ready": "32",
    "failed": "1;31",
    "skipped": "2",
    "own": "35",
}


class Canvas(Value, frozen=True):
    """What a terminal can show."""

    width: int = 80
    unicode: bool = True
    color: bool = False


class Signs(Value, frozen=True):
    """The characters to draw with."""

    bars: Mapping[str, str]
    arrow: str
    grew: str
    cut: str
    apart: str
    none: str

    def text(self) -> str:
        """All of them."""
        return "".join(self.bars.values()) + self.arrow + self.grew + self.cut + self.apart + self.none


BLOCKS = Signs(
    {"waiting": "·", "working": "█", "probing": "▒", "ready": "━", "failed": "✘", "skipped": "○", "own": "█"},
    "→", "▲", "…", "·", "–",
)  # fmt: skip
ASCII = Signs(
    {"waiting": ".", "working": "#", "probing": "=", "ready": "-", "failed": "x", "skipped": "o", "own": "#"},
    "->", "^", "~", "-", "-",
)  # fmt: skip


def canvas_of(stream: TextIO) -> Canvas:
    """What a stream can show: its encoding's characters, colours on a terminal that wants them, its width."""
    terminal = stream.isatty()
    dull = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    try:
        BLOCKS.text().encode(getattr(stream, "encoding", None) or "utf-8")
        able = True
    except (UnicodeEncodeError, LookupError):
        able = False
    return Canvas(shutil.get_terminal_size((100, 24)).columns, able, terminal and not dull)


def draw(document: Document, canvas: Canvas) -> str:
    """The drawing: what happened, a line a unit, what the characters mean, and what the time went to."""
    drawing = _Drawing(document, canvas)
    return "\n".join(line.rstrip() for line in drawing.lines())


class _Drawing:
    """One drawing in progress: its measures, and its parts."""

    def __init__(self, document: Document, canvas: Canvas) -> None:
        self.document = document
        self.canvas = canvas
        self.width = max(_NARROWEST, canvas.width)
        self.signs = BLOCKS if canvas.unicode else ASCII
        self.rows = [row for row in document["units"] if row["begun"] is not None or row["segments"]]
        self.usual = {each["name"]: each for each in document["history"]}
        known = any(each["p50"] is not None for each in document["history"])
        self.beside = known and self.width >= _WITH_USUAL
        names = [row["unit"] for row in self.rows] + ([OWN] if document["own"]["gaps"] else [])
        longest = max(map(len, names), default=0)
        self.name = min(longest, max(8, self.width // 4))
        right = _TIME + (_USUAL if self.beside else 0)
        self.bar = max(_LEAST_BAR, self.width - 2 - self.name - 1 - right)
        self.whole = max(float(document["seconds"]), 0.001)

    def lines(self) -> Iterator[str]:
        """Every line."""
        yield from self.folded(_heading(self.document))
        if self.rows:
            yield self.axis()
            yield from map(self.row, self.rows)
            yield from self.ours()
            yield from self.legend()
        yield from self.notes()
        yield from self.path()
        yield from self.own()
        yield from self.grown()

    # --- the waterfall --------------------------------------------------------------------------------------

    def axis(self) -> str:
        """Labels of the time, and of the columns right of the bars."""
        most = max(1, self.bar // _TICK)
        step = next((step for step in _STEPS if self.whole / step <= most), _STEPS[-1])
        line, number = "", 0
        while number * step <= self.whole:
            at, label = round(number * step / self.whole * self.bar), f"{number * step:g} s"
            if at + len(label) <= self.bar:
                line = f"{line:<{at}}{label}"
            number += 1
        beside = f"{'usual':>{_USUAL - 2}}" if self.beside else ""
        return self.tinted(f"{'':<{self.name + 3}}{line:<{self.bar}}{'this run':>{_TIME}}{beside}", "2")

    def row(self, row: Mapping[str, Any]) -> str:
        """One unit."""
        name = f"{self.cut(printable(row['unit']), self.name):<{self.name}}"
        mark = "*" if row["critical"] else " "
        shown = self.tinted(f"{mark} {name}", "1") if row["critical"] else f"{mark} {name}"
        return f"{shown} {self.painted(self.cells(row))}{self.times(row)}"

    def cells(self, row: Mapping[str, Any]) -> list[str]:
        """What each column of the bar shows."""
        cells = [""] * self.bar
        for kind in _PAINTED:
            for segment in row["segments"]:
                if segment["kind"] == kind:
                    first = min(self.bar - 1, self.column(segment["from"]))
                    last = max(first + 1, self.column(segment["to"]))
                    cells[first:last] = [kind] * (last - first)
        if row["phase"] in ("failed", "skipped"):
            busy = [at for at, kind in enumerate(cells) if kind in ("working", "probing")]
            cells[busy[-1] if busy else max(0, self.column(row["begun"] or 0) - 1)] = row["phase"]
        return cells

    def ours(self) -> Iterator[str]:
        """When nobody worked but rxlaunch, as a line of its own."""
        gaps = self.document["own"]["gaps"]
        if gaps:
            segments = [{**gap, "kind": "working"} for gap in gaps]
            cells = self.cells({"segments": segments, "phase": "", "begun": None})
            painted = self.painted(["own" if kind else "" for kind in cells])
            name = f"{self.cut(OWN, self.name):<{self.name}}"
            yield f"{self.tinted(f'  {name}', '2')} {painted}{_seconds(self.document['own']['seconds']):>{_TIME}}"

    def column(self, seconds: float) -> int:
        """The column at which a time is, from the left of the bars."""
        return min(self.bar, max(0, round(seconds / self.whole * self.bar)))

    def painted(self, cells: Sequence[str]) -> str:
        """The characters of a bar, each run of one kind in its colour."""
        parts, at = "", 0
        while at < len(cells):
            kind, end = cells[at], at
            while end < len(cells) and cells[end] == kind:
                end += 1
            parts += self.tinted(self.signs.bars.get(kind, " ") * (end - at), _TINTS.get(kind, ""))
            at = end
        return parts

    def times(self, row: Mapping[str, Any]) -> str:
        """This run's time and the usual one."""
        this = _seconds(row["seconds"]) if row["seconds"] is not None else ""
        text = f"{this:>{_TIME}}"
        if not self.beside:
            return text
        each = self.usual.get(row["unit"], {})
        usual = _seconds(each["p50"]) if each.get("p50") is not None else self.signs.none
        mark = self.tinted(f" {self.signs.grew}", "33") if each.get("grew") else ""
        return f"{text}{usual:>{_USUAL - 2}}{mark}"

    def legend(self) -> Iterator[str]:
        """What the characters mean."""
        kinds = {kind for row in self.rows for kind in self.cells(row)}
        told = [
            self.tinted(self.signs.bars[kind], _TINTS[kind]) + f" {kind}" for kind in self.signs.bars if kind in kinds
        ]
        plain = [f"{self.signs.bars[kind]} {kind}" for kind in self.signs.bars if kind in kinds]
        if any(row["critical"] for row in self.rows):
            told.append("* critical path")
            plain.append(told[-1])
        if self.beside and any(each["grew"] for each in self.usual.values()):
            told.append(f"{self.signs.grew} grew")
            plain.append(told[-1])
        line, used = "", 0
        for shown, text in zip(told, plain, strict=True):
            if used and used + 3 + len(text) > self.width:
                yield f"  {line}"
                line, used = "", 0
            line += ("   " if used else "") + shown
            used += (3 if used else 2) + len(text)
        yield f"  {line}"

    # --- below it -------------------------------------------------------------------------------------------

    def notes(self) -> Iterator[str]:
        """What was skipped, failed or never begun, and why."""
        for phase in ("failed", "skipped"):
            for row in self.document["units"]:
                if row["phase"] == phase:
                    yield from self.folded(f"{phase}  {row['unit']}: {row['note'] or 'no reason is told'}")
        waiting = [row["unit"] for row in self.document["units"] if row["phase"] == "waiting" and row["begun"] is None]
        if waiting:
            word = "waiting" if self.document["outcome"] == "booting" else "never begun"
            yield from self.folded(f"{word}  {', '.join(waiting)}")
        left = [row["unit"] for row in self.document["units"] if row["phase"] == "pending"]
        if left and self.rows:
            yield from self.folded(f"not in this boot  {', '.join(left)}")

    def path(self) -> Iterator[str]:
        """The critical path in words."""
        steps = [f"{step['unit']} {_seconds(step['to'] - step['from'])}" for step in self.document["path"]]
        if steps:
            yield from self.folded(f"critical path  {f' {self.signs.arrow} '.join(steps)}")

    def own(self) -> Iterator[str]:
        """What rxlaunch itself took."""
        if self.document["summary"]["own"]:
            yield from self.folded(f"rxlaunch's own: {self.document['summary']['own']}")

    def grown(self) -> Iterator[str]:
        """What took longer than it does here."""
        for sentence in self.document["summary"]["grew"]:
            yield from self.folded(f"grew  {sentence}")

    # --- words ----------------------------------------------------------------------------------------------

    def folded(self, text: str) -> list[str]:
        """Text in lines that fit, the later ones set in."""
        clean = printable(" ".join(text.split(" "))).replace("\n", f" {self.signs.apart} ")
        if not self.canvas.unicode:
            clean = clean.encode("ascii", "replace").decode("ascii")
        return textwrap.wrap(clean, self.width, subsequent_indent="    ") or [""]

    def cut(self, text: str, most: int) -> str:
        """Text that is no longer than that."""
        return text if len(text) <= most else text[: most - 1] + self.signs.cut

    def tinted(self, text: str, tint: str) -> str:
        """Text in a colour, where there are colours."""
        return f"\x1b[{tint}m{text}\x1b[0m" if self.canvas.color and tint and text.strip() else text


def _heading(document: Document) -> str:
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(document["at"]))
    return f"{document['name']}: {document['summary']['outcome']} ({document['mode']}, {when})"


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds < 99.995 else f"{seconds:.0f} s"
