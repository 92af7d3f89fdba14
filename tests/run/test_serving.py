"""How incarnations end: nothing that is deaf to one cancellation holds up a stop."""

import asyncio
import time

from launcher.run import serving


async def test_a_task_that_swallows_a_cancellation_is_cancelled_again(monkeypatch):
    monkeypatch.setattr(serving, "_DEAF_SECONDS", 0.05)
    swallowed = []

    async def deaf():
        while True:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                if len(swallowed) == 2:
                    raise
                swallowed.append(time.monotonic())

    task = asyncio.create_task(deaf())
    await asyncio.sleep(0)
    await asyncio.wait_for(serving._cancelled(task), 5)
    assert task.cancelled()
    assert len(swallowed) == 2
