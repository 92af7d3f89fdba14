"""Who watches a directory is told what vanished from it, and of nothing else."""

import asyncio
import os
import shutil

import pytest

from launcher import native

pytestmark = pytest.mark.linux_only("inotify is Linux's; elsewhere files are looked at")


@pytest.fixture
async def told(tmp_path):
    """Names as they are told, of a directory with the file `kept`; ended afterwards."""
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "kept").touch()
    names = asyncio.Queue()
    stop = native.told_of_deletions(
        asyncio.get_running_loop(), [tmp_path / "home"], lambda gone: [names.put_nowait(name) for name in sorted(gone)]
    )
    yield names
    stop()


@pytest.mark.parametrize("vanishing", ["deleted", "moved", "replaced"])
async def test_a_file_that_vanishes_is_told_by_its_name(tmp_path, told, vanishing):
    kept = tmp_path / "home" / "kept"
    if vanishing == "deleted":
        kept.unlink()
    elif vanishing == "moved":
        kept.rename(tmp_path / "elsewhere")
    else:
        kept.unlink()
        kept.mkdir()
    assert await asyncio.wait_for(told.get(), 5) == "kept"


@pytest.mark.parametrize("vanishing", ["deleted", "moved"])
async def test_a_directory_that_vanishes_is_told_by_an_empty_name(tmp_path, told, vanishing):
    (tmp_path / "home" / "kept").unlink()
    assert await asyncio.wait_for(told.get(), 5) == "kept"
    if vanishing == "deleted":
        shutil.rmtree(tmp_path / "home")
    else:
        (tmp_path / "home").rename(tmp_path / "elsewhere")
    assert await asyncio.wait_for(told.get(), 5) == ""


async def test_what_comes_or_changes_is_not_told(tmp_path, told):
    home = tmp_path / "home"
    (home / "new").touch()
    (home / "kept").write_text("changed")
    os.utime(home / "kept")
    (home / "kept").unlink()  # the control: this is told, and it is the first that is
    assert await asyncio.wait_for(told.get(), 5) == "kept"


async def test_many_deletions_at_once_are_all_told(tmp_path, told):
    names = {f"file-{number}" for number in range(3000)}
    for name in names:
        (tmp_path / "home" / name).touch()
    for name in names:
        (tmp_path / "home" / name).unlink()
    assert {await asyncio.wait_for(told.get(), 5) for _ in names} == names


async def test_where_a_directory_is_missing_nobody_tells(tmp_path):
    before = set(os.listdir("/proc/self/fd"))  # noqa: PTH208
    told = native.told_of_deletions(asyncio.get_running_loop(), [tmp_path, tmp_path / "missing"], print)
    assert told is None
    assert set(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
