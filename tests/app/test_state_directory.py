"""What happens to the state directory under a running stack (fault rows 37, 47, 56)."""

import json
import shutil
from pathlib import Path

from tests.support.small_stacks import until


def home_of(stack):
    """The state directory of the stack."""
    (file,) = stack.home.glob("stacks/*/state.json")
    return file.parent


def test_a_deleted_state_directory_comes_back_and_everything_works_on(stack):
    stack.web()
    stack.run("up", "-d", check=0)
    before = stack.json("status")
    home = home_of(stack)
    shutil.rmtree(home)
    assert until(lambda: (home / "state.json").exists() and (home / "control.json").exists(), 10)
    assert until(lambda: stack.run("status").returncode == 0, 10)
    after = stack.json("status")
    assert after["pid"] == before["pid"]
    assert after["units"]["web"]["pid"] == before["units"]["web"]["pid"]
    assert stack.json("restart", "web")["units"]["web"]["phase"] == "ready"
    assert "made again" in (home / "events.ndjson").read_text()
    refused = stack.run("up", check=4).stderr
    assert str(before["pid"]) in refused, "the lock came back too: there is no second supervisor"
    stack.run("down", check=0)
    stack.assert_nothing_left()


def test_a_deleted_control_file_and_socket_come_back(stack):
    stack.web()
    stack.run("up", "-d", check=0)
    home = home_of(stack)
    control = home / "control.json"
    Path(json.loads(control.read_text())["socket"]).unlink()
    control.unlink()
    (home / "lock").unlink()
    assert until(lambda: stack.run("stop", "web").returncode == 0, 10)
    assert stack.unit("web")["phase"] == "stopped"


def test_a_log_that_cannot_be_written_is_told_by_status_and_costs_the_service_nothing(stack):
    stack.write("""
[services.chatty]
command = ["{python}", "-c", "import time\\nwhile True: print('hello', flush=True); time.sleep(0.05)", "{tag}"]
readiness = { log_line = "hello" }
""")
    stack.run("up", "-d", check=0)
    log = home_of(stack) / "logs" / "chatty.log"
    log.unlink()
    log.mkdir()
    assert until(lambda: stack.unit("chatty")["log_trouble"], 10)
    assert "cannot be written: Is a directory" in stack.run("status", check=0).stdout
    assert "cannot be written" in stack.run("why", "chatty", check=0).stdout
    assert stack.unit("chatty")["phase"] == "ready"
    log.rmdir()
    assert until(lambda: "cannot be written" not in (stack.unit("chatty")["log_trouble"] or ""), 10)
    assert "lost" in stack.unit("chatty")["log_trouble"]
    assert until(lambda: "hello" in stack.run("logs", "chatty").stdout, 10)


def test_a_state_file_that_cannot_be_written_fails_loudly_before_anything_is_started(stack):
    stack.web()
    stack.run("up", "-d", check=0)
    stack.run("down", check=0)
    file = home_of(stack) / "state.json"
    file.unlink()
    file.mkdir()
    (file / "in-the-way").touch()
    told = stack.run("up", "-d", check=2)
    assert "cannot write" in told.stderr + told.stdout
    assert not stack.survivors()


def test_the_stack_file_may_vanish_and_down_still_works(stack):
    stack.web()
    stack.run("up", "-d", check=0)
    (stack.root / "rxlaunch.toml").unlink()
    assert "stopped" in stack.run("down", check=0).stdout
    stack.assert_nothing_left()


def test_leases_of_a_stack_that_is_gone_are_given_back(stack):
    stack.web()
    stack.run("up", "-d", check=0)
    leases = stack.home / "port-leases.json"
    assert [entry["port"] for entry in json.loads(leases.read_text())] == [stack.json("ports")["ports"]["web"]]
    assert leases.stat().st_mode & 0o077 == 0
    stack.run("down", check=0)
    assert json.loads(leases.read_text()) == []


def test_what_keeps_a_supervisor_from_recording_anything_is_told_in_its_own_words_and_code(stack):
    stack.web()
    stack.run("up", "-d", check=0)
    stack.run("down", check=0)
    events = home_of(stack) / "events.ndjson"
    events.unlink()
    events.mkdir()
    refused = stack.run("up", "-d", check=2)
    assert "error: " in refused.stderr
    assert "events.ndjson" in refused.stderr
    assert "the supervisor ended" not in refused.stderr
