"""Builds and packages of throwaway runs: made once, taken over while they hold, never by two at the same time."""

import asyncio
import contextlib

import pytest

from launcher import paths
from launcher.app import shared_builds, workspace
from launcher.app.shared_builds import Build, Packages, Shared, take_place
from launcher.errors import Taken
from launcher.plan.step import Outcome, Run, Skip, StepFailed
from launcher.state.fingerprints import FileFingerprints
from tests.support.steps import FakeContext


class Compiler:
    """An action that compiles `source` into .medusa; `begun` and `go` are its gates."""

    def __init__(self, begun=None, go=None):
        self.ran = 0
        self._begun, self._go = begun or asyncio.Event(), go

    async def check(self, context):
        source, built = context.cwd / "source", context.cwd / ".medusa" / "out"
        known = context.fingerprints.get("medusa-build")
        same = built.is_file() and known == {"source": source.read_text(), "out": built.read_text()}
        return Skip("unchanged") if same else Run("changed")

    async def run(self, context):
        self.ran += 1
        self._begun.set()
        if self._go:
            await self._go.wait()
        source = (context.cwd / "source").read_text()
        (context.cwd / ".medusa" / "cache").mkdir(parents=True, exist_ok=True)
        (context.cwd / ".medusa" / "out").write_text(f"compiled {source}")
        context.fingerprints.put("medusa-build", {"source": source, "out": f"compiled {source}"})
        return Outcome(note="compiled")


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    monkeypatch.setenv("RXLAUNCH_HOME", str(tmp_path / "home"))
    root = tmp_path / "shop"
    root.mkdir()
    (root / "source").write_text("one")
    return root


@pytest.fixture
def run(checkout):
    """Makes a run: its own copy, its own fingerprints."""
    with contextlib.ExitStack() as stack:

        def begin(compiler):
            made = stack.enter_context(workspace.make(checkout, keep=False, linked=True))
            shared = Shared(made, paths.for_root(checkout), made.root.parent)
            context = FakeContext(made.root, unit="admin-build")
            return Build(compiler, shared, shared_builds._RESULTS["medusa-build"], shared.store), context

        yield begin


async def done(build, context):
    """What a supervisor does with an action."""
    found = await build.check(context)
    return found if isinstance(found, Skip) else await build.run(context)


def test_the_next_run_takes_a_build_over(run):
    compiler = Compiler()
    assert asyncio.run(done(*run(compiler))).note == "compiled"
    build, context = run(compiler)
    assert asyncio.run(done(build, context)) == Skip("unchanged")
    assert compiler.ran == 1
    assert (context.cwd / ".medusa" / "out").read_text() == "compiled one"
    assert not (context.cwd / ".medusa" / "cache").exists()  # what a build remembers of its answers is not taken over


def test_a_build_that_no_longer_holds_is_made_again_and_leaves_nothing_behind(run, checkout):
    compiler = Compiler()
    asyncio.run(done(*run(compiler)))
    (checkout / "source").write_text("two")
    build, context = run(compiler)
    assert isinstance(asyncio.run(build.check(context)), Run)
    assert not (context.cwd / ".medusa").exists()
    asyncio.run(build.run(context))
    assert (context.cwd / ".medusa" / "out").read_text() == "compiled two"


def test_the_checkout_s_own_build_is_taken_over_by_its_own_fingerprint(run, checkout):
    (checkout / ".medusa").mkdir()
    (checkout / ".medusa" / "out").write_text("compiled one")
    prints = FileFingerprints(paths.for_root(checkout).fingerprints)
    prints.put("medusa-build", {"source": "one", "out": "compiled one"})
    compiler = Compiler()
    assert asyncio.run(done(*run(compiler))) == Skip("unchanged")
    prints.put("medusa-build", {"source": "one", "out": "something else"})  # the control: somebody changed the build
    (checkout / "source").write_text("one ")
    asyncio.run(done(*run(compiler)))
    assert compiler.ran == 1


def test_of_two_at_once_one_builds_and_the_other_waits_for_it(run):
    async def both():
        begun, go = asyncio.Event(), asyncio.Event()
        first, second = Compiler(begun, go), Compiler()
        one = asyncio.create_task(done(*run(first)))
        await begun.wait()
        build, context = run(second)
        other = asyncio.create_task(done(build, context))
        while not context.reports:
            await asyncio.sleep(0.01)
        assert "waits for another run" in context.reports[0]
        go.set()
        await asyncio.gather(one, other)
        return first.ran, second.ran

    assert asyncio.run(both()) == (1, 0)


def test_a_build_that_fails_lets_the_next_one_try(run):
    class Fails(Compiler):
        async def run(self, context):
            raise StepFailed("no")

    with pytest.raises(StepFailed):
        asyncio.run(done(*run(Fails())))
    assert asyncio.run(done(*run(Compiler()))).note == "compiled"


def test_packages_are_installed_in_the_checkout_and_seen_from_the_copy(checkout):
    class Installer:
        async def check(self, context):
            return Skip("there") if (context.cwd / "node_modules").is_dir() else Run("missing")

        async def run(self, context):
            (context.cwd / "node_modules" / "next").mkdir(parents=True)
            return Outcome()

    with workspace.make(checkout, keep=False, linked=True) as made:
        context = FakeContext(made.root, unit="install", fresh=True)
        shared = Shared(made, paths.for_root(checkout), made.root.parent)
        asyncio.run(done(Packages(Installer(), shared), context))
        assert (checkout / "node_modules" / "next").is_dir()
        assert (made.root / "node_modules").is_symlink()


def test_every_run_has_a_place_and_the_first_free_one_is_taken(checkout, monkeypatch):
    monkeypatch.setattr(shared_builds, "_PLACES", 2)
    where = paths.for_root(checkout)
    with take_place(where) as first:
        with take_place(where) as second:
            assert (first.name, second.name) == ("place-0", "place-1")
            with pytest.raises(Taken), take_place(where):
                pass
        with take_place(where) as again:
            assert again == second
    with take_place(where) as alone:
        assert alone == first
