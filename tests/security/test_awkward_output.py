"""What services print, however awkward, is kept to the last byte and harms nobody (fault rows 28 to 31, 33, 35, 38)."""

import json
import os
from pathlib import Path

import pytest

from tests.security.consoles import start, unwanted
from tests.support.small_stacks import until

ROCKET = "🚀".encode()
PROGRAMS = {
    "long": "os.write(1, b'first\\n')\n"
            "for _ in range(160): os.write(1, b'x' * 65536)\nos.write(1, b'\\nnext\\n')\nwait()",
    "bytes": "for _ in range(3): os.write(1, bytes(range(256)))\nos.write(1, b'\\n\\xff\\xfe latin \\xe9\\n')\n"
             "for byte in '🚀'.encode(): os.write(1, bytes([byte])); time.sleep(0.005)\n"
             "os.write(1, b' in pieces\\r\\n10%\\r50%\\r100%\\nNUL \\x00 NUL\\n\\x1b]52;c;never ends\\nend\\n')\n"
             "wait()",
    "closed": "os.write(1, b'last line\\n')\nos.close(1); os.close(2)\npathlib.Path('closed').touch()\nwait()",
    "dying": "hold('die')\nos.write(1, b'y' * 60000 + b'\\nlast words')\nos.kill(os.getpid(), 9)",
    "leaving": "hold('die')\nsys.stdout.write('z' * 60000 + '\\nlast words'); sys.stdout.flush(); os._exit(3)",
    "emoji": "print('🚀 ünïcödé 漢字', flush=True)\nwait()",
}  # fmt: skip
TABLE = """
[services.{0}]
command = ["{{python}}", "{0}.py", "{{tag}}"]
restart = {{ policy = "no" }}
stop = {{ grace = 1 }}
"""
HEAD = """
import os, pathlib, sys, time
sys.stdout.reconfigure(encoding="utf-8")
def hold(gate):
    while not pathlib.Path(gate).exists(): time.sleep(0.01)
def wait():
    time.sleep(600)
"""


def plant(stack, *names):
    for name in names:
        (stack.root / f"{name}.py").write_text(HEAD + PROGRAMS[name], encoding="utf-8")
    stack.write("".join(TABLE.format(name) for name in names))


@pytest.fixture(scope="module")
def running(shared):
    """All of them, with `up` in the foreground and its output in a file."""
    plant(shared, *PROGRAMS)
    console = shared.root.parent / "console"
    with console.open("wb") as out, start(shared, out, "up") as up:
        try:
            assert until(shared.is_ready, 30)
            yield shared
        finally:
            up.terminate()


def log(stack, name) -> bytes:
    """What is in the current file; nothing in the moment in which it has been rotated and there is no new one."""
    (directory,) = stack.home.glob("stacks/*/logs")
    try:
        return (directory / f"{name}.log").read_bytes()
    except FileNotFoundError:
        return b""


def lines(stack, name, *more):
    return stack.run("logs", name, *more, check=0).stdout.splitlines()


def resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_a_line_of_ten_megabytes_is_kept_whole_and_the_next_one_is_intact(running):
    assert until(lambda: log(running, "long").endswith(b"next\n"))
    whole = log(running, "long")
    older = next(iter(running.home.glob("stacks/*/logs/long.log.1")), None)
    whole = (older.read_bytes() if older else b"") + whole
    assert whole == b"first\n" + b"x" * 160 * 65536 + b"\nnext\n"
    shown = lines(running, "long", "-n", "2")
    assert shown[-1] == "long | next"
    assert max(map(len, shown)) < 70_000
    assert resident(running.json("status")["pid"]) < 160 * 2**20


def test_bytes_of_every_kind_are_in_the_file_as_they_came_and_harmless_when_shown(running):
    assert until(lambda: log(running, "bytes").endswith(b"end\n"))
    raw = log(running, "bytes")
    assert raw.startswith(bytes(range(256)) * 3)
    assert ROCKET + b" in pieces\r\n10%\r50%\r100%\n" in raw
    shown = lines(running, "bytes")
    text = "\n".join(shown)
    assert unwanted(text) == []
    for wanted in ("| 🚀 in pieces", "| 100%", "| NUL \\x00 NUL", "| �� latin �", "| end"):
        assert wanted in text
    told = [json.loads(line)["line"] for line in lines(running, "bytes", "-o", "json")]
    assert told[-1] == "end"
    assert until(lambda: b"| end" in (running.root.parent / "console").read_bytes())
    assert unwanted((running.root.parent / "console").read_text(encoding="utf-8")) == []


def test_a_service_that_closes_its_output_goes_on_running(running):
    assert until((running.root / "closed").exists)
    assert until(lambda: log(running, "closed") == b"last line\n")
    unit = running.unit("closed")
    assert (unit["phase"], unit["restarts"]) == ("ready", 0)
    running.run("restart", "closed", check=0)
    assert running.unit("closed")["pid"] != unit["pid"]


def test_what_a_service_said_last_before_its_death_is_never_lost(running):
    (running.root / "die").touch()
    for name, letter, reason in (("dying", b"y", "killed by signal 9"), ("leaving", b"z", "exited with code 3")):
        assert until(lambda name=name: running.unit(name)["phase"] == "failed")
        assert log(running, name) == letter * 60_000 + b"\nlast words"
        told = running.run("why", name, check=0).stdout
        assert reason in told
        assert "| last words" in told


@pytest.mark.parametrize(
    "encoding",
    [{"LANG": "C", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}, {"PYTHONIOENCODING": "ascii"},
     {"PYTHONIOENCODING": "cp1252"}, {"PYTHONIOENCODING": "cp1252:strict"}, {"PYTHONIOENCODING": "latin-1"},
     {"PYTHONIOENCODING": "utf-16"}, {"LC_ALL": "POSIX"}],
    ids=lambda given: "-".join(given.values()),
)  # fmt: skip
def test_a_console_that_lacks_characters_gets_replacements_and_no_error(running, encoding):
    for command in (("logs", "emoji"), ("status",)):
        done = start(running, out := (running.root.parent / "shown").open("w+b"), *command, **encoding)
        assert done.wait(30) == 0
        out.seek(0)
        said = out.read()
        out.close()
        assert b"Error" not in said
        assert said


def test_up_on_a_console_that_lacks_characters_shows_the_rest(stack):
    plant(stack, "emoji")
    for encoding in ({"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}):
        shown = stack.root.parent / "shown"
        with shown.open("wb") as out, start(stack, out, "up", **encoding) as up:
            assert until(lambda shown=shown: b"emoji | ?" in shown.read_bytes(), 20)
            up.terminate()
        assert b"emoji | ? ?n?c?d? ??" in shown.read_bytes()
        assert b"Error" not in shown.read_bytes()
