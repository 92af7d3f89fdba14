"""Built-in actions as a throwaway run does them: with what the checkout, or an earlier run, has done already.

Packages are installed in the checkout itself, as `up` does it. Builds are taken over from the last run or from the
checkout when their fingerprints still hold, else made in the run's own copy and kept for the next. A kernel lock of
the checkout lets one run at a time make each of them: the second of two finds what the first has built. A fingerprint
of a database is never taken over: every run has a new one.
"""

import asyncio
import contextlib
import hashlib
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from launcher import native
from launcher.app import workspace
from launcher.app.workspace import Workspace
from launcher.errors import Taken
from launcher.plan.step import Action, Outcome, Run, Skip, StepContext, StepFailed
from launcher.state import files, lock
from launcher.state.fingerprints import FileFingerprints
from launcher.values import Value

if TYPE_CHECKING:
    from launcher.paths import StackPaths

_PLACES = 64
_TURN = 0.1  # seconds between two looks at the lock
_RESULTS = {"medusa-build": Path(".medusa"), "next-build": Path(".next")}  # below the unit's directory
_CACHES = frozenset({"cache"})  # of Next: answers of another database among it
_SAVED = {"medusa-build": Path(".medusa", "server"), "next-build": Path(".next")}  # what `cache-key` names
_KEY = "pk_" + hashlib.sha256(b"rxlaunch ci: the key of every throwaway database").hexdigest()


class Shared(Value, frozen=True):
    """What the runs of one checkout have in common."""

    made: Workspace
    checkout: "StackPaths"  # where the checkout's own stack keeps its state
    place: Path  # what this run leaves to the next one in its place: ports, and a storefront that knows them
    own_database: bool = True  # made for this run alone; False with --external
    saves: bool = False  # --save-builds: builds are left in the checkout, for a CI system's cache

    @property
    def store(self) -> Path:
        """Where what all runs share is kept."""
        return store_of(self.checkout)

    def action(self, name: str) -> Action:
        """The built-in action, done with the others in mind."""
        from launcher import marketplace

        inner = marketplace.action(name)
        if name == "node-packages":
            return Packages(inner, self)
        if name in _RESULTS:
            keeps = self.store if name == "medusa-build" else self.place
            build = Build(inner, self, _RESULTS[name], keeps)
            return Saved(build, self, _SAVED[name]) if self.saves else build
        if name == "publishable-key" and self.own_database:
            return SameKey(inner)
        return inner

    @contextlib.asynccontextmanager
    async def turn(self, context: StepContext, what: str) -> AsyncIterator[None]:
        """Be the only run of this checkout that makes this; waits for the others."""
        native.private_directory(self.store)
        told = False
        while (release := await asyncio.to_thread(lock.attempt, self.store / f".{what}.lock")) is None:
            if not told:
                context.report("waits for another run of this checkout that makes the same")
            told = True
            await asyncio.sleep(_TURN)
        try:
            yield
        finally:
            release()


def store_of(checkout: "StackPaths") -> Path:
    """Where the runs of a checkout leave to each other what they have made."""
    return checkout.home / "ci"


@contextlib.contextmanager
def take_place(checkout: "StackPaths") -> Iterator[Path]:
    """The first place that no other run of this checkout has now: one that runs alone always has the same."""
    for number in range(_PLACES):
        place = store_of(checkout) / f"place-{number}"
        if (release := lock.attempt(place.with_suffix(".lock"))) is not None:
            try:
                native.private_directory(place)
                yield place
            finally:
                release()
            return
    raise Taken(f"{_PLACES} runs of this checkout are there already", remedy="wait for one of them to end")


class Packages:
    """Node-packages, in the checkout: its command and its developer need the same ones."""

    def __init__(self, inner: Action, shared: Shared) -> None:
        self._inner = inner
        self._shared = shared

    async def check(self, context: StepContext) -> Skip | Run:
        """What the checkout has counts."""
        async with self._shared.turn(context, "packages"):
            found = await self._inner.check(self._there(context))
            if isinstance(found, Skip):
                await asyncio.to_thread(workspace.link_packages, self._shared.made)
            return found

    async def run(self, context: StepContext) -> Outcome:
        """Install, unless another run just has; never under a stack that runs from these packages."""
        async with self._shared.turn(context, "packages"):
            there = self._there(context)
            if isinstance(found := await self._inner.check(there), Skip):
                outcome = Outcome(note=found.reason)
            elif lock.running(self._shared.checkout) is not None:
                raise StepFailed(
                    f"{found.reason}, and the stack of this checkout runs with the packages as they are",
                    remedy="rxlaunch down, then try again",
                )
            else:
                outcome = await self._inner.run(there)
            await asyncio.to_thread(workspace.link_packages, self._shared.made)
            return outcome

    def _there(self, context: StepContext) -> StepContext:
        return _Elsewhere(context, self._shared)


class _Elsewhere:
    """A context whose directories are those of the checkout, and whose fingerprints are the checkout's own.

    Packages that are right are never installed again, `--fresh` or not: others may be running from them.
    """

    fresh = False

    def __init__(self, context: StepContext, shared: Shared) -> None:
        self._context = context
        self.root = shared.made.origin
        self.cwd = shared.made.twin(context.cwd)
        self.fingerprints = FileFingerprints(shared.checkout.fingerprints)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)


class Build:
    """An action that leaves a directory of results, found again by its fingerprint."""

    def __init__(self, inner: Action, shared: Shared, result: Path, keeps: Path) -> None:
        self._inner = inner
        self._shared = shared
        self._result = result
        self._keeps = keeps

    async def check(self, context: StepContext) -> Skip | Run:
        """Skip when a build of the last run, or the checkout's own, is what a build now would give."""
        async with self._shared.turn(context, context.unit):
            return await self._taken_over(context)

    async def run(self, context: StepContext) -> Outcome:
        """Build, unless another run just has, and keep the result for the next."""
        async with self._shared.turn(context, context.unit):
            found = await self._taken_over(context)
            if isinstance(found, Skip):
                return Outcome(note=found.reason)
            before = {key: context.fingerprints.get(key) for key in self._keys(context)}
            outcome = await self._inner.run(context)
            await asyncio.to_thread(self._keep, context, before)
            return outcome

    async def _taken_over(self, context: StepContext) -> Skip | Run:
        last = await self._inner.check(context)
        if isinstance(last, Skip) or context.fresh:
            return last
        for directory, prints in self._candidates(context):
            if not await asyncio.to_thread(_copied, directory, context.cwd / self._result):
                continue
            for key, value in prints.items():
                context.fingerprints.put(key, value)
            found = await self._inner.check(context)
            if isinstance(found, Skip):
                return found
            last = found
        await asyncio.to_thread(shutil.rmtree, context.cwd / self._result, ignore_errors=True)
        return last

    def _candidates(self, context: StepContext) -> Iterator[tuple[Path, dict[str, dict[str, str]]]]:
        """Directories of results with the fingerprints they had."""
        kept = self._kept(context)
        yield kept / "result", _prints(files.read(kept / "fingerprints.json"))
        known = FileFingerprints(self._shared.checkout.fingerprints)
        own = {key: dict(value) for key in self._keys(context) if (value := known.get(key))}
        yield self._shared.made.twin(context.cwd) / self._result, own

    def _kept(self, context: StepContext) -> Path:
        return self._keeps / context.unit

    def _keys(self, context: StepContext) -> tuple[str, ...]:
        return ("medusa-build", f"next-build:{context.unit}")

    def _keep(self, context: StepContext, before: dict[str, Any]) -> None:
        """Keep the result for the next run. A disk that is full costs that run its time, not this one its build."""
        import json

        now = {key: value for key in self._keys(context) if (value := context.fingerprints.get(key))}
        made = {key: dict(value) for key, value in now.items() if value != before[key]}
        new = self._kept(context).with_name(f"{context.unit}.new")
        with contextlib.suppress(OSError, shutil.Error):
            shutil.rmtree(new, ignore_errors=True)
            native.private_directory(new)
            workspace.copy_directory(context.cwd / self._result, new / "result", _CACHES)
            native.write_private(new / "fingerprints.json", json.dumps(made).encode())
            shutil.rmtree(self._kept(context), ignore_errors=True)
            new.rename(self._kept(context))


def _prints(data: bytes | None) -> dict[str, dict[str, str]]:
    try:
        return {} if data is None else files.object_of(data)
    except ValueError:
        return {}


def _copied(source: Path, target: Path) -> bool:
    """Whether a directory of results could be copied; one that is being built now cannot."""
    shutil.rmtree(target, ignore_errors=True)
    if not source.is_dir():
        return False
    try:
        workspace.copy_directory(source, target, _CACHES)
    except (OSError, shutil.Error):
        return False
    return True


class Saved:
    """A build that is left in the checkout as well, where the cache of a CI system looks for it."""

    def __init__(self, build: Build, shared: Shared, result: Path) -> None:
        self._build = build
        self._shared = shared
        self._result = result

    async def check(self, context: StepContext) -> Skip | Run:
        """As the build; one that was taken over is left in the checkout, too."""
        found = await self._build.check(context)
        if isinstance(found, Skip):
            await self._leave(context)
        return found

    async def run(self, context: StepContext) -> Outcome:
        """Build, and leave the result."""
        outcome = await self._build.run(context)
        await self._leave(context)
        return outcome

    async def _leave(self, context: StepContext) -> None:
        from launcher.marketplace import stamps

        target = self._shared.made.twin(context.cwd) / self._result
        source = context.cwd / self._result
        async with self._shared.turn(context, context.unit):
            if stamps.read(target) == stamps.read(source):
                return
            if lock.running(self._shared.checkout) is not None:
                context.report("the stack of this checkout runs: its build stays as it is, nothing is saved")
            elif not await asyncio.to_thread(_copied, source, target):
                context.report(f"the build could not be saved to {target}")


class SameKey:
    """Publishable-key, the same one in every run, on any machine: a storefront's build has it written into itself.

    It opens nothing but databases that are gone when their run is.
    """

    def __init__(self, inner: Action) -> None:
        self._inner = inner

    async def check(self, _context: StepContext) -> Skip | Run:
        """Always to be run: the database is new."""
        return Run("every throwaway database gets the same key")

    async def run(self, context: StepContext) -> Outcome:
        """Rename the key of the new database to the one you set, else to that of all runs."""
        from launcher.marketplace import database
        from launcher.marketplace.project import database_url
        from launcher.marketplace.publishable_key import given_key

        wanted = given_key(context.given) or _KEY
        url = database_url(context)
        seeded = await database.find_key(url) if url else None
        if url and seeded and wanted != seeded:
            await database.rename_key(url, seeded, wanted)
        found = await self._inner.check(context)
        if isinstance(found, Run):
            return await self._inner.run(context)
        return Outcome(found.outputs, note=found.reason)
