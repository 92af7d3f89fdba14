"""`up -d`: start a detached supervisor, show its events until the stack is ready or has failed.

The supervisor is started first and loads while we load: what only the showing needs is imported after that.
"""

import contextlib
import json
import os
import signal
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from launcher import SUPERVISE, native
from launcher.app.opening import locate, open_stack
from launcher.app.request import ASKED_VARIABLE, INSTANCE_VARIABLE, SENT, Request
from launcher.app.result import Result
from launcher.errors import Interrupted, LauncherError
from launcher.native.contract import Identity
from launcher.paths import STACK_FILE, StackPaths, user_home
from launcher.state import lock
from launcher.values import Value

if TYPE_CHECKING:
    from launcher import events as e
    from launcher.app.views import View

_POLL = 0.01
_TAIL_LINES = 20
_TOLD = (2, 4)  # exit codes of a supervisor that said what the user got wrong
_FIRST_WORD = 5.0  # seconds in which a supervisor that was just started will have said who it is


def up(request: Request, output: str) -> Result:
    """Return when the stack is ready (exit code 0) or failed (the code of its stage)."""
    where = locate(request.directory)
    if not (where.root / STACK_FILE).is_file():
        open_stack(request)  # there may be nothing to start, and nothing shall be made for that
    if lock.running(where) is not None:
        from launcher.app import again

        return again.ensure(open_stack(request), request, output)
    with launched(where, request.replaced(asked_at=native.began())) as begun:
        code = follow(begun, _view(where, request, output), lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
    if code is None:
        from launcher.app import again

        opened = open_stack(request)  # where the stack file is what is wrong, this tells it, problem by problem
        return again.after_a_lost_start(opened, request, output, begun.supervisor)
    return Result(data=_data(where, request) if output == "json" else {}, exit_code=code)


def _view(where: StackPaths, request: Request, output: str) -> "View":
    from launcher.app import views

    if output != "text":
        return views.Silent()
    plain = views.Plain(where, color=sys.stdout.isatty(), show_output=False)
    return views.Timed(plain, where) if request.timeline else plain


def _data(where: StackPaths, request: Request) -> dict[str, Any]:
    from launcher.app import queries, timelining

    timeline = {"timeline": timelining.read(where)} if request.timeline else {}
    return {**queries.status(where.root).data, **timeline}


class Begun(Value, frozen=True):
    """A detached supervisor that was started."""

    where: StackPaths
    instance: str
    supervisor: Identity | None


@contextlib.contextmanager
def launched(where: StackPaths, request: Request) -> Iterator[Begun]:
    """A detached supervisor; should anything be raised inside, it is stopped again (Ctrl-C becomes Interrupted)."""
    native.private_directory(where.home)
    instance = uuid.uuid4().hex
    asked_at = f"{request.asked_at or time.time():.3f}"
    env = {**os.environ, INSTANCE_VARIABLE: instance, ASKED_VARIABLE: asked_at, "PYTHONUNBUFFERED": "1"}
    if env.get("RXLAUNCH_HOME"):
        env["RXLAUNCH_HOME"] = str(user_home())  # it may be relative, and the supervisor runs elsewhere
    with contextlib.suppress(OSError):
        where.daemon_log.unlink(missing_ok=True)
    supervisor: Identity | None = None
    try:
        with _interrupted_only_afterwards():
            pid = native.spawn_daemon(supervisor_command(request), env, str(where.root), where.daemon_log)
            supervisor = native.identity(pid)
        yield Begun(where, instance, supervisor)
    except KeyboardInterrupt:
        _stop_again(where, supervisor)
        raise Interrupted("interrupted; stopped what had been started") from None
    except LauncherError:
        _stop_again(where, supervisor)
        raise


@contextlib.contextmanager
def _interrupted_only_afterwards() -> Iterator[None]:
    """Ctrl-C counts once we know whom we started: else nobody would stop it."""
    heard: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _frame: heard.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if heard:
        raise KeyboardInterrupt


def _stop_again(where: StackPaths, supervisor: Identity | None) -> None:
    """Stop the supervisor that was started, even one that hasn't said a word yet; another's stack is let be."""
    from launcher.app import commands, leftovers

    deadline = time.monotonic() + _FIRST_WORD
    while supervisor is not None and native.alive(supervisor):
        snapshot = lock.running(where)
        if (snapshot is not None and snapshot.supervisor == supervisor) or time.monotonic() > deadline:
            commands.stop_running(where, supervisor, timeout=30.0)
            break
        time.sleep(_POLL)
    leftovers.sweep(where)


def supervisor_command(request: Request) -> list[str]:
    """The command line of the detached supervisor, for `unattended.py`. Nothing secret is in it."""
    fields = {name: value for name in SENT if (value := getattr(request, name)) not in (None, (), {})}
    return [sys.executable, "-P", "-m", "launcher", SUPERVISE, json.dumps(fields)]  # -P: the checkout is no import path


def follow(begun: Begun, view: "View", ready: Callable[[], object]) -> int | None:
    """Show its boot to its end: 0 when the stack is ready, the code of its failure, None: it died before.

    `ready` is called once the stack is up, before Ctrl-C could come too late.
    """
    from launcher import events as e
    from launcher.state.snapshot import Snapshot, fold

    snapshot: Snapshot | None = None
    for event in _events(begun.where, begun.supervisor):
        ours = isinstance(event, e.StackStarting) and event.instance == begun.instance
        if snapshot is None and not ours:
            continue
        snapshot = fold(snapshot, event)
        view.event(event, snapshot)
        if isinstance(event, e.StackReady):
            ready()  # it is up, and was told so: Ctrl-C comes too late
            return 0
        if isinstance(event, e.StackStopped):
            _wait_for_end(begun.supervisor)
            return event.exit_code or 1
    return None


def _events(where: StackPaths, supervisor: Identity | None) -> "Iterator[e.Event]":
    """The events of the file as they come, until the supervisor is dead and nothing more will."""
    from launcher.state.store import EventReader

    reader = EventReader(where.events)
    while True:
        alive = supervisor is not None and native.alive(supervisor)
        yield from reader.read()
        if not alive:
            yield from reader.read()
            return
        time.sleep(_POLL)


def _wait_for_end(supervisor: Identity | None, seconds: float = 10.0) -> None:
    """After its last event the supervisor still closes files: don't report before it is gone."""
    deadline = time.monotonic() + seconds
    while supervisor is not None and native.alive(supervisor) and time.monotonic() < deadline:
        time.sleep(_POLL)


def daemon_tail(where: StackPaths) -> str:
    """The last lines a supervisor printed itself."""
    try:
        lines = where.daemon_log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join(lines[-_TAIL_LINES:])


def died(where: StackPaths, supervisor: Identity | None) -> LauncherError:
    """The error for a supervisor that ended before it recorded anything: its own words and its own exit code."""
    printed = daemon_tail(where)
    code = native.daemon_code(supervisor.pid) if supervisor else None
    if code not in _TOLD or not printed.startswith("error: "):
        return LauncherError(
            f"the supervisor ended before the stack was ready; it printed:\n{printed}",
            remedy="run `rxlaunch up` in the foreground to see more",
        )
    message, _, remedy = printed.removeprefix("error: ").partition("\n  try: ")
    error = LauncherError(message, remedy=remedy or None)
    error.exit_code = code
    return error
