"""Asking a running supervisor for something: down, stop, start, restart. Works from files and the control API."""

import time
from collections.abc import Callable
from pathlib import Path

from launcher import events as e
from launcher import native
from launcher.app.leftovers import sentence, sweep
from launcher.app.opening import locate
from launcher.app.queries import running
from launcher.app.result import Result
from launcher.errors import LauncherError, NotRunning, OtherVersion, StageFailed, TimedOut, UnknownUnit
from launcher.native.contract import Identity
from launcher.paths import StackPaths
from launcher.state import lock, store
from launcher.state.snapshot import GOOD_PHASES, Snapshot

_POLL = 0.05
_LAST_WORD = 10.0  # seconds for the supervisor to kill everything, once asked to
_FIRST_WORD = 15.0  # seconds in which a supervisor has swept what the last one left, and says who it is
_SETTLED = GOOD_PHASES | {"failed", "stopped"}


def down(directory: Path, timeout: float) -> Result:
    """Stop the stack. Idempotent: nothing running is success. What a killed supervisor left is swept."""
    where = locate(directory)
    try:
        snapshot = first_word(where)
    except OtherVersion:
        return _down_another_version(where, timeout)
    if snapshot is None:
        swept = sweep(where)
        text = "; ".join(filter(None, (f"nothing runs for {where.root}", sentence(swept))))
        return Result(text, {"stopped": False, "swept": swept})
    stop_running(where, snapshot.supervisor, timeout)
    return Result(f"stopped {snapshot.name}", {"stopped": True, "swept": sweep(where)})


def first_word(where: StackPaths) -> Snapshot | None:
    """The running stack; one that is just beginning is waited for until it says who it is, for it must stop too."""
    deadline = time.monotonic() + _FIRST_WORD
    while (snapshot := lock.running(where)) is None and lock.taken(where) and time.monotonic() < deadline:
        time.sleep(_POLL)
    return snapshot


def _down_another_version(where: StackPaths, timeout: float) -> Result:
    """Stop a supervisor of which only its identity is understood: that suffices on every version."""
    keeper = store.keeper(where)
    if keeper is not None:
        stop_running(where, keeper.supervisor, timeout)
    program = f"rxlaunch {keeper.program}" if keeper and keeper.program else "another version of rxlaunch"
    return Result(f"stopped the stack that {program} ran", {"stopped": True, "swept": sweep(where)})


def stop_running(where: StackPaths, supervisor: Identity, timeout: float) -> None:
    """Ask the supervisor to stop, then insist; returns when it is gone. Raises TimedOut."""
    native.signal_process(supervisor, "SIGCONT")  # one that was suspended (Ctrl-Z) would hear nothing of it
    if not _asked(where, e.StopStack("rxlaunch down")):
        native.signal_process(supervisor, "SIGTERM")
    if _gone(supervisor, timeout):
        return
    _asked(where, e.KillStack("rxlaunch down, after waiting in vain", exit_code=0))
    if _gone(supervisor, _LAST_WORD):
        return
    native.signal_process(supervisor, "SIGKILL")
    if not _gone(supervisor, _LAST_WORD):
        raise TimedOut(f"the supervisor (pid {supervisor.pid}) cannot be stopped")


def _asked(where: StackPaths, command: e.Command) -> bool:
    from launcher.control import client

    try:
        client.send(where, command, timeout=5.0)
    except (LauncherError, OSError):
        return False
    return True


def _gone(supervisor: Identity, timeout: float) -> bool:
    deadline = time.monotonic() + timeout
    while native.alive(supervisor):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL)
    return True


def start(directory: Path, units: tuple[str, ...], timeout: float) -> Result:
    """Start units and what they depend on; returns when they are ready, done or failed."""
    return _ask_and_wait(directory, units, timeout, lambda: e.StartUnits(units))


def stop(directory: Path, units: tuple[str, ...], timeout: float) -> Result:
    """Stop units; returns when they have stopped."""
    return _ask_and_wait(directory, units, timeout, lambda: e.StopUnits(units))


def restart(directory: Path, units: tuple[str, ...], timeout: float) -> Result:
    """Restart units; returns when they are ready, done or failed."""
    return _ask_and_wait(directory, units, timeout, lambda: e.RestartUnits(units))


def _ask_and_wait(directory: Path, units: tuple[str, ...], timeout: float, command: Callable[[], e.Command]) -> Result:
    from launcher.control import client

    where = locate(directory)
    snapshot = running(where)
    if snapshot.phase == "stopping":
        raise NotRunning(f"the stack of {where.root} is being stopped", remedy="rxlaunch up, once it has stopped")
    unknown = [name for name in units if name not in snapshot.units]
    if unknown:
        known = ", ".join(snapshot.units)
        raise UnknownUnit(f"no unit named {', '.join(map(repr, unknown))} in this stack; there are {known}")
    client.send(where, command(), timeout=10.0)
    return wait_for(where, units, timeout)


def wait_for(where: StackPaths, units: tuple[str, ...], timeout: float) -> Result:
    """Wait until each unit is where it should be. Raises StageFailed for one that failed, TimedOut."""
    from launcher.control import client

    deadline = time.monotonic() + timeout
    while True:
        try:
            snapshot = client.status(where, timeout=10.0)
        except NotRunning:
            raise NotRunning("the stack stopped meanwhile", remedy="rxlaunch why " + units[0]) from None
        views = [snapshot.units[name] for name in units]
        if all(view.phase in _SETTLED for view in views):
            break
        if time.monotonic() > deadline:
            busy = ", ".join(f"{view.name} is {view.phase}" for view in views if view.phase not in _SETTLED)
            raise TimedOut(f"not done after {timeout:g} s: {busy}", remedy="rxlaunch status")
        time.sleep(_POLL)
    for view in views:
        if view.failure is not None:
            raise StageFailed(
                view.stage, f"{view.name} failed: {view.failure.reason}", remedy=f"rxlaunch why {view.name}"
            )
    text = "\n".join(f"{view.name} is {view.phase}" for view in views)
    return Result(text, {"units": {view.name: view.to_json() for view in views}})
