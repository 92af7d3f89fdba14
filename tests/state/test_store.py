import json
import os
import random
import shutil
import stat
import subprocess
import sys
import threading

import pytest

from launcher import events as e
from launcher import native
from launcher.errors import StateUnwritable
from launcher.native.contract import Identity
from launcher.state import files, store
from launcher.state.snapshot import Snapshot
from tests.support.stacks import every_event, running_snapshot, stack_paths, started


@pytest.fixture
def paths(tmp_path, monkeypatch):
    return stack_paths(tmp_path, monkeypatch)


def test_a_saved_snapshot_is_loaded_with_the_supervisors_whole_identity(paths):
    store.save(paths, running_snapshot())
    loaded = store.load(paths)
    assert loaded is not None
    assert loaded.supervisor == native.my_identity()
    assert set(loaded.units) == {"postgres", "backend"}


def test_the_snapshot_of_another_process_keeps_the_identity_it_has(paths):
    other = Identity(os.getpid() + 1, 5, "boot")
    assert store.identified(Snapshot(pid=other.pid, supervisor=other)).supervisor == other


def test_nothing_was_ever_saved(paths):
    assert store.load(paths) is None
    assert not paths.state.with_name("state.json.bad").exists()


@pytest.mark.parametrize(
    "contents", [b"", b"{", b"garbage\x00\xff", b'{"version": 99}', b"[]", b"[" * 100_000], ids=lambda c: repr(c[:16])
)
def test_what_cannot_be_understood_is_kept_aside(paths, contents):
    paths.state.write_bytes(contents)
    assert store.load(paths) is None
    assert not paths.state.exists()
    assert paths.state.with_name("state.json.bad").read_bytes() == contents


def test_no_damaged_byte_and_no_cut_ever_raises(paths):
    store.save(paths, running_snapshot())
    good = paths.state.read_bytes()
    chance = random.Random(7)
    for position in range(0, len(good), 3):
        flipped = bytearray(good)
        flipped[position] ^= 1 << chance.randrange(8)
        paths.state.write_bytes(flipped)
        loaded = store.load(paths)
        assert loaded is None or isinstance(loaded, Snapshot)
        if loaded is not None:
            native.alive(loaded.supervisor)
            json.dumps(loaded.to_json())
    for length in range(0, len(good) - 1, 17):
        paths.state.write_bytes(good[:length])
        assert store.load(paths) is None


@pytest.mark.skipif(native.IS_WINDOWS, reason="modes are no protection there; the directory's access list is")
def test_state_files_are_their_owners_alone_whatever_the_umask(paths):
    before = os.umask(0)
    try:
        store.save(paths, running_snapshot())
        log = store.EventLog(paths)
        log.append(started())
        log.close()
    finally:
        os.umask(before)
    assert {stat.S_IMODE(path.stat().st_mode) for path in (paths.state, paths.events)} == {0o600}


def test_a_state_directory_that_cannot_be_written_is_named_with_a_remedy(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no directory")
    monkeypatch.setenv("RXLAUNCH_HOME", str(tmp_path / "file" / "home"))
    from launcher.paths import for_root

    where = for_root(tmp_path)
    for attempt in (lambda: store.save(where, running_snapshot()), lambda: store.EventLog(where)):
        with pytest.raises(StateUnwritable) as caught:
            attempt()
        assert "RXLAUNCH_HOME" in (caught.value.remedy or "")


def test_a_full_disk_fails_a_save_loudly_and_leaves_the_old_snapshot(paths, monkeypatch):
    store.save(paths, running_snapshot())
    before = paths.state.read_bytes()

    def full(_path, _data, **_how):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(native, "write_private", full)
    with pytest.raises(StateUnwritable, match="No space left"):
        store.save(paths, running_snapshot())
    assert paths.state.read_bytes() == before


def test_events_are_read_back_as_they_were_written(paths):
    log = store.EventLog(paths)
    written = every_event()
    for event in written:
        log.append(event)
    log.close()
    assert store.read_events(paths.events) == written


def test_a_torn_last_line_and_foreign_lines_are_left_out(paths):
    log = store.EventLog(paths)
    log.append(started())
    log.close()
    foreign = b'\nnull\n{"type": "FromTheFuture"}\n{"type": "UnitReady"}\n\xff\xfe\n[[[\n'
    paths.events.write_bytes(paths.events.read_bytes() + foreign + b'{"type": "StackStopped", "exit_co')
    assert [type(event).__name__ for event in store.read_events(paths.events)] == ["StackStarting"]


def test_there_are_no_events_where_there_is_no_file(paths):
    assert store.read_events(paths.events) == []


def test_a_reader_gets_each_event_once_and_a_torn_one_when_it_is_whole(paths):
    reader = store.EventReader(paths.events)
    assert reader.read() == []
    log = store.EventLog(paths)
    log.append(first := e.Note("one", at=1.0))
    assert reader.read() == [first]
    assert reader.read() == []
    line = json.dumps(e.to_json(second := e.Note("two", at=2.0))).encode() + b"\n"
    with paths.events.open("ab") as file:
        file.write(line[:9])
        file.flush()
        assert reader.read() == []
        file.write(line[9:])
    assert reader.read() == [second]
    log.close()


def test_a_reader_notices_that_the_next_instance_began_even_when_it_wrote_more(paths):
    old = store.EventLog(paths)
    old.append(e.Note("old", at=1.0))
    reader = store.EventReader(paths.events)
    assert len(reader.read()) == 1
    old.close()
    new = store.EventLog(paths)
    events = [e.Note(f"new {number}", at=2.0) for number in range(5)]
    for event in events:
        new.append(event)
    assert reader.read() == events
    new.close()


def test_following_waits_for_events(paths):
    log = store.EventLog(paths)
    log.append(first := e.Note("one", at=1.0))
    following = store.follow_events(paths.events)
    assert next(following) == first
    later = threading.Timer(0.05, log.append, (second := e.Note("two", at=2.0),))
    later.start()
    assert next(following) == second
    later.join()
    log.close()


def test_an_event_log_on_a_failing_disk_counts_what_it_lost(paths, monkeypatch):
    log = store.EventLog(paths)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store.os, "write", full)
    log.append(started())
    monkeypatch.undo()
    assert log.lost == 1
    log.append(started())
    log.close()
    log.append(started())
    assert log.lost == 2


@pytest.mark.skipif(native.IS_WINDOWS, reason="open files cannot be deleted there")
def test_a_state_directory_deleted_under_a_running_stack_comes_back(paths):
    log = store.EventLog(paths)
    log.append(started())
    shutil.rmtree(paths.home)
    log.append(e.Note("after", at=1.0))
    store.save(paths, running_snapshot())
    assert store.read_events(paths.events) == [e.Note("after", at=1.0)]
    assert store.load(paths) is not None
    log.close()


def test_asking_whether_a_stack_runs_imports_nothing_heavy(paths):
    heavy = {"asyncio", "psutil", "filelock", "logging", "http.client", "rich", "h11"}
    script = (
        "import sys; from pathlib import Path; from launcher.paths import for_root;"
        "from launcher.state import lock, store;"
        f"p = for_root(Path({str(paths.root)!r})); assert store.load(p) is not None; lock.running(p);"
        f"print(sorted({heavy!r} & set(sys.modules)))"
    )
    store.save(paths, running_snapshot())
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.linux_only("no flag keeps links out there; the directory's access list does")
def test_a_file_cannot_be_opened_through_a_link(paths):
    target = paths.home / "elsewhere"
    target.write_text("precious")
    paths.events.symlink_to(target)
    with pytest.raises(StateUnwritable):
        store.EventLog(paths)
    assert target.read_text() == "precious"
    assert files.read(target) == b"precious"
