"""`head_start`: a service begins beside what it depends on, when that had nothing to do the last time."""

import json

import pytest

from tests.support.small_stacks import until

DATABASE = """
import pathlib, socket, sys, time
while not pathlib.Path("gate").exists(): time.sleep(0.01)
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True: server.accept()[0].close()
"""
BACKEND = """
import pathlib, sys, time
with open("begun", "a") as begun: begun.write("x")
time.sleep(600)
"""
STACK = """
[ports]
database = 21000
[services.database]
command = ["{python}", "database.py", "${port.database}", "{tag}"]
readiness = { tcp = "127.0.0.1:${port.database}" }
[tasks.migrate]
command = ["{python}", "-c", "import shutil; shutil.copy('wanted', 'schema')"]
inputs = ["wanted"]
outputs = ["schema"]
depends_on = ["database"]
[services.backend]
command = ["{python}", "backend.py", "{tag}"]
readiness = { command = ["{python}", "-c", "pass"] }
head_start = HEAD_START
depends_on = ["database", "migrate"]
"""


@pytest.fixture
def booted_before(stack):
    """A stack that has been up twice, so that its task had nothing to do the last time. The gate is closed again."""
    return prepare(stack, head_start=True)


def prepare(stack, *, head_start, boots=2):
    (stack.root / "database.py").write_text(DATABASE)
    (stack.root / "backend.py").write_text(BACKEND)
    (stack.root / "wanted").write_text("1")
    (stack.root / "gate").touch()
    stack.write(STACK.replace("HEAD_START", str(head_start).lower()))
    for _ in range(boots):
        stack.run("up", "-d", check=0)
        stack.run("down", check=0)
    (stack.root / "gate").unlink()
    return stack


def begun(stack):
    return len((stack.root / "begun").read_text())


def course(stack):
    """What happened in the last boot: type and unit of each event."""
    (file,) = stack.home.glob("stacks/*/events.ndjson")
    events = [json.loads(line) for line in file.read_text().splitlines()]
    last = max(number for number, event in enumerate(events) if event["type"] == "StackStarting")
    return [(event["type"], event.get("unit")) for event in events[last:]]


def booted(stack, while_closed):
    """Boot with a database that comes up once `while_closed` holds."""
    booting = stack.popen("up", "-d")
    assert until(while_closed)
    (stack.root / "gate").touch()
    told, _ = booting.communicate(timeout=30)
    assert booting.returncode == 0, told
    return told


def test_it_loads_beside_what_it_depends_on_and_is_ready_after_it(booted_before):
    before = begun(booted_before)
    booted(booted_before, lambda: begun(booted_before) > before)
    happened = course(booted_before)
    started = happened.index(("UnitStarted", "backend"))
    assert started < happened.index(("UnitReady", "database"))
    assert happened.index(("UnitSkipped", "migrate")) < happened.index(("UnitReady", "backend"))
    assert ("UnitProbing", "backend") not in happened[: happened.index(("UnitSkipped", "migrate"))], "nobody is asked"


def test_one_without_a_probe_is_not_ready_before_what_it_depends_on_either(booted_before):
    stack_file = booted_before.root / "rxlaunch.toml"
    lines = stack_file.read_text().splitlines()
    stack_file.write_text("\n".join(line for line in lines if '"-c", "pass"' not in line))
    before = begun(booted_before)
    booted(booted_before, lambda: begun(booted_before) > before)
    happened = course(booted_before)
    assert happened.index(("UnitStarted", "backend")) < happened.index(("UnitReady", "database"))
    assert happened.index(("UnitSkipped", "migrate")) < happened.index(("UnitReady", "backend"))


def test_control_without_the_option_it_waits(stack):
    prepare(stack, head_start=False)
    before = begun(stack)
    booted(stack, lambda: ("UnitStarted", "database") in course(stack))
    happened = course(stack)
    assert happened.index(("UnitSkipped", "migrate")) < happened.index(("UnitStarted", "backend"))
    assert begun(stack) == before + 1


def test_the_first_boot_gives_no_head_start(stack):
    prepare(stack, head_start=True, boots=1)
    happened = course(stack)
    assert happened.index(("UnitDone", "migrate")) < happened.index(("UnitStarted", "backend"))


def test_when_a_task_has_work_to_do_it_begins_anew_after_that(booted_before):
    before = begun(booted_before)
    (booted_before.root / "wanted").write_text("2")
    told = booted(booted_before, lambda: begun(booted_before) > before)
    happened = course(booted_before)
    last_start = len(happened) - 1 - happened[::-1].index(("UnitStarted", "backend"))
    assert happened.index(("UnitDone", "migrate")) < last_start < happened.index(("UnitReady", "backend"))
    assert "backend is begun again later" in told
    assert booted_before.unit("backend")["restarts"] == 0
    assert (booted_before.root / "schema").read_text() == "2"


def test_fresh_means_that_nothing_is_expected_to_be_done_already(booted_before):
    (booted_before.root / "gate").touch()
    booted_before.run("up", "-d", "--fresh", check=0)
    happened = course(booted_before)
    assert happened.index(("UnitDone", "migrate")) < happened.index(("UnitStarted", "backend"))


def test_a_failure_of_what_it_depends_on_ends_it_too(booted_before):
    before = begun(booted_before)
    (booted_before.root / "wanted").unlink()
    (booted_before.root / "schema").unlink()
    booting = booted_before.popen("up", "-d")
    assert until(lambda: begun(booted_before) > before)
    (booted_before.root / "gate").touch()
    booting.communicate(timeout=30)
    assert booting.returncode not in (0, None)
    booted_before.assert_nothing_left()
