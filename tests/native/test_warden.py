"""The supervisor's end of the warden: requests that are cancelled or too many, and a warden that was begun ahead."""

import array
import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from collections import deque
from pathlib import Path

import pytest

from launcher import native
from launcher.native.containment import SHIMS, shims_of
from launcher.native.warden import Warden
from tests.support.processes import until


def warden_at(door):
    """A warden of which nothing but its door is there."""
    warden, loop = object.__new__(Warden), asyncio.get_running_loop()
    door.setblocking(False)
    warden._loop, warden._waiting, warden._door, warden._theirs = loop, deque(), door, socket.socket()
    warden._theirs.close()
    warden._asking, warden._room, warden._key, warden.usable = asyncio.Lock(), asyncio.Event(), (0, ""), True
    warden._starting = loop.create_future()
    warden._starting.set_result(None)
    return warden


def fill(door, handle):
    """Send until the socket holds no more; how many requests it held."""
    held = 0
    with contextlib.suppress(BlockingIOError):
        while True:
            rights = array.array("i", [handle.fileno()])
            door.sendmsg([b"+"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
            held += 1
    return held


async def test_more_requests_at_once_than_the_socket_holds_are_sent_when_there_is_room():
    ours, theirs = socket.socketpair()
    with ours, theirs, Path(os.devnull).open("rb") as handle:
        warden = warden_at(ours)
        held = fill(ours, handle)
        asking = [asyncio.create_task(warden.fork([handle.fileno()])) for _ in range(3)]
        await asyncio.sleep(0.05)
        assert not warden._waiting, "there is no room yet: one request has not been sent"
        for _ in range(held):
            socket.recv_fds(theirs, 1, 8)
        while len(warden._waiting) < 3:
            await asyncio.sleep(0.01)
        for number, answer in enumerate(warden._waiting, start=1):
            answer.set_result(number)
        assert await asyncio.gather(*asking) == [1, 2, 3]


async def test_a_warden_that_dies_while_it_has_no_room_is_told():
    ours, theirs = socket.socketpair()
    with ours, theirs, Path(os.devnull).open("rb") as handle:
        warden = warden_at(ours)
        fill(ours, handle)
        asking = asyncio.create_task(warden.fork([handle.fileno()]))
        await asyncio.sleep(0.05)
        warden._give_up()
        with pytest.raises(BrokenPipeError):
            await asking


async def test_a_cancellation_that_meets_the_answer_is_not_swallowed():
    """A unit that is stopped while it starts would be started all the same, and never stopped."""
    ours, theirs = socket.socketpair()
    with ours, theirs, Path(os.devnull).open("rb") as handle:
        warden = warden_at(ours)
        asking = asyncio.create_task(warden.fork([handle.fileno()]))
        while not (warden._waiting or asking.done()):
            await asyncio.sleep(0)
        warden._waiting[0].set_result(1)
        asking.cancel()
        await asyncio.wait({asking})
        assert asking.cancelled()


async def test_a_warden_that_was_begun_ahead_forks_the_shims_and_ends_with_its_last_user(start, marks):
    native.loading_ahead(marks.instance)
    (begun,) = shims_of(marks.instance)
    child = await start("sleep", "60")
    assert {who.pid for who in shims_of(marks.instance)} >= {begun.pid}
    assert len(shims_of(marks.instance)) == 2, "the warden, and a shim of its own making"
    child.kill()
    await child.wait()
    until(lambda: not shims_of(marks.instance), 10, "the warden has ended")
    assert begun.pid not in SHIMS.pids


async def test_one_that_was_killed_meanwhile_is_replaced(start, marks):
    native.loading_ahead(marks.instance)
    (begun,) = shims_of(marks.instance)
    native.signal_process(begun, "SIGKILL")
    child = await start("true")
    assert (await child.wait()).ok
    until(lambda: not shims_of(marks.instance), 10, "the warden has ended")
    assert begun.pid not in SHIMS.pids


def test_one_that_nobody_asks_ends_with_who_began_it():
    script = "from launcher import native; native.loading_ahead('nobody-asks'); print('begun', flush=True)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "begun\n", done.stderr
    until(lambda: not shims_of("nobody-asks"), 10, "the warden has ended")
