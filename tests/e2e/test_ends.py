"""However a stack ends, nothing of it is left (rows 19, 22, 24)."""

import os
import signal

import pytest

from tests.app.test_interrupts import Terminal
from tests.support.marketplaces import GRACE, Processes, until

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.timeout(900)]


def busy(market, unit, words):
    """Whether a process of this unit is at work."""
    marks = {f"RX_TEST_TAG={market.tag}", f"RXLAUNCH_UNIT={unit}"}
    return any(marks <= set(one.environ) and words in one.command for one in Processes.all())


def test_down_leaves_no_process_and_no_listener(running):
    ports = running.ports
    assert len(running.survivors()) > 5
    running.down()
    running.assert_nothing_left(0, ports)
    running.run("status", check=3)


@pytest.mark.parametrize(
    ("unit", "words", "changed"),
    [("migrate", "db:migrate", "src/modules/business/migrations/notes.txt"), ("backend", "start", "notes.txt")],
)
def test_control_c_during_the_boot_leaves_nothing(stopped, unit, words, changed):
    with stopped.changed(changed, "makes the migrations differ, when it lies beside them"):
        terminal = Terminal(stopped, "up")
        assert until(lambda: busy(stopped, unit, words), 120), terminal.text
        ports = stopped.json("status")["ports"]
        terminal.press_control_c()
        assert terminal.code(within=GRACE + 10) == 130
    assert "Traceback" not in terminal.text
    stopped.assert_nothing_left(1, ports)


def test_a_killed_supervisor_leaves_nothing_and_the_next_boot_works(running):
    ports = running.ports
    os.kill(running.json("status")["pid"], signal.SIGKILL)
    running.assert_nothing_left(GRACE + 2, ports)
    assert "without saying goodbye" in running.run("status", check=3).stdout
    running.up()
    running.assert_healthy()
