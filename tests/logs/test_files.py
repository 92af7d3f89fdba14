import contextlib
import os
import shutil
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from launcher import native
from launcher.logs import files as log_files
from launcher.logs.files import UnitLog
from launcher.logs.kept import KEPT_LINES
from launcher.logs.redact import Redactor
from launcher.logs.times import path_beside


@pytest.fixture
def path(tmp_path):
    return tmp_path / "logs" / "backend.log"


@pytest.fixture
def open_log(path):
    with contextlib.ExitStack() as stack:

        def opener(*secrets, sink=lambda _chunk: None, limit=log_files.LIMIT):
            redactor = Redactor()
            for secret in secrets:
                redactor.add(secret)
            log = UnitLog(path, redactor, sink, limit=limit)
            stack.callback(log.close)
            return log

        yield opener


def test_the_childs_bytes_are_in_the_file_as_they_came(path, open_log):
    log = open_log()
    for chunk in (b"\xff\xfe raw \x00\x1b[31m", "🚀".encode()[:2], "🚀".encode()[2:], b"\r\nno end"):
        log.write(chunk)
    assert path.read_bytes() == b"\xff\xfe raw \x00\x1b[31m\xf0\x9f\x9a\x80\r\nno end"


def test_secrets_reach_neither_file_nor_sink_nor_tail(path, open_log):
    heard = []
    log = open_log("hunter2hunter2", sink=heard.append)
    log.write(b"password is hunter2")
    assert "hunter" not in log.tail(5)[-1]
    log.write(b"hunter2\n")
    assert path.read_bytes() == b"".join(heard) == b"password is ***\n"
    assert log.tail(5) == ["password is ***"]


def test_the_last_output_before_the_end_is_never_lost(path, open_log):
    log = open_log("hunter2hunter2")
    log.write(b"last words hu")
    assert log.tail(1) == ["last words hu"]
    log.close()
    assert path.read_bytes() == b"last words hu"


@pytest.mark.skipif(native.IS_WINDOWS, reason="modes are no protection there; the directory's access list is")
def test_log_files_are_their_owners_alone_whatever_the_umask(path, open_log):
    before = os.umask(0)
    try:
        open_log().write(b"x\n")
    finally:
        os.umask(before)
    assert {stat.S_IMODE(file.stat().st_mode) for file in (path, path_beside(path))} == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_tail_has_clean_lines_and_the_unfinished_one(open_log):
    log = open_log()
    log.write(b"one\n\x1b[31mtwo\x1b[0m\nthree\x1b]0;evil\x07")
    assert log.tail(2) == ["two", "three"]
    assert log.tail(0) == []


def test_memory_is_bounded_in_a_flood(open_log):
    log = open_log()
    for number in range(3000):
        log.write(b"line %d\n" % number)
    assert len(log.tail(10**6)) == KEPT_LINES
    assert log.tail(1) == ["line 2999"]


def test_a_line_once_seen_counts_until_the_next_incarnation(open_log):
    log = open_log()
    log.write(b"listening on port 9001\n")
    assert log.seen(r"listening on port \d+$")
    for _ in range(KEPT_LINES + 1):
        log.write(b"noise\n")
    assert log.seen(r"listening on port \d+$")
    log.reset()
    assert not log.seen(r"listening on port \d+$")
    log.write(b"listening on port 9002\n")
    assert log.seen(r"listening on port \d+$")


def test_a_line_that_scrolled_away_between_two_questions_was_noticed(open_log):
    log = open_log()
    assert not log.seen("EADDRINUSE")
    log.write(b"Error: listen EADDRINUSE :::9001\n" + b"noise\n" * (KEPT_LINES + 5))
    assert log.seen("EADDRINUSE")


def test_a_prompt_without_line_end_is_seen_too(open_log):
    log = open_log()
    log.write(b"ready> ")
    assert log.seen("^ready>")


def test_a_new_incarnation_begins_with_an_empty_tail_and_a_fresh_line(path, open_log):
    log = open_log("hunter2hunter2")
    log.write(b"crashed in the middle of hu")
    log.reset()
    assert log.tail(5) == []
    log.write(b"begun\n")
    assert log.tail(5) == ["begun"]
    assert path.read_bytes() == b"crashed in the middle of hubegun\n"


def test_a_full_file_is_rotated_and_one_old_one_is_kept(path, open_log):
    log = open_log(limit=1000)
    for number in range(250):
        log.write(b"line %04d\n" % number)
    old = path.with_name("backend.log.1")
    assert path.stat().st_size <= 1000
    assert old.stat().st_size <= 1000
    assert sorted(file.name for file in path.parent.iterdir()) == [
        "backend.log", "backend.log.1", "backend.times", "backend.times.1",
    ]  # fmt: skip
    lines = (old.read_bytes() + path.read_bytes()).splitlines()
    assert lines == [b"line %04d" % number for number in range(250 - len(lines), 250)]


def test_while_rotation_is_impossible_nothing_is_lost(path, open_log, monkeypatch):
    def held(_src, _dst):
        raise PermissionError(32, "another process uses the file")

    log = open_log(limit=100)
    monkeypatch.setattr(native, "replace", held)
    for number in range(50):
        log.write(b"line %04d\n" % number)
    assert len(path.read_bytes().splitlines()) == 50
    assert log.lost_bytes == 0


def test_a_second_instance_goes_on_in_the_same_file(path, open_log):
    open_log().write(b"first\n")
    open_log().write(b"second\n")
    assert path.read_bytes() == b"first\nsecond\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_counted_and_the_child_goes_on(path, open_log):
    path.parent.mkdir(mode=0o700)
    heard = []
    log = open_log(sink=heard.append)
    full = os.open("/dev/full", os.O_WRONLY)
    before = os.dup(log._file._handle)
    os.dup2(full, log._file._handle)
    log._file._checked_at = float("inf")
    log.write(b"lost\n")
    assert log.lost_bytes == 5
    assert "No space" in (log.problem or "")
    os.dup2(before, log._file._handle)
    log.write(b"kept\n")
    assert log.problem is None
    assert path.read_bytes() == b"kept\n"
    assert b"".join(heard) == b"lost\nkept\n"
    assert log.tail(2) == ["lost", "kept"]
    os.close(full)
    os.close(before)


@pytest.mark.skipif(native.IS_WINDOWS, reason="no such limit there")
def test_a_file_size_limit_in_the_middle_of_a_write_is_survived(path):
    script = """
import resource, signal, sys
from pathlib import Path
from launcher.logs.files import UnitLog
from launcher.logs.kept import KEPT_LINES
from launcher.logs.redact import Redactor
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
log = UnitLog(Path(sys.argv[1]), Redactor(), lambda chunk: None)
log.write(b"x" * 1500 + b"\\n")
print(log.lost_bytes, log.problem, log.tail(1)[0].count("x"))
log.close()
"""
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout == "501 File too large 1500\n"


def test_a_directory_where_nothing_can_be_written_degrades_the_file_alone(tmp_path):
    (tmp_path / "file").write_text("no directory")
    heard = []
    log = UnitLog(tmp_path / "file" / "logs" / "backend.log", Redactor(), heard.append)
    log.write(b"line\n")
    assert (log.lost_bytes, heard, log.tail(1)) == (5, [b"line\n"], ["line"])
    assert log.problem
    log.close()


@pytest.mark.linux_only("the directory of an open file cannot be deleted there")
def test_a_log_directory_that_was_deleted_comes_back(path, open_log):
    log = open_log()
    log.write(b"before\n")
    shutil.rmtree(path.parent)
    log._file._checked_at -= 2.0
    log.write(b"after\n")
    assert path.read_bytes() == b"after\n"


def test_a_log_that_was_truncated_goes_on_from_its_beginning(path, open_log):
    log = open_log(limit=1000)
    log.write(b"x" * 900 + b"\n")
    os.truncate(path, 0)
    log._file._checked_at -= 2.0
    log.write(b"y" * 200 + b"\n")
    assert path.read_bytes() == b"y" * 200 + b"\n"


def test_a_view_that_breaks_is_dropped_and_the_log_goes_on(path, open_log):
    def broken(_chunk):
        raise BrokenPipeError(32, "Broken pipe")

    log = open_log(sink=broken)
    log.write(b"one\n")
    log.write(b"two\n")
    assert path.read_bytes() == b"one\ntwo\n"
    assert log.tail(2) == ["one", "two"]
    assert "Broken pipe" in (log.sink_problem or "")


def test_a_flood_is_taken_in_without_blocking_for_long(open_log):
    log = open_log(*(f"{number:064x}" for number in range(1000, 1006)))
    assert not log.seen("EADDRINUSE")
    chunk = (b"2026-01-01T00:00:00Z info: GET /store/products 200 - 12 ms (node 10.0.0.1)\n" * 900)[:65536]
    worst = threading.Timer(20.0, os._exit, (1,))
    worst.daemon = True
    worst.start()
    for _ in range(160):
        log.write(chunk)
    worst.cancel()
    assert log.lost_bytes == 0
