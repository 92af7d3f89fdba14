"""Writing for a reader that may be slow, stopped or gone (fault rows 27 and 32)."""

import contextlib
import io
import os
import threading

import pytest

from launcher.dashboard import patient as patience
from launcher.dashboard.patient import Patient

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")


@pytest.fixture
def pipe():
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb", buffering=0) as reader:
        writer = os.fdopen(writing, "w", encoding="utf-8", newline="\n")
        yield reader, writer
        with contextlib.suppress(OSError):  # the last words for a reader that is gone
            writer.close()


def read_until(reader, end: bytes) -> bytes:
    seen = b""
    while not seen.endswith(end):
        seen += reader.read(65536)
    return seen


def test_what_is_written_arrives_in_its_order(pipe):
    reader, writer = pipe
    patient = Patient(writer)
    for number in range(1000):
        patient.write(f"line {number} 🚀\n")
    seen = read_until(reader, "line 999 🚀\n".encode())
    assert seen.decode() == "".join(f"line {number} 🚀\n" for number in range(1000))


@pytest.mark.not_under_wine("its pipes take a little more now and then: lines are skipped in between, too")
def test_a_writer_is_never_made_to_wait_and_what_was_skipped_is_counted(pipe):
    reader, writer = pipe
    patient = Patient(writer, most=200_000)
    stuck = threading.Timer(20.0, os._exit, (1,))
    stuck.start()
    for number in range(10_000):
        patient.write(f"line {number:06d} {'x' * 80}\n")
    stuck.cancel()
    seen = read_until(reader, b"nobody read them ---\n").decode().splitlines()
    assert [line[:11] for line in seen[:-1]] == [f"line {number:06d}" for number in range(len(seen) - 1)]
    assert seen[-1] == f"--- {10_000 - (len(seen) - 1)} lines skipped: nobody read them ---"
    patient.write("on we go\n")
    assert read_until(reader, b"on we go\n") == b"on we go\n"


def slow(monkeypatch):
    """Whatever is written takes a while; what came so."""
    written = []
    turns = threading.Semaphore(0)

    def write(_stream, data, _encoding):
        turns.acquire()
        written.append(data)

    monkeypatch.setattr(patience, "_write", write)
    return written, turns


def test_a_file_is_waited_for_and_misses_nothing(tmp_path, monkeypatch):
    """Nobody stops reading a file; its disk may be slower than a flood."""
    written, turns = slow(monkeypatch)
    monkeypatch.setattr(patience, "_DISK_SECONDS", 60.0)
    lines = [f"line {number}\n" for number in range(2000)]
    with (tmp_path / "console").open("w", encoding="utf-8", newline="\n") as stream:
        patient = Patient(stream, most=100)
        disk = threading.Thread(target=lambda: [turns.release() for _ in range(2000)])
        disk.start()
        for line in lines:
            patient.write(line)
        patient.drain(20.0)
        disk.join()
    assert b"".join(written).decode() == "".join(lines)


def test_a_disk_that_stands_still_costs_lines_and_no_writer(tmp_path, monkeypatch):
    written, turns = slow(monkeypatch)
    monkeypatch.setattr(patience, "_DISK_SECONDS", 0.01)
    with (tmp_path / "console").open("w", encoding="utf-8", newline="\n") as stream:
        patient = Patient(stream, most=100)
        for number in range(2000):
            patient.write(f"line {number}\n")
        for _ in range(2000):
            turns.release()
        patient.drain(20.0)
    assert b"skipped: nobody read them" in b"".join(written)


def test_a_reader_that_makes_room_in_time_misses_nothing_of_a_flood(pipe, monkeypatch):
    reader, writer = pipe
    monkeypatch.setattr(patience, "_FLOOD", 1.0)  # any reader is fast enough
    patient = Patient(writer, most=250_000)
    block = b"".join(b"line %08d %s\n" % (number, b"x" * 85) for number in range(2000))
    seen = []
    reading = threading.Thread(target=lambda: seen.append(read_until(reader, b"the end\n")))
    reading.start()
    for _ in range(20):
        patient.write_lines(block)
    patient.write("the end\n")
    reading.join(20)
    assert b"".join(seen) == block * 20 + b"the end\n"


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "ascii", "utf-16-le"])
def test_lines_in_utf_8_come_in_the_encoding_of_the_stream(tmp_path, encoding):
    lines = "grün 🚀\nplain\n"
    with (tmp_path / "console").open("w", encoding=encoding, newline="\n") as stream:
        patient = Patient(stream)
        patient.write_lines(lines.encode())
        patient.drain(20.0)
    assert (tmp_path / "console").read_bytes() == lines.encode(encoding, "replace")


def test_control_without_patience_the_writer_waits_for_ever(pipe):
    _, writer = pipe
    wrote_all = threading.Event()

    def write():
        try:
            os.write(writer.fileno(), b"x" * 1_000_000)
            wrote_all.set()
        except OSError:
            pass

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    assert not wrote_all.wait(0.2)
    read_until(pipe[0], b"x" * 16)
    while not wrote_all.wait(0.001):
        pipe[0].read(65536)
    thread.join(5)


def test_a_reader_that_is_gone_costs_nothing(pipe):
    reader, writer = pipe
    patient = Patient(writer)
    reader.close()
    for _ in range(1000):
        patient.write("nobody reads this\n")
    patient.drain(5.0)
    assert patient.write("nor this") == 8


def test_draining_waits_for_the_reader_but_not_for_ever(pipe):
    reader, writer = pipe
    patient = Patient(writer)
    patient.write("x" * 300_000 + "\n")
    patient.drain(0.05)
    late = threading.Timer(0.05, read_until, (reader, b"\n"))
    late.start()
    patient.drain(10.0)
    assert patient._size == 0
    late.join()


def test_a_stream_that_is_no_file_and_lacks_characters_is_written_too():
    class Ascii(io.StringIO):
        encoding = "ascii"

    stream = Ascii()
    patient = Patient(stream)
    patient.write("rocket 🚀\n")
    patient.drain(5.0)
    assert stream.getvalue() == "rocket ?\n"
