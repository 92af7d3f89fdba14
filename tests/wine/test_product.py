"""The whole product as a Windows program: Windows children, Job Objects, the TCP control API, a detached supervisor."""

import os
import signal
import time

import pytest

from tests.support.processes import until
from tests.support.windows_stacks import page

pytestmark = [pytest.mark.wine, pytest.mark.timeout(240)]


def test_a_stack_lives_its_whole_life_on_windows(stack):
    stack.web()
    assert "ready" in stack.run("up", "-d")
    status = stack.json("status")
    assert status["units"]["web"]["phase"] == "ready"
    port = stack.json("ports")["ports"]["web"]
    assert page(port) == b"hello"
    assert stack.json("up", "-d")["already_running"] is True
    assert str(status["pid"]) in stack.run("up", check=4)
    restarted = stack.json("restart", "web")["units"]["web"]
    assert restarted["phase"] == "ready"
    assert restarted["pid"] != status["units"]["web"]["pid"]
    assert "listening on" in stack.run("logs", "web")
    assert "ready after" in stack.run("why", "web")
    stack.run("down")
    assert stack.processes(stack.tag) == []
    stack.run("status", check=3)
    assert "nothing runs" in stack.run("down")


def test_a_killed_supervisor_takes_everything_with_it_on_windows(stack):
    stack.web()
    stack.run("up", "-d")
    assert stack.processes(stack.tag)
    begun = time.monotonic()
    for pid in stack.supervisors():
        os.kill(pid, signal.SIGKILL)
    until(lambda: not stack.processes(stack.tag), 5, "the job did not close")
    assert time.monotonic() - begun < 5
    assert "without saying goodbye" in stack.run("status", check=3)
    stack.run("up", "-d")
    assert stack.json("status")["units"]["web"]["phase"] == "ready"


def test_a_failing_stage_gives_its_exit_code_on_windows(stack):
    stack.web("""
[tasks.migrate]
command = ["{python}", "-c", "print('no such table'); raise SystemExit(7)", "{tag}"]
stage = "schema"
""")
    printed = stack.run("up", check=11)
    assert "exited with code 7" in printed
    assert "no such table" in printed
    until(lambda: not stack.processes(stack.tag), 5)


def test_ctrl_c_stops_the_stack_on_windows(stack):
    stack.web()
    up = stack.start("up")
    up.shows("Ctrl-C here")
    up.ctrl_c()
    assert up.wait(30) == 130
    assert stack.processes(stack.tag) == []


def test_bad_input_is_told_without_a_traceback_on_windows(stack):
    (stack.root / "rxlaunch.toml").write_text('[services.web]\ncomand = "x"\n')
    assert "did you mean" in stack.run("up", check=2)
    (stack.root / "rxlaunch.toml").write_text('[services.web]\ncommand = ["no-such-program"]\n')
    assert "no-such-program" in stack.run("up", check=1)
