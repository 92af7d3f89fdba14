"""Signals in bad moments, a wall clock that jumps, and commands that come twice (fault rows 22, 24, 53, 59)."""

import os
import signal

import pytest

from tests.support.processes import state
from tests.support.small_stacks import until

SLOW_TO_STOP = """
import pathlib, signal, sys, time
def last_words(*_):
    pathlib.Path("asked").touch()
    while not pathlib.Path("gate").exists(): time.sleep(0.01)
    pathlib.Path("orderly").touch(); sys.exit(0)
signal.signal(signal.SIGTERM, last_words)
print("up", flush=True)
time.sleep(60)
"""
JUMPING = """
import time
true_time, calls = time.time, [0]
def jumping():
    calls[0] += 1
    return true_time() + (3600 if calls[0] % 3 == 0 else -3600 if calls[0] % 3 == 1 else 0)
time.time = jumping
"""


@pytest.fixture
def slow(stack):
    """A running stack whose service takes its time to stop; it goes once `gate` is there."""
    (stack.root / "slow.py").write_text(SLOW_TO_STOP)
    stack.write("""
[services.slow]
command = ["{python}", "slow.py", "{tag}"]
readiness = { log_line = "up" }
stop = { grace = 30 }
""")
    stack.run("up", "-d", check=0)
    return stack


def test_further_signals_do_not_cancel_a_shutdown(slow):
    """Supervisor 3.3.5 forgot to stop when it was told twice."""
    supervisor = slow.json("status")["pid"]
    os.kill(supervisor, signal.SIGTERM)
    assert until((slow.root / "asked").exists)
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGHUP, signal.SIGTERM):
        os.kill(supervisor, number)
    assert slow.json("status")["phase"] == "stopping"
    (slow.root / "gate").touch()
    assert until(lambda: state(supervisor) in ("", "Z"))
    assert (slow.root / "orderly").exists()
    assert slow.json("status", check=3)["exit_code"] == 143
    slow.assert_nothing_left(1)


def test_units_of_a_stack_that_is_being_stopped_are_not_started_and_that_is_told(slow):
    down = slow.popen("down")
    assert until((slow.root / "asked").exists)
    for command in ("start", "restart", "stop"):
        assert "is being stopped" in slow.run(command, "slow", check=3).stderr
    (slow.root / "gate").touch()
    down.communicate(timeout=30)
    assert down.returncode == 0


def test_a_background_stack_does_not_care_about_a_hangup(slow):
    supervisor = slow.json("status")["pid"]
    os.kill(supervisor, signal.SIGHUP)
    slow.run("stop", "slow", "--help", check=0)
    assert slow.json("status")["phase"] == "ready"
    assert not (slow.root / "asked").exists()
    (slow.root / "gate").touch()


def test_down_twice_at_once_is_one_orderly_stop(slow):
    first, second = slow.popen("down"), slow.popen("down")
    assert until((slow.root / "asked").exists)
    (slow.root / "gate").touch()
    for down in (first, second):
        printed, _ = down.communicate(timeout=30)
        assert down.returncode == 0, printed
        assert "Traceback" not in printed
    assert (slow.root / "orderly").exists()
    slow.assert_nothing_left(1)


def test_a_wall_clock_that_jumps_by_hours_hurts_nothing(stack):
    """Every call of time.time() is an hour off, now this way and now that: deadlines and identities don't use it."""
    jumping = stack.root.parent / "jumping"
    jumping.mkdir()
    (jumping / "sitecustomize.py").write_text(JUMPING)
    stack.env["PYTHONPATH"] = os.pathsep.join([str(jumping), stack.env["PYTHONPATH"]])
    stack.web("restart = { delay = 0.05 }")
    stack.run("up", "-d", check=0)
    first = stack.unit("web")["pid"]
    os.kill(first, signal.SIGKILL)
    assert until(lambda: stack.unit("web")["pid"] not in (None, first) and stack.unit("web")["phase"] == "ready")
    stack.run("restart", "web", check=0)
    assert "up 0 min" in stack.run("status", check=0).stdout or "up 1 h" in stack.run("status", check=0).stdout
    stack.run("logs", "web", check=0)
    stack.run("down", check=0)
    stack.assert_nothing_left(1)
    assert "nothing runs" in stack.run("status", check=3).stdout


def test_control_the_clock_of_that_test_does_jump(stack):
    (stack.root / "sitecustomize.py").write_text(JUMPING)
    import subprocess
    import sys

    show = "import time; print(max(abs(time.time() - time.time()) for _ in range(3)))"
    env = {**stack.env, "PYTHONPATH": str(stack.root)}
    told = subprocess.run([sys.executable, "-c", show], env=env, capture_output=True, text=True, check=True)
    assert float(told.stdout) > 3000


def test_down_does_not_wait_for_a_supervisor_that_was_suspended(stack):
    """Ctrl-Z in its terminal, `down` in another: it is woken, and stops in order."""
    stack.web()
    stack.run("up", "-d", check=0)
    supervisor = stack.json("status")["pid"]
    os.kill(supervisor, signal.SIGSTOP)
    stack.run("down", check=0, timeout=20)
    assert stack.json("status", check=3)["phase"] == "stopped", "it said goodbye itself"
    stack.assert_nothing_left(1)
