"""Changes of watched files (fault row 82): storms, editors, churn beside them; told by the system, and looked for."""

import asyncio
import builtins
import contextlib
import time

import pytest

from launcher import native
from launcher.run import polling, watching
from launcher.run.watching import QUIET_MS, Watched

WAYS = ["polling"] if native.IS_WINDOWS else ["watchfiles", "polling"]


@pytest.fixture(params=WAYS)
def way(request, monkeypatch):
    """The two ways to hear of a change."""
    if request.param == "polling":
        real = builtins.__import__

        def without(name, *rest, **more):
            if name == "watchfiles":
                raise ImportError("DLL load failed")
            return real(name, *rest, **more)

        monkeypatch.setattr(builtins, "__import__", without)
        monkeypatch.setattr(polling.changes, "__kwdefaults__", {"period": 0.05})
    return request.param


@pytest.fixture
def project(tmp_path):
    (tmp_path / "src" / "node_modules").mkdir(parents=True)
    (tmp_path / "src" / "code.py").write_text("1")
    (tmp_path / "settings.toml").write_text("1")
    return tmp_path


class Heard:
    """How often a restart was asked for."""

    def __init__(self, what):
        self.times = 0
        self.notes = []
        self._more = asyncio.Event()
        self.tasks = [
            asyncio.create_task(watching._follow("web", what, source, self._hear))
            for source in watching.sources(what, self.notes.append)
        ]

    def _hear(self, command):
        assert command.names == ("web",)
        self.times += 1
        self._more.set()

    async def once_more(self, act):
        """Do something until it is heard of: a watch takes a moment to begin."""
        before = self.times
        async with asyncio.timeout(20):
            while self.times == before:
                act()
                self._more.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._more.wait(), 4 * QUIET_MS / 1000)

    async def settled(self):
        """Wait until nothing more will come of what was done so far."""
        await asyncio.sleep(3 * QUIET_MS / 1000)

    async def stop(self):
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


@pytest.fixture
async def heard(way, project):
    made = Heard(Watched((project / "src",), (project / "settings.toml",)))
    yield made
    await made.stop()


def counting(path):
    """Write something else each time."""
    numbers = iter(range(1, 1000))
    return lambda: path.write_text("x" * next(numbers))


@pytest.mark.not_under_wine("looking at so many changes takes it longer than the test waits")
async def test_a_thousand_touches_are_one_restart(heard, project):
    await heard.once_more(counting(project / "src" / "code.py"))
    await heard.settled()
    for _ in range(10):
        before = heard.times
        quiet = await storm(project / "src")
        await heard.settled()
        if quiet < QUIET_MS / 1000 / 2:  # else the machine made a pause of its own in it
            assert heard.times == before + 1
            return
    pytest.skip("this machine is too busy for a storm without a lull")


async def storm(directory):
    """Write files a thousand times; the longest lull of the writer, or of the loop that hears of it, in seconds."""
    writing = asyncio.create_task(asyncio.to_thread(write_often, directory))
    last, longest = time.monotonic(), 0.0
    while not writing.done():
        await asyncio.sleep(0.005)
        now = time.monotonic()
        longest, last = max(longest, now - last), now
    return max(longest, await writing)


def write_often(directory):
    """Write files a thousand times; the longest pause between two writes, in seconds."""
    last, longest = time.monotonic(), 0.0
    for number in range(1000):
        (directory / f"new{number % 50}.py").write_text(str(number))
        if number % 100 == 0:
            time.sleep(0.02)
        now = time.monotonic()
        longest, last = max(longest, now - last), now
    return longest


async def test_an_editor_that_replaces_the_file_is_seen_every_time(heard, project):
    numbers = iter(range(1, 1000))

    def save():
        draft = project / ".settings.toml.new"
        draft.write_text("y" * next(numbers))
        native.replace(draft, project / "settings.toml")  # on Windows editors wait for readers, too

    await heard.once_more(save)
    await heard.once_more(save)
    await heard.once_more(save)


async def test_churn_in_packages_and_temporary_files_restart_nothing(heard, project):
    await heard.once_more(counting(project / "src" / "code.py"))
    await heard.settled()
    before = heard.times
    (project / "src" / "node_modules" / "index.js").write_text("1")
    (project / "src" / "__pycache__").mkdir()
    (project / "src" / "__pycache__" / "code.pyc").write_text("1")
    (project / "src" / "code.py~").write_text("1")
    (project / "other.txt").write_text("beside the watched file")
    await heard.settled()
    assert heard.times == before


async def test_a_deleted_file_is_a_change(heard, project):
    await heard.once_more(counting(project / "src" / "code.py"))
    await heard.settled()
    await heard.once_more(lambda: (project / "src" / "code.py").unlink(missing_ok=True))


def test_a_checkout_below_a_folder_with_an_ignored_name_is_watched_all_the_same(tmp_path):
    inside = tmp_path / "node_modules" / "shop" / "src"
    assert Watched((inside,), ()).concerns(inside / "a.ts")
    assert not Watched((inside,), ()).concerns(inside / "node_modules" / "a.ts")


async def test_where_watchfiles_cannot_be_loaded_it_is_told(heard, way):
    assert bool(heard.notes) == (way == "polling")
