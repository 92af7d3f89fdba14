"""`status` and `down` at a glance say what the careful way says, load nothing for it, and leave it what is unusual."""

import json
import os
import re
import signal
import string
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher import glance, native, paths, where
from tests.support.small_stacks import until

pytestmark = pytest.mark.linux_only("a glance asks /proc; elsewhere the careful way answers")

GLANCE = """
import json, sys
from launcher import glance
shown = glance.shown(sys.argv[1:])
print(json.dumps({"shown": shown, "modules": sorted(sys.modules)}), file=sys.stderr)
"""
HEAVY = {"click", "msgspec", "pathlib", "asyncio", "subprocess", "platformdirs", "launcher.cli", "launcher.native"}


def glanced(stack, *arguments):
    """What a glance shows, and what it loaded; without our site directory, which loads things of its own."""
    done = subprocess.run(
        [sys.executable, "-S", "-c", GLANCE, *arguments], cwd=stack.root, env=stack.env, capture_output=True, text=True
    )
    told = json.loads(done.stderr)
    return done.stdout if told["shown"] else None, set(told["modules"])


def carefully(stack, *arguments):
    """What the careful way says of the same."""
    command = [sys.executable, "-P", "-c", "from launcher.cli import main; main()", *arguments]
    return subprocess.run(command, cwd=stack.root, env=stack.env, capture_output=True, text=True).stdout


def ageless(text):
    return re.sub(r"up \d+ min \d+ s", "up", text)


def test_both_ways_say_the_same_and_a_glance_loads_next_to_nothing(stack):
    stack.web()
    stack.run("up", "-d", check=0)
    for arguments in (["status"], ["ps"], ["status", "-o", "json"], ["ps", "--output=json"]):
        text, modules = glanced(stack, *arguments)
        assert text is not None
        assert modules & HEAVY == set()
        assert ageless(text) == ageless(carefully(stack, *arguments))


def test_a_glance_finds_the_stack_from_a_folder_below(stack):
    stack.web()
    stack.run("up", "-d", check=0)
    below = stack.root / "a" / "b"
    below.mkdir(parents=True)
    done = subprocess.run([sys.executable, "-c", GLANCE, "status"], cwd=below, env=stack.env, capture_output=True)
    assert b"web" in done.stdout


@pytest.mark.parametrize("arguments", [[], ["up"], ["status", "-C", "."], ["status", "--help"], ["status", "-o", "x"]])
def test_other_commands_are_left_to_the_command_line(stack, arguments):
    stack.web()
    stack.run("up", "-d", check=0)
    assert glanced(stack, *arguments)[0] is None


def test_what_does_not_run_is_left_to_the_command_line(stack):
    stack.web()
    assert glanced(stack, "status")[0] is None
    stack.run("up", "-d", check=0)
    stack.run("down", check=0)
    assert glanced(stack, "status")[0] is None
    assert stack.run("status").returncode == 3


def test_a_stack_is_stopped_at_a_glance_and_nothing_is_left(stack):
    stack.web()
    stack.run("up", "-d", check=0)
    name = stack.json("status")["name"]
    text, modules = glanced(stack, "down")
    assert text == f"stopped {name}\n"
    assert modules & (HEAVY | {"socket"}) == set()
    assert stack.json("status", check=3)["phase"] == "stopped"
    stack.assert_nothing_left()


def test_a_suspended_supervisor_is_left_to_the_command_line_which_wakes_it(stack):
    stack.web()
    stack.run("up", "-d", check=0)
    os.kill(stack.json("status")["pid"], signal.SIGSTOP)
    assert glanced(stack, "down")[0] is None
    stack.run("down", check=0)
    stack.assert_nothing_left()


@pytest.mark.parametrize("address", [{}, {"socket": "/nowhere", "token": "x"}, {"port": 1, "token": "x"}])
def test_a_supervisor_that_is_not_reached_is_left_to_the_command_line(stack, address):
    stack.web()
    stack.run("up", "-d", check=0)
    (control,) = stack.home.glob("stacks/*/control.json")
    known = control.read_bytes()
    control.write_text(json.dumps(address))
    assert glanced(stack, "down")[0] is None
    control.write_text(json.dumps({**json.loads(known), "token": "0" * 64}))
    assert glanced(stack, "down")[0] is None, "the token is wrong"
    control.write_bytes(known)
    assert glanced(stack, "down")[0] is not None


def test_ctrl_c_while_a_stack_stops_ends_the_command_and_not_the_stop(stack):
    stack.write('[services.slow]\ncommand = ["{python}", "slow.py", "{tag}"]\nstop = { grace = 30 }\n')
    (stack.root / "slow.py").write_text(
        "import pathlib, signal, sys, time\n"
        "def end(*_):\n"
        "    pathlib.Path('told').touch()\n"
        "    while not pathlib.Path('open').exists(): time.sleep(0.01)\n"
        "    sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "pathlib.Path('armed').touch()\n"
        "while True: time.sleep(1)\n"
    )
    stack.run("up", "-d", check=0)
    assert until((stack.root / "armed").exists, 30)
    down = stack.popen("down")
    assert until((stack.root / "told").exists, 30)
    down.send_signal(signal.SIGINT)
    assert down.wait(30) == 130
    assert stack.json("status")["running"]
    (stack.root / "open").touch()
    assert until(lambda: not stack.json("status", check=None)["running"], 30)
    down.stdout.close()


@pytest.mark.parametrize(
    "change",
    [
        {"version": 1},
        {"phase": "stopped"},
        {"supervisor": {"pid": os.getpid(), "started": 1, "boot": native.my_identity().boot}},
        {"supervisor": {**native.my_identity().as_data(), "boot": "another"}},
        {"supervisor": {"pid": "x"}},
        {"name": "sh\x1b[31mop"},
        {"units": {"web": {}}},
        {"units": None},
    ],
)
def test_a_state_that_is_odd_or_somebody_elses_is_left_to_the_command_line(stack, change):
    stack.web()
    stack.run("up", "-d", check=0)
    (state,) = stack.home.glob("stacks/*/state.json")
    whole = json.loads(state.read_text())
    stack.run("down", check=0)
    usual = {**whole, "supervisor": native.my_identity().as_data()}
    state.write_text(json.dumps(usual))
    assert glanced(stack, "status")[0] is not None  # the control: this process lives
    state.write_text(json.dumps({**usual, **change}))
    assert glanced(stack, "status")[0] is None
    state.write_text(json.dumps({**usual, "phase": "stopped"}))  # for cleaning up


def test_the_home_of_all_state_is_the_same_both_ways(monkeypatch, tmp_path):
    monkeypatch.delenv("RXLAUNCH_HOME", raising=False)
    for given_home in ("", " ", str(tmp_path / "elsewhere")):
        monkeypatch.setenv("XDG_STATE_HOME", given_home)
        assert glance._user_home() == str(paths.user_home())
    monkeypatch.setenv("RXLAUNCH_HOME", "relative")
    assert glance._user_home() == str(paths.user_home())


@given(st.text(alphabet=string.printable + "äßéЖ", max_size=60))
def test_a_folder_is_named_readably_after_its_checkout(name):
    expected = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:24]
    assert where._readable(name) == expected
