"""`rxlaunch ci -- CMD…`: this checkout's stack on a database, ports and files of its own, for as long as CMD runs.

Everything happens in a private copy of the checkout (`workspace.py`), by the same boot as `up`'s; what is written of
it is in `ci_report.py`. The exit code is CMD's, or that of the stage that failed.
"""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from launcher import events as e
from launcher.app import interruptions, workspace
from launcher.app.ci_command import Command
from launcher.app.opening import Opened, open_stack
from launcher.app.request import Guest, Request
from launcher.app.result import Result
from launcher.app.shared_builds import Shared, take_place
from launcher.app.views import Printer
from launcher.errors import Interrupted, LauncherError
from launcher.state import sticky
from launcher.state.snapshot import Snapshot
from launcher.values import Value

if TYPE_CHECKING:
    from launcher.app.ci_report import Run
    from launcher.app.workspace import Workspace
    from launcher.dashboard.patient import Patient
    from launcher.stack.model import Stack

_SERVERS = ("postgres", "redis")  # the providers that find or bring a server
_LAST_WORDS = 5.0  # seconds for whoever reads our own lines


class Wish(Value, frozen=True):
    """What `rxlaunch ci` was asked for."""

    directory: Path
    argv: tuple[str, ...]
    mode: str | None = None
    external: bool = False  # DATABASE_URL and REDIS_URL are used where they answer, as `up` does
    fresh: bool = False
    https: bool | None = None
    wait_timeout: float | None = None
    timeout: float | None = None
    keep: bool = False
    junit: Path | None = None
    artifacts: Path | None = None
    always: bool = False
    save_builds: bool = False


def run(wish: Wish) -> Result:
    """Boot, run the command, take everything down. The result has the command's code."""
    command = Command(wish.argv, wish.directory.resolve(), wish.timeout)
    command.require()
    with interruptions.raised():
        checkout = open_stack(Request(wish.directory, wish.mode, https=wish.https))
        with (
            take_place(checkout.paths) as place,
            workspace.make(checkout.root, keep=wish.keep, linked=wish.mode != "dev") as made,
        ):
            if not wish.external:
                workspace.mark_own_database(made)
            shared = Shared(made, checkout.paths, place, own_database=not wish.external, saves=wish.save_builds)
            return _run_in(shared, wish, checkout.loaded.stack, command)


def _run_in(shared: Shared, wish: Wish, stack: "Stack", command: Command) -> Result:
    from launcher.app import caching, ci_report
    from launcher.dashboard.patient import Patient

    made = shared.made
    request = _request(made, wish, stack, Guest(shared.action, command.beside))
    opened = open_stack(request)
    began, failure = time.time(), None
    terminal = Patient(sys.stderr)
    view = _View(terminal, command)
    try:
        last = sticky.load(shared.place / "ports.json") or caching.ports_of_builds(wish.directory, wish.mode)
        sticky.save(made.state.sticky, last)
        code = _booted(opened, request, view)
    except LauncherError as error:
        code, failure = error.exit_code, error
    finally:
        if wish.keep:
            workspace.mark_kept(made)
            view.print(_kept(made))
    if not _interrupted(code, command):
        sticky.save(shared.place / "ports.json", sticky.load(made.state.sticky))
        run = ci_report.Run(opened, command, code, began, failure)
        _tell(run, wish, wish.artifacts or shared.store / "rxlaunch-ci.zip", view)
    terminal.drain(_LAST_WORDS)
    if failure is not None:
        raise failure
    return Result(exit_code=code)


def _tell(run: "Run", wish: Wish, archive: Path, view: "_View") -> None:
    """Write the reports. A fault in them changes nothing about how the command ended."""
    from launcher.app import ci_report, crash

    try:
        for line in ci_report.write(run, wish.junit, archive, always=wish.always):
            view.print(line)
    except Exception as error:  # noqa: BLE001 - told in one sentence, whatever it is
        view.print(f"the reports are not complete: {crash.explained(error)}")


def _booted(opened: Opened, request: Request, view: "_View") -> int:
    from launcher.app import boot

    return boot.boot(opened, request, view).exit_code


def _interrupted(code: int, command: Command) -> bool:
    """Whether somebody stopped us: then there is nothing to report, and no time to do so."""
    return code in (Interrupted.exit_code, 143) and not command.ended.by_itself


def _request(made: "Workspace", wish: Wish, stack: "Stack", guest: Guest) -> Request:
    """The boot of the copy: production unless asked otherwise, any free ports, servers of its own."""
    mode = wish.mode or ("production" if stack.marketplace else None)
    ports = {name: {"prefer": None} for name in stack.ports}
    overrides: dict[str, object] = {"ports": ports} if ports else {}
    if not wish.external:
        own = {name: {"source": "embedded"} for name, unit in stack.services.items() if unit.provider in _SERVERS}
        overrides |= {"services": own} if own else {}
    return Request(
        made.root, mode, fresh=wish.fresh, https=wish.https, wait_timeout=wish.wait_timeout,
        more_overrides=overrides, guest=guest,
    )  # fmt: skip


def _kept(made: "Workspace") -> str:
    return f"kept: {made.root} (its state: {made.state.home}); remove {made.root.parent} when you have looked at it"


class _View(Printer):
    """A line an event on stderr; the command's own output has stdout to itself. The command hears every event."""

    def __init__(self, terminal: "Patient", command: Command) -> None:
        super().__init__(terminal)
        self._command = command
        self._began = time.monotonic()

    def event(self, event: e.Event, snapshot: Snapshot) -> None:  # noqa: ARG002 - the protocol's
        """Print the event's line."""
        from launcher.dashboard import plain

        text = plain.line(event, time.monotonic() - self._began)
        if text is not None:
            self.print(text)
        self._command.event(event)
