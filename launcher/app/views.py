"""Who watches a boot: a live terminal, plain lines, NDJSON, or nobody. Chosen once, when the boot begins."""

import json
import os
import sys
import time
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from launcher import events as e
from launcher.paths import StackPaths
from launcher.state.snapshot import Snapshot

if TYPE_CHECKING:
    from launcher.dashboard.patient import Patient

_LAST_LINES = 2.0  # seconds for the reader to read what is still to be read when the stack has ended


class View(Protocol):
    """Shows events and output; entered when the supervisor starts, left when it has ended."""

    def event(self, event: e.Event, snapshot: Snapshot) -> None: ...
    def output(self, unit: str, chunk: bytes) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Silent:
    """Shows nothing: the supervisor of `up -d`."""

    def event(self, event: e.Event, snapshot: Snapshot) -> None:
        """Nothing to show."""

    def output(self, unit: str, chunk: bytes) -> None:
        """Nothing to show."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to restore."""


class Printer(Silent):
    """Where text goes; once nobody reads any more it goes nowhere, and the stack goes on."""

    def __init__(self, patient: "Patient | None" = None) -> None:
        self._open = True
        self._patient = patient

    def print(self, text: str) -> None:
        """Print one or more lines."""
        if self._patient is not None:
            self._patient.write(text + "\n")
            return
        if not self._open:
            return
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        try:
            sys.stdout.write(text.encode(encoding, "replace").decode(encoding) + "\n")
            sys.stdout.flush()
        except (OSError, ValueError):
            self._open = False
            sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - stays open as our stdout

    def print_block(self, lines: bytes) -> None:
        """Print complete lines in UTF-8."""
        if self._patient is not None:
            self._patient.write_lines(lines)
        else:
            self.print(lines[:-1].decode())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._patient is not None:
            self._patient.drain(_LAST_LINES)


class Ndjson(Printer):
    """One JSON object an event."""

    def event(self, event: e.Event, snapshot: Snapshot) -> None:  # noqa: ARG002 - the protocol's
        """Print the event."""
        self.print(json.dumps(e.to_json(event)))


class Plain(Printer):
    """A line an event, and the output of services with their name before each line."""

    def __init__(
        self, paths: StackPaths, *, color: bool, show_output: bool = True, patient: "Patient | None" = None
    ) -> None:
        super().__init__(patient)
        from launcher.logs.lines import LineSplitter

        self._began = time.monotonic()
        self._paths = paths
        self._color = color
        self._show_output = show_output
        self._width = 0
        self._lines: dict[str, LineSplitter] = {}

    def event(self, event: e.Event, snapshot: Snapshot) -> None:
        """Print the event's line, and when the stack is ready what the user can do now."""
        from launcher.dashboard import plain

        self._width = max(map(len, snapshot.units), default=0)
        text = plain.line(event, time.monotonic() - self._began, color=self._color)
        if text is not None:
            self.print(text)
        if isinstance(event, e.StackReady):
            self.print(welcome(self._paths, snapshot))

    def output(self, unit: str, chunk: bytes) -> None:
        """Print complete lines with the unit's name before them."""
        from launcher.dashboard.prefix import format_block, format_line
        from launcher.logs.lines import LineSplitter, plain

        if not self._show_output:
            return
        splitter = self._lines.setdefault(unit, LineSplitter())
        block = splitter.block(chunk)
        if block is not None:
            if block:
                self.print_block(format_block(unit, block, self._width, color=self._color))
            return
        shown = (line if self._color else plain(line) for line in splitter.feed(chunk))
        if text := "\n".join(format_line(unit, line, self._width, color=self._color) for line in shown):
            self.print(text)


class Live(Plain):
    """A terminal: stages with their progress while the stack boots, then the services' output."""

    def __init__(self, paths: StackPaths, patient: "Patient") -> None:
        super().__init__(paths, color=not os.environ.get("NO_COLOR"), patient=patient)
        from launcher.dashboard.terminal import LiveView

        self._live = LiveView(out=patient)
        self._booting = True

    def output(self, unit: str, chunk: bytes) -> None:
        """While the stack boots, its progress is what counts; the lines are in the log files."""
        if not self._booting:
            super().output(unit, chunk)

    def event(self, event: e.Event, snapshot: Snapshot) -> None:
        """Update the display; once the stack is ready, lines are all there is."""
        from launcher.dashboard import plain

        self._booting = snapshot.phase == "starting"
        self._width = max(map(len, snapshot.units), default=0)
        self._live.update(snapshot)
        text = plain.line(event, time.monotonic() - self._began, color=self._color)
        important = isinstance(event, e.Note | e.UnitFailed | e.UnitBackingOff | e.StackStopping | e.PortChosen)
        if text is not None and (important or snapshot.phase != "starting"):
            self.print(text)
        if isinstance(event, e.StackReady):
            self._live.finish(snapshot)
            self.print(welcome(self._paths, snapshot))

    def print(self, text: str) -> None:
        """Print above the live display while there is one."""
        if self._live.active:
            self._live.print(text)
        else:
            super().print(text)

    def print_block(self, lines: bytes) -> None:
        """The same for complete lines."""
        if self._live.active:
            self._live.print(lines[:-1].decode())
        else:
            super().print_block(lines)

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.__exit__(kind, error, trace)
        super().__exit__(kind, error, trace)


class Timed:
    """Another view, and below what it shows of the boot its timeline, once: when the stack is ready, or has failed."""

    def __init__(self, inner: Printer, paths: StackPaths) -> None:
        from launcher.app.timelining import Collector

        self._inner = inner
        self._collector = Collector(paths, self._show)

    def event(self, event: e.Event, snapshot: Snapshot) -> None:
        """Show it, and remember it for the drawing."""
        self._inner.event(event, snapshot)
        self._collector.hear(event)

    def output(self, unit: str, chunk: bytes) -> None:
        """Show it."""
        self._inner.output(unit, chunk)

    def _show(self, document: Mapping[str, Any]) -> None:
        if isinstance(self._inner, Ndjson):
            self._inner.print(json.dumps({"type": "Timeline", **document}))
            return
        from launcher.app.timelining import drawn
        from launcher.dashboard.waterfall import canvas_of

        self._inner.print(drawn(document, canvas_of(sys.stdout)) + "\n")

    def __enter__(self) -> Self:
        self._inner.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._inner.__exit__(kind, error, trace)


def foreground(output: str, paths: StackPaths, *, timeline: bool = False) -> View:
    """The view of `up`: NDJSON when asked for, live on a terminal, plain lines elsewhere and in CI."""
    printer = _foreground(output, paths)
    return Timed(printer, paths) if timeline else printer


def _foreground(output: str, paths: StackPaths) -> Printer:
    import atexit

    from launcher.dashboard.patient import Patient

    patient = Patient(sys.stdout)
    atexit.register(patient.drain, _LAST_LINES)
    if output == "json":
        return Ndjson(patient)
    terminal = sys.stdout.isatty() and not os.environ.get("CI") and os.environ.get("TERM") != "dumb"
    return Live(paths, patient) if terminal else Plain(paths, color=False, patient=patient)


def welcome(paths: StackPaths, snapshot: Snapshot) -> str:
    """What the user can do now: pages, the admin's login, how to stop."""
    from launcher.dashboard.printable import printable

    rows = [*snapshot.facts.items(), *admin_login(paths)]
    rows.append(("stop", "Ctrl-C here, or `rxlaunch down`" if os.getpid() == snapshot.pid else "rxlaunch down"))
    width = max(len(label) for label, _ in rows)
    return printable("\n".join(["", *(f"  {label:<{width}}  {value}" for label, value in rows), ""]))


def admin_login(paths: StackPaths) -> list[tuple[str, str]]:
    """The login of the administrator that the seed created; its password goes to a person's terminal only."""
    from launcher.state.outputs import Outputs

    given = Outputs(paths.outputs).load()
    email, password = given.get("admin_email"), given.get("admin_password")
    if email is None or password is None:
        return []
    if os.environ.get("CI"):
        return [("admin login", f"{email}, password: rxlaunch env --reveal")]
    return [("admin login", f"{email} / {password}")]
