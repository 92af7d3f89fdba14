"""Asking until the answer is proof: the readiness loop and the liveness watch. The questions are in `probes/`."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from launcher.plan.step import Verdict
from launcher.run.toolbox import Ask
from launcher.stack.model import ProbeSpec
from launcher.values import Value

_SHORTEST = 0.025  # seconds between questions
_CONFIRMING = 0.01  # between good answers, where several in a row are wanted
_SHARE = 0.05  # of the time waited so far: a boot is told late by a twentieth at most
_SHORTEST_LOOK = 0.01  # seconds between looks at whether anybody listens by now, which disturb nobody
_SHARE_OF_LOOKS = 0.01


class NotReady(Exception):
    """The readiness probe did not pass in time, or says that it never will."""

    def __init__(self, reason: str, last: Verdict | None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.last = last


class Signs(Value, frozen=True):
    """What tells, without a question, whether one would be worth while."""

    listens: Callable[[], bool] | None = None  # on the port of the service
    early: Callable[[], bool] = lambda: False  # a unit that it needs for a good answer isn't ready yet


class Waiter(Protocol):
    """What the loops need from the world."""

    async def pause(self, seconds: float) -> None: ...
    def now(self) -> float:
        """Seconds of waking time: a suspend ages no deadline."""


def delay(waited: float, period: float) -> float:
    """The pause before the next question: 25 ms at first, a twentieth of what was waited later, never over a period."""
    return min(period, max(_SHORTEST, waited * _SHARE))


async def until_ready(
    ask: Ask,
    spec: ProbeSpec,
    world: Waiter,
    *,
    changed: Callable[[Verdict], None],
    signs: Signs = Signs(),  # noqa: B008 - frozen
) -> Verdict:
    """Ask until `success_threshold` answers in a row are good; `changed` hears each answer that is a new one.

    While connections are refused it looks whether anybody listens; while it is early it asks once a period. Raises
    NotReady at the deadline, or at once when an answer says that waiting is no use.
    """
    began = world.now()
    give_up_at = began + spec.initial_delay + spec.deadline
    if spec.initial_delay:
        await asyncio.sleep(spec.initial_delay)
    streak, last = 0, None
    while True:
        answer = await ask()
        if last is None or (answer.ok, answer.detail) != (last.ok, last.detail):
            changed(answer)
        last = answer
        if answer.ok:
            streak += 1
            if streak >= spec.success_threshold:
                return answer
            await asyncio.sleep(min(_CONFIRMING, spec.period))
            continue
        streak = 0
        if answer.permanent:
            raise NotReady(answer.detail, answer)
        now = world.now()
        if now >= give_up_at:
            raise NotReady(f"not ready after {spec.deadline:g} s", answer)
        interval = spec.period if signs.early() else delay(now - began, spec.period)
        pause = min(interval, max(0.0, give_up_at - now))
        if answer.code != "refused" or signs.listens is None or signs.listens():  # refused, yet heard: elsewhere
            await world.pause(pause)
        else:
            await _until_listening(signs.listens, pause, world, max(_SHORTEST_LOOK, (now - began) * _SHARE_OF_LOOKS))


async def _until_listening(listens: Callable[[], bool], seconds: float, world: Waiter, interval: float) -> None:
    """Pause for so long, or until somebody listens."""
    until = world.now() + seconds
    while (left := until - world.now()) > 0 and not listens():
        await world.pause(min(left, interval))


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
