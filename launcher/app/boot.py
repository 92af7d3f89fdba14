"""Booting a stack in this process: lock, preflight, supervisor, and who listens to its events.

`up` is the foreground; `supervise` is the same without a terminal, started by `daemon`.
"""

import asyncio
import contextlib
import os
import uuid
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from launcher import events as e
from launcher import native
from launcher.app import discreet, history, leftovers
from launcher.app.opening import Opened, open_stack
from launcher.app.recording import Recorder
from launcher.app.request import ASKED_VARIABLE, INSTANCE_VARIABLE, Request
from launcher.app.result import Result
from launcher.errors import AlreadyRunning, Interrupted, LauncherError
from launcher.state.snapshot import Snapshot

if TYPE_CHECKING:
    from launcher.app.preflight import Prepared
    from launcher.app.views import View
    from launcher.ports import PortBook
    from launcher.state.lock import Held


def up(request: Request, output: str) -> Result:
    """Boot and stay in the foreground; a second `up` reports or attaches (design 13)."""
    from launcher.app import views

    request = request.replaced(asked_at=native.began())
    opened = open_stack(request)
    try:
        return boot(opened, request, views.foreground(output, opened.paths, timeline=request.timeline))
    except AlreadyRunning as error:
        from launcher.app import again

        return again.second_up(opened, request, output, error)


def supervise(request: Request) -> Result:
    """Boot without a terminal; the starter reads our events."""
    from launcher.app import views

    with contextlib.suppress(KeyError, ValueError):
        request = request.replaced(asked_at=float(os.environ.pop(ASKED_VARIABLE)))
    return boot(open_stack(request), request, views.Silent())


def boot(opened: Opened, request: Request, view: "View") -> Result:
    """Boot, and stay until the stack has ended; the view sees what happens. Raises AlreadyRunning."""
    from launcher.state import lock

    native.private_directory(opened.paths.home)
    with lock.hold(opened.paths) as held:
        instance = os.environ.pop(INSTANCE_VARIABLE, None) or uuid.uuid4().hex
        recorder = Recorder(opened, instance, view)
        try:
            with discreet.stderr(recorder.redact):
                code = _boot_recorded(opened, request, recorder, held)
        finally:
            recorder.close()
    return Result(exit_code=code)


def _boot_recorded(opened: Opened, request: Request, recorder: Recorder, held: "Held") -> int:
    from launcher.state import store

    try:
        swept = leftovers.sweep(opened.paths)
        store.make_room(opened.paths)
        recorder.publish(_starting(opened, recorder.instance, request.asked_at))
        recorder.save_again()  # what is started from here on must be found, should we be killed
        if swept:
            recorder.publish(e.Note(leftovers.sentence(swept)))
        prepared, book = _prepare(opened, request, recorder)
        try:
            with recorder.view:
                return asyncio.run(_supervise(opened, request, prepared, recorder, held))
        finally:
            prepared.logs.close()
            book.give_back()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - told in one sentence, whatever it is
        raise _ended_by(error, recorder) from None


def _ended_by(error: BaseException, recorder: Recorder) -> BaseException:
    """Record what ends the stack instead of a stop; the exception for the user."""
    from launcher.app import crash

    final = crash.explained(error, recorder.redact) if isinstance(error, Exception) else error
    code = final.exit_code if isinstance(final, LauncherError) else Interrupted.exit_code
    remedy = getattr(final, "remedy", None)
    reason = "\n".join(filter(None, (str(final) or "interrupted", f"try: {remedy}" if remedy else None)))
    recorder.publish(e.StackStopping(reason, code))
    recorder.publish(e.StackStopped(code))
    return final


def _starting(opened: Opened, instance: str, asked_at: float | None) -> e.StackStarting:
    plan = opened.plan
    return e.StackStarting(
        instance,
        plan.name,
        str(opened.root),
        os.getpid(),
        plan.mode,
        tuple(plan.units),
        stages=tuple((name, unit.stage) for name, unit in plan.units.items()),
        needs=tuple((name, tuple(unit.depends_on.items())) for name, unit in plan.units.items()),
        asked_at=asked_at,
    )


def _prepare(opened: Opened, request: Request, recorder: Recorder) -> "tuple[Prepared, PortBook]":
    """Everything that is checked before anything is started; the ports are held when this returns."""
    from launcher.app import preflight, secrecy

    book = preflight.choose_ports(opened, request)
    try:
        prepared = preflight.prepare(opened, request, recorder.instance, recorder.view.output, book)
        recorder.know_secrets(prepared.toolbox.redact)
        preflight.check_contracts(opened, prepared)
        for warning in opened.loaded.warnings:
            recorder.publish(e.Note(warning))
        for event in (*secrecy.exposed_secrets(opened), *preflight.remember_ports(opened, book)):
            recorder.publish(event)
    except BaseException:
        book.give_back()
        raise
    return prepared, book


async def _supervise(opened: Opened, request: Request, prepared: "Prepared", recorder: Recorder, held: "Held") -> int:
    from launcher.app.tending import Tended, tend
    from launcher.control import server
    from launcher.run.supervisor import Supervisor
    from launcher.run.watching import restart_on_change
    from launcher.run.world import World
    from launcher.state.outputs import Outputs

    native.become_guardian()
    loop = asyncio.get_running_loop()
    home = opened.paths.home
    world = World(opened.plan, prepared.toolbox, prepared.around, home, recorder.publish)

    def publish(event: e.Event) -> None:
        again = isinstance(event, e.UnitDone | e.UnitSkipped) and _snapshot(recorder).phase == "ready"
        if again or isinstance(event, e.StackReady):
            with contextlib.suppress(LauncherError):  # a full disk costs `rxlaunch env` its values, not the stack
                Outputs(opened.paths.outputs).save(world.outputs)
        recorder.publish(event)
        if isinstance(event, e.StackReady):
            with contextlib.suppress(LauncherError):
                history.remember(opened.paths, _snapshot(recorder), event.seconds)

    supervisor = Supervisor(world, opened.selected, publish)

    async def submit(command: e.Command) -> dict[str, object]:
        supervisor.submit(command)
        await supervisor.caught_up()
        recorder.settle()
        return _current(recorder)

    if request.wait_timeout is not None:
        loop.call_later(request.wait_timeout, _give_up, recorder, supervisor.submit, request.wait_timeout)
    async with server.serve(opened.paths, snapshot=lambda: _snapshot(recorder), submit=submit) as put_back:
        tended = Tended(recorder, held, prepared.logs, control=put_back, reap=supervisor.reap)
        with _signals(loop, supervisor.submit, recorder, detached=request.detached):
            beside = [
                asyncio.create_task(restart_on_change(world, supervisor.submit)),
                asyncio.create_task(tend(tended, opened.paths.kept)),
            ]
            if request.guest is not None:
                beside.append(asyncio.create_task(request.guest.beside(world, prepared, supervisor.submit)))
            try:
                return await supervisor.run()
            finally:
                for task in beside:
                    task.cancel()
                await asyncio.gather(*beside, return_exceptions=True)


def _current(recorder: Recorder) -> dict[str, object]:
    return dict(_snapshot(recorder).to_json())


def _snapshot(recorder: Recorder) -> Snapshot:
    if recorder.snapshot is None:
        raise RuntimeError("the supervisor answers only after its first event")
    return recorder.snapshot


def _give_up(recorder: Recorder, submit: Callable[[e.Command], None], seconds: float) -> None:
    if recorder.snapshot is not None and recorder.snapshot.phase == "starting":
        waiting = [u.name for u in recorder.snapshot.units.values() if u.phase in ("starting", "waiting")]
        submit(e.StopStack(f"not ready within {seconds:g} s; still busy: {', '.join(waiting)}", exit_code=17))


@contextlib.contextmanager
def _signals(
    loop: asyncio.AbstractEventLoop, submit: Callable[[e.Command], None], recorder: Recorder, *, detached: bool
) -> Iterator[None]:
    """Ctrl-C once: stop in order; twice: kill; three times: leave at once, the shims clean up."""
    heard: list[str] = []

    def on_signal(name: str) -> None:
        if name == "SIGHUP" and detached:
            return
        if name != "SIGINT":
            submit(e.StopStack(f"received {name}", exit_code=143))
            return
        heard.append(name)
        if len(heard) == 1:
            recorder.publish(e.Note("stopping; press Ctrl-C again to force"))
            submit(e.StopStack("interrupted", exit_code=130))
        elif len(heard) == 2:
            submit(e.KillStack("interrupted twice"))
        else:
            os._exit(130)

    with native.on_shutdown(loop, on_signal):
        yield
