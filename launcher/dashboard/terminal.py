"""The live progress of a boot on a terminal, drawn from snapshots. Leaves the terminal as it was."""

import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Self, TextIO, cast

from launcher.dashboard.prefix import format_line
from launcher.dashboard.printable import printable
from launcher.state.snapshot import Snapshot, UnitView

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.live import Live
    from rich.table import Table

_FRAMES_PER_SECOND = 8
_MARKS = {
    "ready": ("●", "green"),
    "done": ("✔", "green"),
    "skipped": ("✔", "dim green"),
    "failed": ("✘", "bold red"),
    "unready": ("!", "yellow"),
    "backoff": ("!", "yellow"),
    "stopped": ("○", "dim"),
}
_BUSY = frozenset({"starting", "stopping"})


class LiveView:
    """Stages and units with their progress while a stack boots; other output is printed above."""

    def __init__(self, console: "Console | None" = None, out: Any = None) -> None:
        self._console = console
        self._out = out  # where to write when no console is given; our stdout by default
        self._live: Live | None = None
        self._snapshot: Snapshot | None = None
        self._width = 0

    @property
    def active(self) -> bool:
        """Whether the live display is on the terminal."""
        return self._live is not None

    def update(self, snapshot: Snapshot) -> None:
        """Show this snapshot from the next frame on."""
        self._snapshot = snapshot
        self._width = max((len(name) for name in snapshot.units), default=0)

    def log(self, unit: str, line: str) -> None:
        """Print a line of a unit's output above the display."""
        self.print(format_line(unit, line, self._width, color=True))

    def print(self, text: str) -> None:
        """Print lines above the display. A terminal that is gone swallows them."""
        from rich.text import Text

        if self._live is not None:
            self._live.console.print(Text.from_ansi(text), soft_wrap=True)

    def finish(self, snapshot: Snapshot) -> None:
        """End the display and leave what it showed last, standing still."""
        self.update(snapshot)
        console = self._live.console if self._live is not None else None
        self._stop()
        if console is not None:
            console.print(_table(snapshot, time.time(), spinner=None))

    def __enter__(self) -> Self:
        from rich.live import Live

        self._live = Live(
            console=self._console or _console(self._out or Forgiving(sys.stdout)),
            redirect_stderr=False,  # what comes there is redacted on its way, and rich would take another one
            get_renderable=self._frame,
            refresh_per_second=_FRAMES_PER_SECOND,
            transient=True,
        )
        try:
            self._live.start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        live, self._live = self._live, None
        if live is not None:
            with suppress(OSError, ValueError):
                live.stop()

    def _frame(self) -> "RenderableType":
        from rich.spinner import Spinner

        if self._snapshot is None:
            return ""
        now = time.time()
        spinner = Spinner("dots").render(now)
        return _table(self._snapshot, now, spinner=spinner)


def _console(out: Any) -> "Console":
    from rich.console import Console

    return Console(file=cast("IO[str]", out), highlight=False)


def _table(snapshot: Snapshot, now: float, *, spinner: "RenderableType | None") -> "Table":
    """The stages in their order, each with its units."""
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2, 0, 0), expand=True)
    for _ in range(3):
        table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)  # it alone gives way on a narrow terminal
    for stage, units in stages(snapshot):
        for index, unit in enumerate(units):
            mark, style = _MARKS.get(unit.phase, ("·", "dim"))
            shown = spinner if spinner is not None and unit.phase in _BUSY else Text(mark, style)
            name = Text.assemble(("" if index else stage, "dim"))
            table.add_row(name, shown, Text(unit.name), Text(printable(describe(unit, now)), "dim"))
    return table


def stages(snapshot: Snapshot) -> list[tuple[str, list[UnitView]]]:
    """The units by stage, in the order of the plan."""
    grouped: dict[str, list[UnitView]] = {}
    for unit in snapshot.units.values():
        grouped.setdefault(unit.stage, []).append(unit)
    return list(grouped.items())


def describe(unit: UnitView, now: float) -> str:
    """What a unit does or did, how long, and what it waits for."""
    return ", ".join(_parts(unit, now)).split("\n")[0]


def _parts(unit: UnitView, now: float) -> Iterator[str]:
    if unit.phase == "waiting":
        yield "waits for " + ", ".join(name for name, _ in unit.waiting_on)
        return
    if unit.phase in _BUSY:
        yield f"{unit.phase} {max(0.0, now - unit.since):.1f} s"
        if unit.last_probe or unit.note:
            yield unit.last_probe or unit.note or ""
        return
    yield unit.phase if unit.seconds is None else f"{unit.phase} after {unit.seconds:.1f} s"
    if unit.failure is not None:
        yield unit.failure.reason
    elif unit.note:
        yield unit.note


class Forgiving:
    """A text stream that replaces what its encoding lacks, and swallows everything once nobody reads any more."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._open = True

    def write(self, text: str) -> int:
        """Write, unless that failed before."""
        encoding = self._stream.encoding or "utf-8"
        if self._open:
            try:
                self._stream.write(text.encode(encoding, "replace").decode(encoding))
            except (OSError, ValueError):
                self._open = False
        return len(text)

    def flush(self) -> None:
        """Flush, unless writing failed before."""
        if self._open:
            try:
                self._stream.flush()
            except (OSError, ValueError):
                self._open = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
