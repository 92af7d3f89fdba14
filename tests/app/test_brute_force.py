"""Ten `up`s at once, two checkouts at once, two users at once: again and again (fault rows 49, 64)."""

import json
import subprocess

import pytest

from tests.support.small_stacks import SmallStack
from tests.support.users import StackOfAnother

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
STARTERS, ROUNDS_OF_ONE = 10, 20
ROUNDS_OF_TWO = 50


def finished(commands):
    """Exit codes and output of commands that run at once."""
    told = [command.communicate(timeout=120)[0] for command in commands]
    assert not any("Traceback" in text for text in told), told
    return [command.returncode for command in commands], told


def test_of_ten_ups_at_once_exactly_one_wins_every_time(stack):
    stack.web()
    for turn in range(ROUNDS_OF_ONE):
        commands = [stack.popen("up", start_new_session=True) for _ in range(STARTERS)]
        losers = []
        while len(losers) < STARTERS - 1:
            losers = [command for command in commands if command.poll() is not None]
        (winner,) = (command for command in commands if command not in losers)
        codes, told = finished(losers)
        assert codes == [4] * (STARTERS - 1), (turn, told)
        pid = str(winner.pid)
        assert all(pid in text or "is starting" in text for text in told), (turn, told)
        stack.run("down", check=0)
        finished([winner])
        stack.assert_nothing_left(1)


def test_of_ten_ups_in_the_background_all_report_the_same_stack(stack):
    stack.web()
    for _ in range(3):
        codes, told = finished([stack.popen("up", "-d") for _ in range(STARTERS)])
        assert codes == [0] * STARTERS, told
        mains = [line for line in stack.survivors() if "server.py" in line]
        assert len(mains) == 1
        stack.run("down", check=0)
        stack.assert_nothing_left(1)


def ports_of(*stacks):
    return [stack.json("ports")["ports"]["web"] for stack in stacks]


def boot_together(stacks, rounds):
    """Boot them at once so often, asking that no two ever have a port in common; the ports of the last time."""
    chosen = []
    for turn in range(rounds):
        for stack in stacks:  # forget the ports of last time: they would keep them apart
            for sticky in stack.home.glob("stacks/*/ports.json"):
                sticky.unlink()
        codes, told = finished([stack.popen("up", "-d") for stack in stacks])
        assert codes == [0] * len(stacks), (turn, told)
        chosen = ports_of(*stacks)
        assert len(set(chosen)) == len(stacks), (turn, chosen)
        assert all(json.loads(one.run("status", "-o", "json").stdout)["phase"] == "ready" for one in stacks)
        for command in finished([stack.popen("down") for stack in stacks])[0]:
            assert command == 0
    return chosen


def test_two_checkouts_started_at_once_never_have_the_same_port(tmp_path):
    first, second = SmallStack(tmp_path / "a"), SmallStack(tmp_path / "b")
    second.home = first.home
    second.env["RXLAUNCH_HOME"] = first.env["RXLAUNCH_HOME"]
    first.web()
    second.web()
    try:
        boot_together((first, second), ROUNDS_OF_TWO)
    finally:
        first.clean_up()
        second.clean_up()


def test_two_users_started_at_once_never_have_the_same_port_nor_see_each_others_state(tmp_path):
    """They share no lease file: binding decides, and who loses his port between choice and bind takes another."""
    mine, theirs = SmallStack(tmp_path / "mine"), StackOfAnother(23_457)
    mine.web()
    theirs.web()
    try:
        boot_together((mine, theirs), 10)
        finished([theirs.popen("up", "-d")])
        stranger = ["setpriv", "--reuid=23458", "--regid=23458", "--clear-groups"]
        for private in (theirs.home, mine.home):
            peek = subprocess.run([*stranger, "ls", str(private)], capture_output=True, text=True)
            assert "Permission denied" in peek.stderr
    finally:
        mine.clean_up()
        theirs.clean_up()
