"""A suspended machine ages no deadline (fault row 81): the loop is really blocked, as a suspend would block it."""

import asyncio
import time

import pytest

from launcher.probes.contract import Answer
from launcher.run.awake import Awake
from launcher.run.probing import NotReady, until_ready
from launcher.stack.model import ProbeSpec

ASLEEP = 0.4
LATE = 0.2
TICK = 0.02


@pytest.fixture
async def awake():
    made = Awake(TICK, LATE)
    with made.counting():
        yield made


async def suspend():
    """What a suspend is for a loop: nothing of it runs, and then everything is due at once."""
    await asyncio.sleep(2 * TICK)
    time.sleep(ASLEEP)
    await asyncio.sleep(2 * TICK)


async def test_time_slept_through_is_not_counted(awake):
    before = awake.time()
    await suspend()
    assert awake.time() - before < ASLEEP


async def test_a_deadline_that_came_up_meanwhile_is_put_off(awake):
    async with awake.timeout(ASLEEP):
        await suspend()


async def test_control_a_plain_deadline_is_over_after_it():
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(ASLEEP):
            await suspend()


async def test_a_deadline_still_comes(awake):
    with pytest.raises(TimeoutError):
        async with awake.timeout(0.05):
            await asyncio.sleep(5)


async def test_being_a_little_late_changes_nothing():
    lazy = Awake(TICK, late=5.0)
    with lazy.counting():
        before, really = lazy.time(), asyncio.get_running_loop().time()
        await suspend()
        assert lazy.time() - before == pytest.approx(asyncio.get_running_loop().time() - really, abs=0.01)


async def test_where_nobody_counts_on_it_the_clock_wakes_nobody():
    asleep = Awake(TICK, LATE)
    assert not asyncio.get_running_loop()._scheduled
    with asleep.counting(), asleep.counting():
        assert len(asyncio.get_running_loop()._scheduled) == 1
    assert all(timer.cancelled() for timer in asyncio.get_running_loop()._scheduled)
    with asleep.counting():
        before = asleep.time()
        await suspend()
        assert asleep.time() - before < ASLEEP, "and it counts again"


class Waiter:
    """The world as the readiness loop sees it."""

    def __init__(self, awake):
        self.now = awake.time

    async def pause(self, seconds):
        await asyncio.sleep(seconds)


async def test_a_service_that_was_starting_when_the_lid_closed_gets_its_whole_time(awake):
    answers = iter([False, False, True])

    async def ask():
        if not (ok := next(answers)):
            await suspend()
        return Answer(ok, "opened" if ok else "not yet")

    spec = ProbeSpec(tcp="127.0.0.1:1", deadline=ASLEEP)
    assert (await until_ready(ask, spec, Waiter(awake), changed=lambda _: None)).ok


async def test_control_a_service_that_is_never_ready_is_given_up(awake):
    async def ask():
        return Answer(ok=False, detail="never")

    with pytest.raises(NotReady, match="not ready after"):
        await until_ready(ask, ProbeSpec(tcp="127.0.0.1:1", deadline=0.1), Waiter(awake), changed=lambda _: None)
