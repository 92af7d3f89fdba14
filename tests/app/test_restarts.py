"""Restarting under fire (fault rows 3, 15, 16, 78-80): one incarnation at a time, whatever is asked and killed."""

import contextlib
import os
import resource
import signal
import subprocess
import threading

import pytest

from launcher import paths
from launcher.control import client
from launcher.events import RestartUnits
from launcher.native import proc
from tests.support.small_stacks import until
from tests.support.users import StackOfAnother

QUICK = "restart = { delay = 0.05, max_delay = 0.2, window = 60, max_failures = 5 }"


def main_processes(stack):
    """Pids of the living main processes of the service."""
    return [int(line.split()[0]) for line in stack.survivors() if "server.py" in line]


def test_a_killed_shim_takes_its_service_along_and_another_is_started(stack):
    stack.web(QUICK)
    stack.run("up", "-d", check=0)
    first = stack.unit("web")
    os.kill(proc.parent(first["pid"]), signal.SIGKILL)
    assert until(lambda: stack.unit("web")["pid"] not in (None, first["pid"]))
    assert until(lambda: stack.unit("web")["phase"] == "ready")
    assert main_processes(stack) == [stack.unit("web")["pid"]]
    assert stack.unit("web")["restarts"] == 1


def test_twenty_restarts_at_once_end_with_one_instance(stack, monkeypatch):
    stack.web(QUICK)
    stack.run("up", "-d", check=0)
    monkeypatch.setenv("RXLAUNCH_HOME", str(stack.home))
    where = paths.for_root(stack.root)
    gate = threading.Barrier(20)

    def restart():
        gate.wait()
        client.send(where, RestartUnits(("web",)), timeout=30)

    threads = [threading.Thread(target=restart) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert until(lambda: stack.unit("web")["phase"] == "ready")
    assert main_processes(stack) == [stack.unit("web")["pid"]]
    assert 1 <= stack.unit("web")["restarts"] <= 3, "those that came while one was under way added nothing"


WAITING = """
[ports]
gate = 21000
web = 21100
[services.gate]
command = ["{python}", "server.py", "${port.gate}", "{tag}gate"]
env = { GATE = "opened" }
readiness = { http = "${url.gate}/", deadline = 60 }
[services.web]
command = ["{python}", "server.py", "${port.web}", "{tag}"]
readiness = { http = "${url.web}/", deadline = 20 }
depends_on = ["gate"]
"""


def test_a_unit_that_waits_for_its_dependency_can_be_restarted_stopped_and_started(stack, monkeypatch):
    """Process-compose wedged here, ran an untracked copy, and left it behind `down` (its issue 530)."""
    stack.write(WAITING)
    up = stack.popen("up", "-d")
    assert until(lambda: stack.run("status").returncode == 0 and stack.unit("web")["phase"] == "waiting", 20)
    monkeypatch.setenv("RXLAUNCH_HOME", str(stack.home))
    client.send(paths.for_root(stack.root), RestartUnits(("web",)), timeout=10)
    assert stack.unit("web")["phase"] == "waiting"
    stack.run("stop", "web", check=0, timeout=10)
    assert stack.unit("web")["phase"] == "stopped"
    starting = stack.popen("start", "web")
    assert until(lambda: stack.unit("web")["phase"] == "waiting")
    assert not [line for line in stack.survivors() if line.endswith(stack.tag)], "nothing begins early"
    (stack.root / "opened").touch()
    for command in (up, starting):
        printed, _ = command.communicate(timeout=30)
        assert "Traceback" not in printed
    assert up.returncode == starting.returncode == 0
    assert stack.unit("web")["phase"] == "ready"
    assert stack.unit("web")["generation"] == 1
    stack.run("down", check=0)
    stack.assert_nothing_left(1)


def test_a_child_that_the_system_killed_is_told_as_such_and_started_again(stack):
    stack.web(QUICK)
    stack.run("up", "-d", check=0)
    first = stack.unit("web")["pid"]
    os.kill(first, signal.SIGKILL)
    assert until(lambda: stack.unit("web")["pid"] not in (None, first) and stack.unit("web")["phase"] == "ready")
    assert "killed by signal 9 (maybe out of memory)" in stack.run("why", "web", check=0).stdout


def test_a_service_that_keeps_crashing_is_given_up_until_somebody_starts_it(stack):
    """Ready, then gone, again and again: being ready for a moment clears nothing."""
    (stack.root / "flapping.py").write_text("""
import pathlib, time
print("up", flush=True)
while not pathlib.Path("healed").exists(): time.sleep(0.02); raise SystemExit(3)
time.sleep(60)
""")
    stack.web(f"""
[services.flapping]
command = ["{{python}}", "flapping.py", "{{tag}}"]
readiness = {{ log_line = "up" }}
{QUICK}
""")
    (stack.root / "healed").touch()
    stack.run("up", "-d", check=0)
    (stack.root / "healed").unlink()
    os.kill(stack.unit("flapping")["pid"], signal.SIGKILL)
    assert until(lambda: stack.unit("flapping")["phase"] == "failed", 20)
    told = stack.run("why", "flapping", check=0).stdout
    assert "exited with code 3" in told
    assert told.count("begins again") == 4, told
    assert stack.unit("web")["phase"] == "ready", "the rest goes on"
    (stack.root / "healed").touch()
    stack.run("start", "flapping", check=0)
    assert stack.unit("flapping")["phase"] == "ready"


@contextlib.contextmanager
def limited(pid, kind, soft):
    """A limit of a running process, for a while."""
    before = resource.prlimit(pid, kind)
    resource.prlimit(pid, kind, (soft, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, kind, before)


def test_a_supervisor_out_of_file_handles_backs_off_and_recovers(stack):
    stack.web(QUICK.replace("max_failures = 5", "max_failures = 1000"))
    stack.run("up", "-d", check=0)
    status = stack.json("status")
    used = len(os.listdir(f"/proc/{status['pid']}/fd"))  # noqa: PTH208
    with limited(status["pid"], resource.RLIMIT_NOFILE, used - 2):
        os.kill(status["units"]["web"]["pid"], signal.SIGKILL)
        (events,) = stack.home.glob("stacks/*/events.ndjson")
        assert until(lambda: "ulimit" in events.read_text() or "Too many open files" in events.read_text())
    assert until(lambda: stack.json("status")["units"]["web"]["phase"] == "ready", 20)
    assert stack.json("status")["pid"] == status["pid"]


def test_where_no_more_processes_are_allowed_the_service_backs_off_and_recovers():
    stack = StackOfAnother(23_456)
    try:
        stack.web(QUICK.replace("max_failures = 5", "max_failures = 1000"))
        stack.run("up", "-d", check=0)
        status = stack.json("status")
        before = resource.getrlimit(resource.RLIMIT_NPROC)[0]
        limit = [*stack.command[:-1], "prlimit", f"--pid={status['pid']}"]
        subprocess.run([*limit, "--nproc=1:"], check=True)
        os.kill(status["units"]["web"]["pid"], signal.SIGKILL)
        (events,) = stack.home.glob("stacks/*/events.ndjson")
        assert until(lambda: "Resource temporarily unavailable" in events.read_text())
        assert not until(lambda: stack.json("status")["units"]["web"]["phase"] == "ready", 0.5), "the control"
        subprocess.run([*limit, f"--nproc={'unlimited' if before < 0 else before}:"], check=True)
        assert until(lambda: stack.json("status")["units"]["web"]["phase"] == "ready", 20)
    finally:
        stack.clean_up()


@pytest.mark.parametrize("repetition", range(3))
def test_stopping_a_service_that_is_just_ending_by_itself_is_no_error(stack, repetition):
    (stack.root / "brief.py").write_text(f"""
import signal, sys, threading, time
def soon(*_):
    time.sleep({repetition} * 0.002); sys.exit(5)
signal.signal(signal.SIGTERM, soon)
print("up", flush=True)
time.sleep(60)
""")
    stack.write("""
[services.brief]
command = ["{python}", "brief.py", "{tag}"]
readiness = { log_line = "up" }
""")
    stack.run("up", "-d", check=0)
    pid = stack.unit("brief")["pid"]
    stopping = stack.popen("stop", "brief")
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    printed, _ = stopping.communicate(timeout=20)
    assert "Traceback" not in printed
    assert until(lambda: stack.unit("brief")["phase"] in ("stopped", "ready", "backoff"))
