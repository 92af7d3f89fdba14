"""A supervisor looks after its files seldom, but soon after somebody deleted one."""

import asyncio
import contextlib

import pytest

from launcher import native
from launcher.app import tending

pytestmark = pytest.mark.linux_only("deletions are told on Linux alone")


class Looks:
    """Stands for what is looked after: counts, and makes the file again."""

    def __init__(self, file):
        self.file = file
        self.count = 0
        self.looked = asyncio.Event()

    async def look(self):
        self.count += 1
        self.file.parent.mkdir(exist_ok=True)
        self.file.touch()
        self.looked.set()

    async def once_more(self, seconds=5.0):
        """Wait for the next look."""
        self.looked.clear()
        await asyncio.wait_for(self.looked.wait(), seconds)


@pytest.fixture
async def looks(tmp_path, monkeypatch):
    """Looked after while the test runs, practically never without a reason."""
    monkeypatch.setattr(tending, "_PERIOD", 3600.0)
    monkeypatch.setattr(tending, "_SETTLING", 0.01)
    (tmp_path / "home").mkdir()
    made = Looks(tmp_path / "home" / "state.json")
    made.file.touch()
    task = asyncio.create_task(tending.tend(made, [made.file]))
    await asyncio.sleep(0)
    yield made
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_a_deleted_file_is_looked_for_again_and_again(looks):
    for _ in range(3):
        looks.file.unlink()
        await looks.once_more()
        assert looks.file.exists()


async def test_a_deleted_directory_is_watched_again_once_it_is_back(looks):
    for _ in range(2):
        looks.file.unlink()
        looks.file.parent.rmdir()
        await looks.once_more()
        assert looks.file.exists()


async def test_control_other_files_are_nothing_to_look_for(looks):
    other = looks.file.with_name("other")
    other.touch()
    other.unlink()
    with pytest.raises(TimeoutError):
        await looks.once_more(0.3)


async def test_where_nobody_tells_it_is_looked_for_all_the_same(looks, tmp_path, monkeypatch):
    monkeypatch.setattr(native, "told_of_deletions", lambda *_: None)
    monkeypatch.setattr(tending, "_PERIOD_UNTOLD", 0.01)
    looks.file.unlink()
    await looks.once_more()
    await looks.once_more()
