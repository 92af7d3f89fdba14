import itertools
import os
import time

import pytest

from launcher.logs import read, times
from launcher.logs.files import UnitLog
from launcher.logs.redact import Redactor
from launcher.logs.times import Times, path_beside


@pytest.fixture
def directory(tmp_path):
    return tmp_path / "logs"


def write(path, *stamped: tuple[float, bytes]) -> None:
    """A log file whose pieces came at the given times."""
    path.parent.mkdir(exist_ok=True)
    with path.open("ab") as log, path_beside(path).open("ab") as index:
        for at, data in stamped:
            index.write(times.mark(log.tell(), at))
            log.write(data)
            log.flush()


def unit_log(path, limit=10**7):
    return UnitLog(path, Redactor(), lambda _chunk: None, limit=limit)


def take(lines, count):
    return list(itertools.islice(lines, count))


def test_the_last_lines_are_found_without_reading_it_all(directory):
    write(directory / "a.log", (1.0, b"".join(b"line %06d\n" % n for n in range(50_000))))
    assert read.last_lines(directory / "a.log", 3) == ["line 049997", "line 049998", "line 049999"]


@pytest.mark.parametrize("n", [0, 1, 2, 3, 4, 100])
def test_as_many_lines_as_there_are_and_were_asked_for(directory, n):
    path = directory / "a.log"
    write(path, (1.0, b"one\ntwo\n\nunfinished"))
    assert read.last_lines(path, n) == (["one", "two", "", "unfinished"][-n:] if n else [])


def test_a_block_border_in_the_middle_of_a_line_does_no_harm(directory):
    path = directory / "a.log"
    lines = [("x" * (index % 700)).encode() + b"%d" % index for index in range(1000)]
    write(path, (1.0, b"\n".join(lines) + b"\n"))
    for n in (1, 150, 190, 999, 1000, 1001):
        assert read.last_lines(path, n) == [line.decode() for line in lines[-n:]]


def test_there_are_no_lines_where_there_is_no_file(directory):
    assert read.last_lines(directory / "a.log", 5) == []


def test_the_rotated_file_gives_what_the_current_one_lacks(directory):
    path = directory / "a.log"
    log = unit_log(path, limit=100)
    for number in range(15):
        log.write(b"line %03d\nhalf" % number)
    log.close()
    assert len(path.read_bytes().splitlines()) < 6  # so that the older file is needed
    assert read.last_lines(path, 6) == [*(f"halfline {number:03d}" for number in range(10, 15)), "half"]


def test_the_lines_of_several_units_come_in_their_order(directory):
    write(directory / "a.log", (10.0, b"a1\n"), (30.0, b"a2\n"))
    write(directory / "b.log", (20.0, b"b1\n"), (40.0, b"b2\n"))
    paths = {"a": directory / "a.log", "b": directory / "b.log"}
    assert list(read.last(paths, 10, None)) == [("a", "a1"), ("b", "b1"), ("a", "a2"), ("b", "b2")]
    assert list(read.last(paths, 1, None)) == [("a", "a2"), ("b", "b2")]


def test_only_what_came_since_then(directory):
    path = directory / "a.log"
    write(path.with_name("a.log.1"), (5.0, b"oldest\n"))
    write(path, (10.0, b"old\nhalf a "), (20.0, b"line\nnew\n"), (30.0, b"newest\n"))
    shown = {since: [line for _, line in read.last({"a": path}, 100, since)] for since in (1.0, 10.0, 15.0, 25.0, 35.0)}
    assert shown == {
        1.0: ["oldest", "old", "half a line", "new", "newest"],
        10.0: ["old", "half a line", "new", "newest"],
        15.0: ["new", "newest"],
        25.0: ["newest"],
        35.0: [],
    }


def test_a_log_whose_times_are_lost_or_damaged_is_as_old_as_its_last_change(directory):
    path = directory / "a.log"
    write(path, (10.0, b"line\n"))
    path_beside(path).write_bytes(b"\xff garbage\n1 2 3\nnan\n0 nan\n-1 5.0\n0 1e999\n7")
    os.utime(path, (1000.0, 1000.0))
    assert [line for _, line in read.last({"a": path}, 9, 999.0)] == ["line"]
    assert [line for _, line in read.last({"a": path}, 9, 1001.0)] == []
    path_beside(path).unlink()
    assert Times(path).at(0) == 1000.0


def test_a_wall_clock_that_jumps_back_does_not_reorder_a_unit(directory):
    write(directory / "a.log", (100.0, b"first\n"), (40.0, b"second\n"))
    assert [line for _, line in read.last({"a": directory / "a.log"}, 9, None)] == ["first", "second"]


def test_a_unit_log_marks_when_its_lines_came(directory):
    path = directory / "a.log"
    log = unit_log(path)
    log.write(b"now\n")
    log.close()
    assert abs(Times(path).at(0) - time.time()) < 5
    assert [line for _, line in read.last({"a": path}, 9, time.time() - 60)] == ["now"]


# --- following ------------------------------------------------------------------------------------------------


def test_following_shows_the_last_lines_and_then_those_that_come(directory):
    path = directory / "a.log"
    write(path, (1.0, b"one\ntwo\nhal"))
    following = read.follow({"a": path}, 1, None)
    assert take(following, 1) == [("a", "two")]
    write(path, (2.0, b"f\nthree\n"))
    assert take(following, 2) == [("a", "half"), ("a", "three")]


def test_following_waits_for_a_file_that_is_not_there_yet(directory):
    path = directory / "a.log"
    followed = read._Followed(path)
    assert list(followed.more()) == []
    write(path, (1.0, b"first\n"))
    assert list(followed.more()) == ["first"]


def test_no_line_is_lost_when_the_log_rotates(directory):
    path = directory / "a.log"
    log = unit_log(path, limit=300)
    followed = read._Followed(path)
    seen = []
    for number in range(100):
        log.write(b"line %03d and its e" % number)
        if number % 3 == 0:
            seen += followed.more()
        log.write(b"nd\n")
    log.close()
    seen += followed.more()
    assert seen == [f"line {number:03d} and its end" for number in range(100)]


def test_a_rotation_that_is_half_done_is_no_deletion(directory):
    path = directory / "a.log"
    write(path, (1.0, b"one\n"))
    followed = read._Followed(path)
    write(path, (2.0, b"two\n"))
    path.rename(path.with_name("a.log.1"))
    assert list(followed.more()) == []
    write(path, (3.0, b"three\n"))
    assert list(followed.more()) == ["two", "three"]


def test_truncation_is_told_and_followed_on(directory):
    path = directory / "a.log"
    write(path, (1.0, b"one\n"))
    followed = read._Followed(path)
    write(path, (2.0, b"unfinished"))
    assert list(followed.more()) == []
    os.truncate(path, 0)
    write(path, (3.0, b"new\n"))
    assert list(followed.more()) == ["unfinished", "--- the log file was truncated ---", "new"]


def test_deletion_is_told_once_and_the_next_file_is_followed(directory):
    path = directory / "a.log"
    write(path, (1.0, b"one\n"))
    followed = read._Followed(path)
    path.unlink()
    assert list(followed.more()) == ["--- the log file was deleted; waiting for a new one ---"]
    assert list(followed.more()) == []
    write(path, (2.0, b"new\n"))
    assert list(followed.more()) == ["new"]
    write(path, (3.0, b"newer\n"))
    assert list(followed.more()) == ["newer"]


def test_another_file_in_its_place_is_told_and_followed(directory):
    path = directory / "a.log"
    write(path, (1.0, b"one\n"))
    followed = read._Followed(path)
    other = directory / "other.log"
    write(other, (1.0, b"stranger\n"))
    other.replace(path)
    assert list(followed.more()) == ["--- the log file was replaced ---", "stranger"]


def test_a_file_that_took_the_place_and_the_inode_and_outgrew_what_was_read_is_told(directory):
    """What two rotations between two looks come to where the inode of the deleted file is given out again."""
    path = directory / "a.log"
    write(path, (1.0, b"one\n"))
    followed = read._Followed(path)
    with path.open("r+b") as same:
        same.write(b"another, and longer\n")
    assert list(followed.more()) == ["--- the log file was replaced ---", "another, and longer"]


def test_a_rotated_file_that_is_replaced_while_its_rest_is_read_is_told(directory, monkeypatch):
    path, older = directory / "a.log", directory / "a.log.1"
    write(path, (1.0, b"one\n"))
    followed = read._Followed(path)
    write(path, (2.0, b"two\nthree\n"))
    path.replace(older)
    write(path, (3.0, b"four\n"))
    with monkeypatch.context() as small:
        small.setattr(read, "_AT_ONCE", 4)
        rest = followed.more()
        assert next(rest) == "two"
        path.replace(older)
        write(path, (4.0, b"five\n"))
        assert list(rest) == ["--- the log file was replaced ---"]  # `three` is lost, and it says so
    assert list(followed.more()) == ["four", "five"]


def test_a_flood_leaves_the_other_units_their_turn(directory):
    flood, quiet = directory / "flood.log", directory / "quiet.log"
    following = read.follow({"flood": flood, "quiet": quiet}, 0, None)
    write(flood, (1.0, b"x" * 99 + b"\n"))
    write(quiet, (1.0, b"old\n"))
    following = read.follow({"flood": flood, "quiet": quiet}, 1, None)
    assert len(take(following, 2)) == 2
    write(flood, (2.0, (b"x" * 99 + b"\n") * 30_000))
    write(quiet, (2.0, b"heard\n"))
    lines = take(following, 12_000)
    assert ("quiet", "heard") in lines
