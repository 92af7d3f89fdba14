"""Supervisor and shims killed at once (fault rows 4, 50, 51): the next command sweeps what is left, and says so."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from launcher import paths
from launcher.app import leftovers
from launcher.native import containment
from tests.support.processes import LEAF, state, until

TREE = """
import subprocess, sys
leaf, tag, beat = open("leaf.py").read(), sys.argv[1], sys.argv[2]
for behaviour, env in (("session+deaf", None), ("daemon+deaf", {}), ("daemon+deaf+hopper", {})):
    subprocess.Popen([sys.executable, "-I", "-S", "-c", leaf, tag, beat, *behaviour.split("+")], env=env)
print("planted", flush=True)
import time; time.sleep(60)
"""

SLOW_STACK = """
[services.slow]
command = ["{python}", "slow.py", "{tag}"]
readiness = { log_line = "up" }
stop = { grace = 5 }
"""
SLOW = """
import pathlib, signal, sys, time
def last_words(*_):
    while not pathlib.Path("gate").exists(): time.sleep(0.01)
    pathlib.Path("orderly").touch(); sys.exit(0)
signal.signal(signal.SIGTERM, last_words)
print("up", flush=True)
time.sleep(60)
"""


@pytest.fixture
def planted(stack):
    """A running stack whose service has daemons of every kind."""
    (stack.root / "leaf.py").write_text(LEAF)
    (stack.root / "tree.py").write_text(TREE)
    stack.write("""
[services.nasty]
command = ["{python}", "tree.py", "{tag}", "beat"]
readiness = { log_line = "planted" }
""")
    stack.run("up", "-d", check=0)
    until(lambda: len(list(stack.root.glob("beat.*"))) >= 3, what="three hearts")
    return stack


def beats(stack):
    """How often anything of the tree has beaten."""
    return sum(file.stat().st_size for file in stack.root.glob("beat.*"))


def kill_supervisor_and_shims(stack):
    """`pkill -9 -f rxlaunch`: none of them can clear up after the others."""
    status = stack.json("status")
    shims = [who.pid for who in containment.shims_of(status["instance"])]
    assert shims
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in (status["pid"], *shims):
            os.kill(pid, number)
    until(lambda: state(status["pid"]) in ("", "Z"))
    return status


def still(stack):
    """Whether no heart beats any more."""
    before = beats(stack)
    done = subprocess.run([sys.executable, "-c", "import time; time.sleep(0.1)"], check=True)
    return done.returncode == 0 and beats(stack) == before


@pytest.mark.parametrize(("command", "code"), [("status", 3), ("down", 0), ("up", 0)])
def test_the_next_command_sweeps_what_is_left_and_says_so(planted, command, code):
    kill_supervisor_and_shims(planted)
    assert not still(planted), "the control: without a sweep the daemons live on"
    if command == "up":
        (planted.root / "tree.py").write_text("print('planted', flush=True); import time; time.sleep(60)")
    done = planted.run(command, *(["-d"] if command == "up" else []), check=code)
    assert "left behind by the last run" in done.stdout
    assert still(planted)
    planted.run("down", check=0)
    planted.assert_nothing_left()


def test_status_tells_programs_what_it_swept_once(planted):
    kill_supervisor_and_shims(planted)
    assert planted.json("status", check=3)["swept"]
    assert planted.json("status", check=3)["swept"] == []


def kill_supervisor_of_a_slow_service(stack):
    """From then on its shim stops it, which goes on until `gate` is there."""
    (stack.root / "slow.py").write_text(SLOW)
    stack.write(SLOW_STACK)
    stack.run("up", "-d", check=0)
    supervisor = stack.json("status")["pid"]
    os.kill(supervisor, signal.SIGKILL)
    until(lambda: state(supervisor) in ("", "Z"))


def test_what_is_still_being_stopped_is_let_be_by_status_and_waited_for_by_up(stack):
    """The supervisor alone was killed: the shims stop the tree in order, which takes the service a moment."""
    kill_supervisor_of_a_slow_service(stack)
    assert "still being stopped" in stack.run("status", check=3).stdout
    (stack.root / "gate").touch()
    stack.run("up", "-d", check=0)
    assert (stack.root / "orderly").exists()


def test_down_stops_an_up_that_has_not_said_a_word_yet(stack):
    """It holds the lock and waits for what the last supervisor left to be stopped: `down` must not miss it."""
    kill_supervisor_of_a_slow_service(stack)
    up = stack.popen("up")
    lock_of = paths.for_root(stack.root).lock.name
    (held,) = stack.home.glob(f"stacks/*/{lock_of}")
    until(lambda: f":{held.stat().st_ino} " in Path("/proc/locks").read_text(), what="the lock is taken")
    down = stack.popen("down")
    (stack.root / "gate").touch()
    printed, _ = down.communicate(timeout=60)
    assert down.returncode == 0, printed
    told, _ = up.communicate(timeout=60)
    assert "stopped" in printed, told
    stack.assert_nothing_left(1)
    stack.run("status", check=3)


def test_nothing_is_swept_after_a_reboot(planted):
    """An edited boot id stands for the reboot: whatever carries the old mark now cannot be ours."""
    kill_supervisor_and_shims(planted)
    (file,) = planted.home.glob("stacks/*/state.json")
    document = json.loads(file.read_text())
    rebooted = {**document, "supervisor": {**document["supervisor"], "boot": "00000000-0000-0000-0000-000000000000"}}
    file.write_text(json.dumps(rebooted))
    assert planted.json("status", check=3)["swept"] == []
    assert planted.run("down", check=0).stdout.count("left behind") == 0
    assert not still(planted)
    file.write_text(json.dumps(document))
    assert planted.json("status", check=3)["swept"]


def pretend_another_version(stack):
    """Make the running stack's state file one of a later version; its supervisor goes on."""
    (file,) = stack.home.glob("stacks/*/state.json")
    document = json.loads(file.read_text())
    future = {"version": 99, "program": "9.9.0", "something": "new"}
    file.write_text(json.dumps(future | {key: document[key] for key in ("instance", "supervisor", "phase")}))
    return document["supervisor"]["pid"]


def test_a_supervisor_of_another_version_is_named_by_every_command_and_down_always_works(stack):
    stack.web()
    stack.run("up", "-d", check=0)
    pid = pretend_another_version(stack)
    for command in (["status"], ["ports"], ["restart", "web"], ["up", "-d"], ["up"], ["why", "web"]):
        told = stack.run(*command, check=1).stderr
        assert "rxlaunch 9.9.0" in told
        assert str(pid) in told
        assert "rxlaunch down" in told
    assert state(pid) not in ("", "Z"), "nothing but down may end it"
    assert "9.9.0" in stack.run("down", check=0).stdout
    stack.assert_nothing_left()
    stack.run("up", "-d", check=0)
    assert stack.unit("web")["phase"] == "ready"


def test_what_a_killed_supervisor_of_another_version_left_is_swept_too(planted):
    kill_supervisor_and_shims(planted)
    pretend_another_version(planted)
    assert "left behind by the last run" in planted.run("down", check=0).stdout
    assert still(planted)


@pytest.mark.parametrize(("ended", "in_order"), [("down", True), ("killed", False)])
def test_only_a_run_that_ended_in_order_is_looked_after_once(stack, monkeypatch, ended, in_order):
    stack.web()
    stack.run("up", "-d", check=0)
    if ended == "down":
        stack.run("down", check=0)
    else:
        pid = json.loads(stack.run("status", "-o", "json", check=0).stdout)["pid"]
        os.kill(pid, signal.SIGKILL)
        until(lambda: state(pid) in ("", "Z"), what="it is dead")
    monkeypatch.setenv("RXLAUNCH_HOME", str(stack.home))
    told = []
    monkeypatch.setattr(leftovers.native, "kill_marked", lambda _instance, *, in_order: told.append(in_order) or [])
    leftovers.sweep(paths.for_root(stack.root))
    assert told == [in_order]
