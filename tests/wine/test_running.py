"""One stack that runs on Windows while everything happens to it (fault matrix).

It is one stack because every start of a Windows program costs half a second here. Each test leaves it as it found it,
the last one excepted.
"""

import json
import threading

import pytest

from launcher.control import client
from launcher.events import RestartUnits
from launcher.paths import StackPaths
from tests.support.processes import until
from tests.support.windows_stacks import WindowsStack

pytestmark = [pytest.mark.wine, pytest.mark.timeout(240)]

PROGRAMS = {
    "talk.py": r"""
import os, sys
out = sys.stdout.buffer
out.write(b"first line\n" + b"x" * 10_000_000 + b"\nafter the long line\n")
for byte in "one by one \U0001f389\n".encode():
    out.write(bytes([byte])); out.flush()
out.write(bytes(range(256)) + b"\n" + b"50 %\r60 %\r\n")
for number in range(20_000): out.write(b"flood %06d\n" % number)
out.write(b"last words"); out.flush()
os._exit(0)
""",
    "mute.py": "import os, time\nprint('mute from now on', flush=True)\nos.close(1); os.close(2)\ntime.sleep(600)\n",
    "flapping.py": r"""
import pathlib, time
print("up", flush=True)
while pathlib.Path("healthy").exists(): time.sleep(0.02)
raise SystemExit(3)
""",
    "deaf.py": "import signal, time\nsignal.signal(2, signal.SIG_IGN)\nprint('up', flush=True)\ntime.sleep(600)\n",
}
UNITS = """
restart = { delay = 0.05, max_delay = 0.2, window = 60, max_failures = 3 }
[tasks.talk]
command = ["{python}", "talk.py", "{tag}"]
[services.mute]
command = ["{python}", "mute.py", "{tag}"]
[services.flapping]
command = ["{python}", "flapping.py", "{tag}"]
readiness = { log_line = "up" }
restart = { delay = 0.05, max_delay = 0.2, window = 60, max_failures = 3 }
[services.gate]
command = ["{python}", "server.py", "${port.gate}", "{tag}gate"]
env = { GATE = "opened" }
readiness = { http = "${url.gate}/", deadline = 90 }
[services.waiter]
command = ["{python}", "mute.py", "{tag}waiter"]
depends_on = ["gate"]
"""


@pytest.fixture(scope="module")
def running(prepared, tmp_path_factory):
    made = WindowsStack(prepared, tmp_path_factory.mktemp("running"))
    for name, text in PROGRAMS.items():
        (made.root / name).write_text(text)
    (made.root / "healthy").touch()
    made.web(UNITS, ports="web = 21500\ngate = 21600")
    try:
        made.run("up", "-d", "web", "talk", "mute", "flapping")
        yield made
    finally:
        made.clean_up()


@pytest.fixture
def place(running):
    """Where a client on either side finds the supervisor."""
    (home,) = running.home.glob("stacks/*")
    return StackPaths(running.root, home)


def log_of(running, unit):
    return b"".join(file.read_bytes() for file in sorted(running.home.glob(f"stacks/*/logs/{unit}.log*"), reverse=True))


def test_a_long_line_a_flood_and_binary_output_neither_block_nor_break_anything(running):
    """Rows 28, 29, 30, 32."""
    written = log_of(running, "talk")
    assert running.phase("talk") == "done"
    assert len(written) < 60_000_000
    assert written.count(b"flood ") > 10_000
    lines = running.run("logs", "-n", "3", "talk").splitlines()
    assert "flood 019998" in lines[-3]
    assert running.phase("web") == "ready"


def test_the_last_words_before_the_end_are_not_lost(running):
    """Row 35."""
    assert log_of(running, "talk").rstrip().endswith(b"last words")


def test_a_service_that_closes_its_output_lives_on(running):
    """Row 33."""
    assert running.phase("mute") == "ready"
    assert running.unit("mute")["restarts"] == 0


def test_twenty_restarts_at_once_end_with_one_instance(running, place):
    """Row 15."""
    before = running.snapshot()["units"]["web"]
    gate, answers = threading.Barrier(20), []

    def restart():
        gate.wait()
        answers.append(client.send(place, RestartUnits(("web",)), timeout=60))

    threads = [threading.Thread(target=restart) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 20
    until(lambda: running.phase("web") == "ready", 60)
    after = running.snapshot()["units"]["web"]
    assert after["pid"] != before["pid"]
    assert 1 <= after["generation"] - before["generation"] <= 3
    assert len(running.processes("server.py")) == 1


def test_a_unit_that_waits_for_its_dependency_can_be_restarted_stopped_and_started(running, place):
    """Row 16: another supervisor wedged here, ran an untracked copy, and left it behind (process-compose 530)."""
    begun = running.start("up", "-d", "waiter")
    until(lambda: running.phase("waiter") == "waiting" and running.phase("gate") == "starting", 60)
    client.send(place, RestartUnits(("waiter",)), timeout=20)
    assert running.phase("waiter") == "waiting"
    running.run("stop", "waiter")
    assert running.phase("waiter") == "stopped"
    starting = running.start("start", "waiter")
    until(lambda: running.phase("waiter") == "waiting", 30)
    assert not running.processes(f"{running.tag}waiter"), "nothing begins early"
    (running.root / "opened").touch()
    assert starting.wait() == 0, starting.printed()
    begun.wait()
    until(lambda: running.phase("waiter") == "ready", 30)
    assert len(running.processes(f"{running.tag}waiter")) == 1
    running.run("stop", "waiter", "gate")
    assert running.processes(f"{running.tag}waiter") == []


def test_a_service_that_keeps_crashing_is_given_up_until_somebody_starts_it(running):
    """Row 80: ready for a moment, then gone, again and again."""
    (running.root / "healthy").unlink()
    until(lambda: running.phase("flapping") == "failed", 60)
    assert "exited with code 3" in running.run("why", "flapping")
    assert running.phase("web") == "ready", "the rest goes on"
    (running.root / "healthy").touch()
    running.run("start", "flapping")
    assert running.phase("flapping") == "ready"


def test_a_supervisor_of_another_version_is_named_and_down_always_works(running):
    """Row 58; the last test here, for it ends the stack."""
    (file,) = running.home.glob("stacks/*/state.json")
    document = running.snapshot()
    known = {key: document[key] for key in ("instance", "supervisor", "phase")}
    file.write_text(json.dumps({"version": 99, "program": "9.9.0", "something": "new"} | known))
    told = running.run("restart", "web", check=1)
    assert "rxlaunch 9.9.0" in told
    assert "rxlaunch down" in told
    assert running.supervisors(), "nothing but down may end it"
    assert "9.9.0" in running.run("down")
    running.nothing_left(2)
    assert running.supervisors() == []
