"""Asking until the answer is proof: the readiness loop and the liveness watch. The questions are in `probes/`."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Protocol

from launcher.plan.step import Verdict
from launcher.run.toolbox import Ask
from launcher.stack.model import ProbeSpec

_FIRST_DELAY = 0.025
_GROWTH = 1.5


class NotReady(Exception):
    """The readiness probe did not pass in time, or says that it never will."""

    def __init__(self, reason: str, last: Verdict | None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.last = last


class Waiter(Protocol):
    """What the loops need from the world."""

    async def pause(self, seconds: float) -> None: ...
    def now(self) -> float:
        """Seconds of waking time: a suspend ages no deadline."""


def delays(period: float) -> Iterator[float]:
    """Pauses between attempts: 25 ms at first, growing to the period."""
    delay = min(_FIRST_DELAY, period)
    while True:
        yield delay
        delay = min(period, delay * _GROWTH)


async def until_ready(ask: Ask, spec: ProbeSpec, world: Waiter, *, changed: Callable[[Verdict], None]) -> Verdict:
    """Ask until `success_threshold` answers in a row are good; `changed` hears each answer that is a new one.

    Raises NotReady at the deadline, or at once when an answer says that waiting is no use.
    """
    give_up_at = world.now() + spec.initial_delay + spec.deadline
    if spec.initial_delay:
        await asyncio.sleep(spec.initial_delay)
    pauses, streak, last = delays(spec.period), 0, None
    while True:
        answer = await ask()
        if last is None or (answer.ok, answer.detail) != (last.ok, last.detail):
            changed(answer)
        last = answer
        if answer.ok:
            streak += 1
            if streak >= spec.success_threshold:
                return answer
            await asyncio.sleep(min(_FIRST_DELAY, spec.period))
            continue
        streak = 0
        if answer.permanent:
            raise NotReady(answer.detail, answer)
        if world.now() >= give_up_at:
            raise NotReady(f"not ready after {spec.deadline:g} s", answer)
        await world.pause(min(next(pauses), max(0.0, give_up_at - world.now())))


async def watch(ask: Ask, spec: ProbeSpec, *, lost: Callable[[Verdict], None], back: Callable[[], None]) -> None:
    """Ask for ever: `lost` after `failure_threshold` bad answers in a row, `back` after a good one again."""
    failures, healthy = 0, True
    while True:
        await asyncio.sleep(spec.period)
        answer = await ask()
        failures = 0 if answer.ok else failures + 1
        if healthy and failures >= spec.failure_threshold:
            healthy = False
            lost(answer)
        elif not healthy and answer.ok:
            healthy = True
            back()
