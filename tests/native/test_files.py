"""Private directories and files: nobody else reads them, nobody ever sees half of one, no link leads us astray."""

import os
import stat
import threading

import pytest

from launcher import native
from launcher.errors import LauncherError


@pytest.fixture(autouse=True)
def _no_umask():
    """The most careless umask there is."""
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path):
    """Permission bits."""
    return stat.S_IMODE(path.lstat().st_mode)


def test_directories_are_made_private_with_their_parents(tmp_path):
    native.private_directory(tmp_path / "a" / "b")
    native.private_directory(tmp_path / "a" / "b")
    assert mode(tmp_path / "a") == mode(tmp_path / "a" / "b") == 0o700


def test_an_open_directory_of_ours_is_closed_to_others(tmp_path):
    (tmp_path / "open").mkdir(mode=0o777)
    native.private_directory(tmp_path / "open")
    assert mode(tmp_path / "open") == 0o700


@pytest.mark.parametrize("kind", ["link", "dangling", "file"])
def test_links_and_files_are_refused_and_left_alone(tmp_path, kind):
    target = tmp_path / "target"
    path = tmp_path / "path"
    if kind == "file":
        path.touch()
    else:
        path.symlink_to(target)
    if kind == "link":
        target.mkdir(mode=0o755)
    with pytest.raises(LauncherError, match="link or a file") as caught:
        native.private_directory(path)
    assert caught.value.remedy
    if kind == "link":
        assert mode(target) == 0o755


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give a directory away")
def test_a_directory_of_another_user_is_refused(tmp_path):
    (tmp_path / "theirs").mkdir()
    os.chown(tmp_path / "theirs", 12345, 12345)
    with pytest.raises(LauncherError, match="another user"):
        native.private_directory(tmp_path / "theirs")


def test_a_directory_that_cannot_be_made_says_so(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(LauncherError, match="cannot create the directory"):
        native.private_directory(tmp_path / "file" / "below")


def test_files_are_private_and_whole(tmp_path):
    path = tmp_path / "secret"
    path.write_text("old")
    path.chmod(0o644)
    native.write_private(path, b"new\r\n\0")
    assert path.read_bytes() == b"new\r\n\0"
    assert mode(path) == 0o600
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("durable", "waits"), [(True, 1), (False, 0)])
def test_only_what_must_outlive_a_loss_of_power_waits_for_the_disk(tmp_path, monkeypatch, durable, waits):
    calls = []
    monkeypatch.setattr(os, "fsync", calls.append)
    native.write_private(tmp_path / "state", b"new", durable=durable)
    assert len(calls) == waits
    assert (tmp_path / "state").read_bytes() == b"new"


def test_a_link_is_replaced_not_followed(tmp_path):
    (tmp_path / "elsewhere").write_text("untouched")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    native.write_private(tmp_path / "link", b"mine")
    assert (tmp_path / "elsewhere").read_text() == "untouched"
    assert not (tmp_path / "link").is_symlink()


def test_a_failed_write_leaves_the_old_file_and_no_draft(tmp_path):
    (tmp_path / "state").mkdir()  # a directory can't be replaced by a file
    with pytest.raises(OSError, match="directory"):
        native.write_private(tmp_path / "state", b"new")
    assert [entry.name for entry in tmp_path.iterdir()] == ["state"]


def test_readers_never_see_half_a_file(tmp_path):
    path = tmp_path / "state"
    native.write_private(path, b"0" * 5000)
    seen, stop = set(), threading.Event()

    def read():
        while not stop.is_set():
            seen.add(path.read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(100):
        native.write_private(path, str(number % 10).encode() * 5000)
    stop.set()
    reader.join()
    assert all(len(text) == 5000 and len(set(text)) == 1 for text in seen)
