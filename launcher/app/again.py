"""A second `up` (design 13): attach at a terminal, report otherwise, start what is missing when it names units."""

import sys
import time

from launcher.app import commands, queries, timelining, views
from launcher.app.opening import Opened
from launcher.app.request import Request
from launcher.app.result import Result
from launcher.dashboard.waterfall import canvas_of
from launcher.errors import AlreadyRunning
from launcher.native.contract import Identity
from launcher.state import lock
from launcher.state.snapshot import GOOD_PHASES, Snapshot

_BOOT_LIMIT = 900.0
_POLL = 0.05


class _StackEndedError(Exception):
    """What we are attached to is gone."""


def second_up(opened: Opened, request: Request, output: str, error: AlreadyRunning) -> Result:
    """The foreground's second `up`."""
    snapshot = lock.running(opened.paths)
    if snapshot is None:
        raise error  # somebody holds the lock who hasn't said who he is yet
    _runs_as_asked(snapshot, request)
    if missing(snapshot, request):
        ensure(opened, request, output)
    if output == "text" and sys.stdout.isatty():
        return attach(opened, snapshot, timeline=request.timeline)
    raise AlreadyRunning(f"{error.message}\n{ports_line(snapshot)}", remedy="rxlaunch status, or rxlaunch down")


def ensure(opened: Opened, request: Request, output: str) -> Result:
    """Make sure that a running stack has what was asked for, and report it: a second `up -d`."""
    snapshot = queries.running(opened.paths)
    _runs_as_asked(snapshot, request)
    units = missing(snapshot, request)
    if units:
        from launcher import events
        from launcher.control import client

        client.send(opened.paths, events.StartUnits(units), timeout=10.0)
    limit = request.wait_timeout or _BOOT_LIMIT
    commands.wait_for(opened.paths, request.units or _wanted(opened, limit), limit)
    status = queries.status(opened.root)
    text = f"already running\n{status.text}" if not units else status.text
    data = {**status.data, "already_running": not units}
    if request.timeline:
        found = timelining.read(opened.paths)
        text += _drawn(found)
        data["timeline"] = found
    return Result(text if output == "text" else "", data)


def _drawn(found: timelining.Document | None) -> str:
    """The boot of what runs, without colours: results have none."""
    if found is None:
        return ""
    return "\n\n" + timelining.drawn(found, canvas_of(sys.stdout).replaced(color=False))


def _runs_as_asked(snapshot: Snapshot, request: Request) -> None:
    """HTTPS is no unit that could be added: every address, origin and cookie differs."""
    if request.https is None or request.https == ("https" in snapshot.units):
        return
    how, flag = ("without", "--https") if request.https else ("with", "--no-https")
    raise AlreadyRunning(f"the stack runs {how} HTTPS", remedy=f"rxlaunch down, then rxlaunch up {flag}")


def _wanted(opened: Opened, limit: float) -> tuple[str, ...]:
    """The units that run or are to run, once the boot is over: what was not selected is pending for ever."""
    deadline = time.monotonic() + limit
    while (snapshot := queries.running(opened.paths)).phase == "starting" and time.monotonic() < deadline:
        time.sleep(_POLL)
    return tuple(name for name, unit in snapshot.units.items() if unit.phase not in ("pending", "stopped"))


def missing(snapshot: Snapshot, request: Request) -> tuple[str, ...]:
    """The units asked for by name that don't run."""
    views_ = {name: snapshot.units.get(name) for name in request.units}
    return tuple(name for name, view in views_.items() if view is None or view.phase not in GOOD_PHASES)


def after_a_lost_start(opened: Opened, request: Request, output: str, supervisor: Identity | None) -> Result:
    """Our supervisor ended early: either another `up` was faster, or something is wrong with it."""
    from launcher.app import daemon

    if commands.first_word(opened.paths) is not None:
        return ensure(opened, request, output)
    raise daemon.died(opened.paths, supervisor)


def attach(opened: Opened, snapshot: Snapshot, *, timeline: bool = False) -> Result:
    """Show the output of a running stack until it ends, or until Ctrl-C, which leaves it running."""
    from launcher.app import logs

    def end_with_the_stack() -> None:
        if lock.running(opened.paths) is None:
            raise _StackEndedError

    terminal = views.Printer()
    terminal.print(views.welcome(opened.paths, snapshot))
    if timeline:
        terminal.print(_drawn(timelining.read(opened.paths)).lstrip("\n") + "\n")
    terminal.print("attached; Ctrl-C leaves the stack running")
    try:
        for line in logs.lines(logs.LogQuery(opened.root, (), 10, None, follow=True), "text", end_with_the_stack):
            terminal.print(line)
    except _StackEndedError:
        return Result("the stack has ended")
    except KeyboardInterrupt:
        pass
    return Result("detached; the stack goes on. `rxlaunch down` stops it")


def ports_line(snapshot: Snapshot) -> str:
    """The ports in one line."""
    return "ports: " + ", ".join(f"{name} {port}" for name, port in snapshot.ports.items())
