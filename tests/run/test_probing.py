"""The readiness loop and the liveness watch (fault rows 69, 70), with scripted answers and hardly any waiting."""

import asyncio

import pytest

from launcher.probes.contract import Answer
from launcher.run.probing import NotReady, Signs, delay, until_ready, watch
from launcher.stack.model import ProbeSpec


def spec(**fields):
    return ProbeSpec(tcp="127.0.0.1:1", **{"period": 0.001, **fields})


class Waiter:
    """The world as the loops see it."""

    def __init__(self):
        self.pauses = []
        self.now = asyncio.get_running_loop().time

    async def pause(self, seconds):
        self.pauses.append(seconds)
        await asyncio.sleep(0)


def answering(*script):
    """Answers in order: `+` good, `-` bad, `!` bad for good; afterwards the watch has nothing more to say."""
    said = iter("".join(script))
    over = asyncio.Event()

    async def ask():
        sign = next(said, None)
        if sign is None:
            over.set()
            await asyncio.Event().wait()
        return Answer(
            ok=sign == "+", detail={"+": "fine", "-": "refused", "!": "wrong password"}[sign], permanent=sign == "!"
        )

    return ask, over


async def watched(script, **fields):
    """What a watch tells of these answers: `L` for lost, `B` for back."""
    told = []
    ask, over = answering(script)
    watching = asyncio.create_task(
        watch(ask, spec(**fields), lost=lambda _answer: told.append("L"), back=lambda: told.append("B"))
    )
    await asyncio.wait_for(over.wait(), 10)
    watching.cancel()
    await asyncio.wait({watching})
    return "".join(told)


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ("++++", ""),
        ("+-+--+-+--+", ""),  # never three in a row
        ("---", "L"),
        ("--------", "L"),  # told once
        ("---+", "LB"),
        ("---+--+---", "LBL"),
        ("---+++---+", "LBLB"),
    ],
)
async def test_health_that_flips_is_lost_after_three_and_back_after_one(answers, told):
    assert await watched(answers, failure_threshold=3) == told


async def test_the_threshold_can_be_chosen():
    assert await watched("-+--", failure_threshold=1) == "LBL"


async def test_readiness_wants_its_answers_in_a_row():
    ask, _ = answering("-++-+++")
    heard = []
    await until_ready(ask, spec(success_threshold=3), Waiter(), changed=lambda answer: heard.append(answer.ok))
    assert heard == [False, True, False, True], "each change is told once"


async def test_what_no_waiting_heals_ends_the_waiting():
    ask, _ = answering("--!")
    with pytest.raises(NotReady, match="wrong password"):
        await until_ready(ask, spec(), Waiter(), changed=lambda _answer: None)


async def test_at_the_deadline_the_last_answer_is_kept_for_the_report():
    ask, _ = answering("-" * 100_000)
    with pytest.raises(NotReady) as given_up:
        await until_ready(ask, spec(deadline=0.05), Waiter(), changed=lambda _answer: None)
    assert given_up.value.last.detail == "refused"


def test_polling_is_fast_at_first_and_then_as_slow_as_was_asked_for():
    pauses = [delay(waited / 10, period=1.0) for waited in range(300)]
    assert pauses[0] == 0.025
    assert pauses == sorted(pauses)
    assert pauses[100] == 0.5, "after ten seconds a boot is told late by half a second at most"
    assert pauses[-1] == 1.0


def refusing(times, code="refused"):
    """Refused so many times, or badly answered with another code, then answered well; how often it was asked."""
    asked = []

    async def ask():
        asked.append(True)
        return Answer(len(asked) > times, code if len(asked) <= times else "fine", code)

    return ask, asked


async def test_while_nobody_listens_nobody_is_asked_and_somebody_who_does_is_asked_at_once():
    looks = iter([False] * 12 + [True])
    ask, asked = refusing(1)
    waiter = Waiter()
    await until_ready(
        ask, spec(period=60), waiter, changed=lambda _answer: None, signs=Signs(listens=lambda: next(looks))
    )
    assert len(asked) == 2
    assert max(waiter.pauses) <= 0.025


async def test_who_is_refused_although_somebody_listens_asks_no_more_often_for_that():
    ask, asked = refusing(5)
    waiter = Waiter()
    await until_ready(ask, spec(period=60), waiter, changed=lambda _answer: None, signs=Signs(listens=lambda: True))
    assert len(asked) == 6
    assert min(waiter.pauses) >= 0.025


async def test_while_a_unit_it_needs_is_not_ready_it_is_asked_once_a_period_and_then_again_at_the_usual_pace():
    early = iter([True, True, False])
    ask, _ = refusing(3, "status")
    waiter = Waiter()
    signs = Signs(early=lambda: next(early))
    await until_ready(ask, spec(period=60), waiter, changed=lambda _answer: None, signs=signs)
    assert waiter.pauses == [60, 60, 0.025]
