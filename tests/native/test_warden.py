"""The supervisor's end of the warden, without a warden: what a cancelled request leads to."""

import asyncio
import os
import socket
from collections import deque
from pathlib import Path

from launcher.native.warden import Warden


async def test_a_cancellation_that_meets_the_answer_is_not_swallowed():
    """A unit that is stopped while it starts would be started all the same, and never stopped."""
    warden, loop = object.__new__(Warden), asyncio.get_running_loop()
    ours, theirs = socket.socketpair()
    with ours, theirs, Path(os.devnull).open("rb") as handle:
        warden._loop, warden._waiting, warden._door = loop, deque(), ours
        warden._starting = loop.create_future()
        warden._starting.set_result(None)
        asking = asyncio.create_task(warden.fork([handle.fileno()]))
        while not (warden._waiting or asking.done()):
            await asyncio.sleep(0)
        warden._waiting[0].set_result(1)
        asking.cancel()
        await asyncio.wait({asking})
        assert asking.cancelled()
