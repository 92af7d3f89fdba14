"""`rxlaunch gate`: boot, ask everything, look at it in a browser, stop; and again on clean processes (R12, R21).

A round passes when the stack boots, nothing that was asked failed, and everything stopped. With addresses (`--url`)
a deployment is judged as often, without booting anything.
"""

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from launcher import events as e
from launcher.app import checking, commands, daemon, history, interruptions, tenancy, timeline
from launcher.app.opening import Opened, open_stack
from launcher.app.request import Request
from launcher.app.result import Result
from launcher.app.views import Silent
from launcher.checks.browser import browser
from launcher.checks.contract import Check, Target, Wrong, ask
from launcher.errors import AlreadyRunning, Interrupted, NotRunning, UsageError
from launcher.findings import Finding, Report, Round
from launcher.report import text
from launcher.state import store
from launcher.state.snapshot import GOOD_PHASES, Snapshot
from launcher.values import Value, field

ASKED = ("schema", "smoke", "admin", "browser", "tenants")
BOOT = "boot"
_STOP_SECONDS = 60.0
_SHOWN = 3  # files by name

Tell = Callable[[str], None]


class Wish(Value, frozen=True):
    """What the command line asked for, besides what every boot is told."""

    repeat: int = 2
    relaunch: bool = False  # stop what runs, instead of refusing
    urls: Mapping[str, str] = field(default_factory=dict)
    junit: Path | None = None
    html: Path | None = None


def gate(request: Request, wish: Wish, tell: Tell) -> Result:
    """All rounds, and the report; exit code 16 unless every round passed. Raises AlreadyRunning, Interrupted."""
    began, rounds = time.time(), list[Round]()
    with _ended_as_interrupted():
        judge = _Deployment(request, wish.urls, tell) if wish.urls else _Checkout(request, tell)
        if isinstance(judge, _Checkout):
            judge.make_way(relaunch=wish.relaunch)
        for number in range(1, wish.repeat + 1):
            title = f"round {number} of {wish.repeat}"
            tell(title)
            done = judge.round().replaced(title=title)
            rounds.append(done)
            for note in done.notes:
                tell(f"! {note}")
    report = Report(f"rxlaunch gate --repeat {wish.repeat}", judge.subject, tuple(rounds), judge.environment, began)
    written = checking.write_reports(report, junit=wish.junit, html=wish.html)
    data = {**report.to_json(), "counts": text.counts(found for each in rounds for found in each.findings)}
    passed = all(each.findings and not each.failed for each in rounds)
    return Result("\n".join([text.summary(report), *written]), data, exit_code=0 if passed else checking.FAILED)


def groups() -> dict[str, Check]:
    """What is asked in a round: of those that exist, in order. A gate without a browser proves too little."""
    found = {name: checking.GROUPS[name] for name in ASKED}
    return {**found, "browser": partial(browser, required=True), "tenants": _with_fixtures}


async def _with_fixtures(target: Target) -> AsyncIterator[Finding]:
    """The tenants, and those of the stack file while they are asked about; a database elsewhere gets none."""
    async with contextlib.AsyncExitStack() as there:
        if target.here is not None and target.tenants:
            with contextlib.suppress(UsageError):
                await there.enter_async_context(tenancy.fixtures(target))
        async for finding in checking.GROUPS["tenants"](target):
            yield finding


class _Judge:
    """What both kinds of round share: the questions."""

    def __init__(self, request: Request, tell: Tell) -> None:
        self._request = request
        self._tell = tell
        self.subject = ""
        self.environment: Mapping[str, str] = {}

    def ask(self, judged: Target) -> Round:
        """Ask every group, telling each finding as it comes."""
        asked = groups()
        self.subject, self.environment = checking.subject(judged), checking.environment(judged)
        return asyncio.run(checking.ask(judged, asked, self.heard, asked))

    def heard(self, finding: Finding) -> None:
        """Tell a finding."""
        self._tell(text.line(finding))


class _Deployment(_Judge):
    """Something that runs elsewhere."""

    def __init__(self, request: Request, urls: Mapping[str, str], tell: Tell) -> None:
        super().__init__(request, tell)
        self._urls = urls

    def round(self) -> Round:
        """Ask it."""
        return self.ask(checking.target(self._request, self._urls))


class _Checkout(_Judge):
    """This checkout's stack, booted anew each round by a supervisor of its own, as `up -d` does."""

    def __init__(self, request: Request, tell: Tell) -> None:
        super().__init__(request, tell)
        self._opened: Opened = open_stack(request)
        self._where = self._opened.paths

    def make_way(self, *, relaunch: bool) -> None:
        """A gate judges clean processes: stop what runs, if we may. Raises AlreadyRunning."""
        running = commands.first_word(self._where)
        if running is None:
            return
        if not relaunch:
            raise AlreadyRunning(
                f"the stack of {self._where.root} runs (pid {running.pid}), and the gate boots its own",
                remedy="rxlaunch down, or rxlaunch gate --relaunch; rxlaunch check judges what runs",
            )
        self._tell(commands.down(self._request.directory, _STOP_SECONDS).text)

    def round(self) -> Round:
        """Boot, ask, stop. Whatever happens, nothing is left running."""
        began = time.monotonic()
        view, lost = _Progress(self._tell), self._lost()
        try:
            with daemon.launched(self._where, self._request) as begun:
                code = daemon.follow(begun, view, lambda: None)
            ready = self._booted(begun, code, view.seconds)
            booted = (ready, *self._whole(lost)) if code == 0 else (ready,)
            for each in booted:
                self.heard(each)
            asked = code == 0
            done = self.ask(checking.target(self._request, {})) if asked else self._not_asked()
            steady = (asyncio.run(ask(BOOT, "steady", self._steady)),) if asked else ()
            notes = tuple(map(str, history.outliers(self._where, view.instance)))
        finally:
            with interruptions.deaf():
                stopped = asyncio.run(ask(BOOT, "stopped", self._stop))
        for each in (*steady, stopped):
            self.heard(each)
        return done.replaced(
            findings=(*booted, *done.findings, *steady, stopped), notes=notes, seconds=time.monotonic() - began
        )

    def _booted(self, begun: daemon.Begun, code: int | None, seconds: float) -> Finding:
        """The boot as a finding: which unit failed, why, and what to do."""
        if code == 0:
            return Finding(BOOT, "ready", "passed", f"{self._opened.plan.name} is ready", seconds)
        snapshot = store.load(self._where)
        if code is None or snapshot is None:
            error = daemon.died(self._where, begun.supervisor)
            found = Finding(BOOT, "ready", "failed", error.message, seconds, remedy=error.remedy)
        else:
            found = _why(snapshot, seconds)
        return checking.redacted(found, self._stopped().redact)

    def _lost(self) -> list[str] | None:
        """Files that the admin lacks before the boot, which would build it again; None where there is no admin."""
        from launcher.app import preflight
        from launcher.marketplace import admin_build

        backend = preflight.directories(self._opened).get("backend")
        return admin_build.lost_files(Path(backend)) if backend is not None else None

    def _whole(self, lost: list[str] | None) -> Iterator[Finding]:
        """Whether the admin had all its files: a boot heals one that had not, and a deployment has no such boot."""
        if lost is None:
            return
        if not lost:
            yield Finding(BOOT, "admin", "passed", "the admin had all its files")
            return
        shown = ", ".join([*lost[:_SHOWN], *(["…"] if len(lost) > _SHOWN else [])])
        told = f"the admin had lost {shown}; this boot built it again"
        remedy = "deploy the build that is there now, whole; see who deletes files below .medusa/server"
        yield Finding(BOOT, "admin", "failed", told, remedy=remedy, failure="asset-missing")

    def _not_asked(self) -> Round:
        """What cannot be asked of a stack that is not there, by name; how far its boot came, and what it printed."""
        judged = self._stopped()
        self.subject, self.environment = checking.subject(judged), checking.environment(judged)
        unasked = [Finding(name, "questions", "left out", "the stack did not boot") for name in groups()]
        for each in unasked:
            self.heard(each)
        rows = [{**row, "note": judged.redact(row["note"] or "") or None} for row in timeline.read(self._where)]
        return Round(tuple(unasked), timeline=rows, logs=checking.logs(judged))

    def _stopped(self) -> Target:
        return checking.target(self._request, {}, stopped=True)

    async def _steady(self) -> str:
        """Every unit is still as it was when the stack became ready: none ended, none was started again."""
        from launcher.control import client

        try:
            snapshot = client.status(self._where, timeout=10.0)  # its file may be a moment old
        except NotRunning:
            raise Wrong("the supervisor ended while the stack was judged", remedy="rxlaunch logs") from None
        shaky = [unit for unit in snapshot.units.values() if unit.restarts or unit.phase not in GOOD_PHASES]
        if shaky:
            told = ", ".join(f"{unit.name} is {unit.phase} (restarts: {unit.restarts})" for unit in shaky)
            raise Wrong(f"units did not stay up: {told}", remedy=f"rxlaunch logs {shaky[0].name}")
        return "no unit ended or was started again"

    async def _stop(self) -> str:
        """Stop the round's stack. Raises Wrong when something had to be swept."""
        data = commands.down(self._request.directory, _STOP_SECONDS).data
        if data.get("swept"):
            raise Wrong(f"processes outlived their supervisor and were swept: {data['swept']}")
        return "everything has stopped"


class _Progress(Silent):
    """The events of a boot as lines, without the welcome and its password."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._began = time.monotonic()
        self.instance = ""

    @property
    def seconds(self) -> float:
        """Since the boot began."""
        return time.monotonic() - self._began

    def event(self, event: e.Event, snapshot: Snapshot) -> None:
        """Tell what is worth a line."""
        from launcher.dashboard import plain

        self.instance = snapshot.instance
        line = plain.line(event, self.seconds)
        if line is not None:
            self._tell(line)


def _why(snapshot: Snapshot, seconds: float) -> Finding:
    """The unit that ended a boot; else what the stack says of its end."""
    for unit in snapshot.units.values():
        if unit.failure is not None:
            failure = unit.failure
            return Finding(
                BOOT, "ready", "failed", f"{unit.name} failed: {failure.reason}", seconds,
                remedy=failure.remedy or f"rxlaunch why {unit.name}", failure=getattr(failure, "known", None),
                details="\n".join(failure.tail),
            )  # fmt: skip
    reason = snapshot.reason or f"it ended with exit code {snapshot.exit_code}"
    return Finding(BOOT, "ready", "failed", reason, seconds, remedy="run `rxlaunch up` to see more")


@contextlib.contextmanager
def _ended_as_interrupted() -> Iterator[None]:
    """Being told to end (Ctrl-C, SIGTERM, a closed terminal) is a KeyboardInterrupt inside, and Interrupted outside.

    So whatever is open is closed in order, in our own code as in asyncio's, which knows Ctrl-C alone.
    """
    told: list[str] = []

    def as_ctrl_c(number: int, _frame: object) -> None:
        told.append(signal.Signals(number).name)
        signal.raise_signal(signal.SIGINT)

    try:
        with interruptions.handled(as_ctrl_c, ("SIGTERM", "SIGHUP")):
            yield
    except (KeyboardInterrupt, Interrupted) as error:
        if told or getattr(error, "exit_code", 130) != Interrupted.exit_code:
            raise Interrupted(f"received {told[0] if told else 'SIGTERM'}; all was stopped", exit_code=143) from None
        raise Interrupted("interrupted; all was stopped") from None
