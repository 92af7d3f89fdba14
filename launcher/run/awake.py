"""Time as this process lived it: a suspended machine, or a supervisor that was stopped, ages no deadline.

On Linux the monotonic clock stands still in a suspend but not while we are stopped; on Windows in neither. A tick that
comes far too late tells both, and every deadline that runs is put off by as much.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator

TICK_SECONDS = 1.0
LATE_SECONDS = 5.0  # a loaded machine is late by less


class Awake:
    """The clock of one event loop. Made inside it; costs one callback a second while somebody counts on it."""

    def __init__(self, tick: float = TICK_SECONDS, late: float = LATE_SECONDS) -> None:
        self._loop = asyncio.get_running_loop()
        self._tick_seconds = tick
        self._late = late
        self._slept = 0.0
        self._running: set[asyncio.Timeout] = set()
        self._counting = 0
        self._due = 0.0
        self._handle: asyncio.TimerHandle | None = None

    @contextlib.contextmanager
    def counting(self) -> Iterator[None]:
        """While inside, time slept through is noticed."""
        self._counting += 1
        if self._handle is None:
            self._wait_for_tick()
        try:
            yield
        finally:
            self._counting -= 1
            if not self._counting:
                self.stop()

    def time(self) -> float:
        """Seconds, of which only differences mean anything; those slept through while `counting` are not counted."""
        return self._loop.time() - self._slept

    @contextlib.asynccontextmanager
    async def timeout(self, seconds: float) -> AsyncIterator[None]:
        """Like asyncio.timeout, of waking time. Raises TimeoutError."""
        with self.counting():
            async with asyncio.timeout(seconds) as running:
                self._running.add(running)
                try:
                    yield
                finally:
                    self._running.discard(running)

    def stop(self) -> None:
        """Tick no more."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _tick(self) -> None:
        # A plain callback: timers run in the order in which they were due, so this one runs before the deadlines
        # that came up in the same sleep, and can still put them off.
        late = self._loop.time() - self._due
        if late > self._late:
            self._slept += late
            for running in self._running:
                due = running.when()
                if due is not None and not running.expired():
                    running.reschedule(due + late)
        self._wait_for_tick()

    def _wait_for_tick(self) -> None:
        self._due = self._loop.time() + self._tick_seconds
        self._handle = self._loop.call_at(self._due, self._tick)
