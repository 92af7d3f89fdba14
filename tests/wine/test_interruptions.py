"""Ctrl-C at any moment, `down` at any moment, several `up`s at once: one end, and nothing left (fault matrix)."""

import os
import signal

import pytest

from tests.support.processes import until

pytestmark = [pytest.mark.wine, pytest.mark.timeout(240)]

DEAF = """
[services.deaf]
command = ["{python}", "-c", "import pathlib, signal, time; signal.signal(2, signal.SIG_IGN); \
pathlib.Path('armed').touch(); time.sleep(600)", "{tag}"]
stop = { grace = 60 }
"""
SLOW_TASK = """
[tasks.migrate]
command = ["{python}", "-c", "import pathlib, signal, time; signal.signal(2, signal.SIG_DFL); \
pathlib.Path('armed').touch(); time.sleep(600)", "{tag}"]
stage = "schema"
"""


def test_ctrl_c_twice_kills_what_does_not_listen(stack):
    """Row 20."""
    stack.write(DEAF)
    up = stack.start("up")
    up.shows("Ctrl-C here")
    until((stack.root / "armed").exists, 60)  # ready is whoever runs: it may not be deaf yet
    up.ctrl_c()
    up.shows("again to force")
    up.ctrl_c()
    assert up.wait(10) == 130
    stack.nothing_left(1)
    assert "Traceback" not in up.printed()


def test_control_ctrl_c_once_waits_for_what_does_not_listen(stack):
    """Row 20, the control: without the second one the grace period counts."""
    stack.write(DEAF)
    up = stack.start("up")
    up.shows("Ctrl-C here")
    until((stack.root / "armed").exists, 60)  # ready is whoever runs: it may not be deaf yet
    up.ctrl_c()
    up.shows("again to force")
    with pytest.raises(AssertionError, match="lives on"):
        stack.nothing_left(3)


@pytest.mark.parametrize("moment", ["a migration", "a health wait"])
def test_ctrl_c_during_the_boot_cancels_whatever_goes_on(stack, moment):
    """Row 21."""
    if moment == "a migration":
        stack.write(SLOW_TASK)
    else:
        stack.web('env = { GATE = "never" }')
    up = stack.start("up")
    until(lambda: stack.processes(stack.tag), 60)
    if moment == "a migration":  # a Python that still begins would print a traceback of its own
        until((stack.root / "armed").exists, 60)
    up.ctrl_c()
    assert up.wait(20) == 130
    assert "Traceback" not in up.printed()
    stack.nothing_left(1)
    stack.run("status", check=3)


def test_down_during_the_boot_cancels_it_and_may_be_repeated(stack):
    """Row 59."""
    stack.web('env = { GATE = "never" }')
    up = stack.start("up", "-d")
    until(lambda: stack.processes(stack.tag), 60)
    stack.run("down")
    assert up.wait(20) not in (0, None)
    stack.nothing_left(1)
    assert "nothing runs" in stack.run("down")


def test_of_several_ups_at_once_exactly_one_wins(stack):
    """Row 49."""
    stack.web()
    several = [stack.start("up", "-d") for _ in range(4)]
    assert [up.wait() for up in several] == [0] * 4
    assert len(stack.supervisors()) == 1
    assert len(stack.processes(stack.tag)) == 1
    for pid in stack.supervisors():
        os.kill(pid, signal.SIGKILL)
    stack.nothing_left(2)
