"""The supervisor's end of the warden: the one process that forks shims, so that each costs a fork and no interpreter.

A shim of its own interpreter takes 20 ms of CPU and 4 MB; a fork of one that has loaded everything already takes a
tenth of that, and shares its memory. The warden itself holds nothing: killed, it leaves the shims at work (each has
its own control pipe), and the next child gets another warden.
"""

import sys

if sys.platform == "win32":
    raise ImportError("not for Windows")

import array
import asyncio
import contextlib
import errno
import os
import socket
from collections import deque
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from launcher.native import warden_ahead
from launcher.native.containment import SHIMS
from launcher.native.contract import INSTANCE_MARK

if TYPE_CHECKING:
    import subprocess

ANSWER_SECONDS = 10.0  # for a fork; a warden that takes longer is stuck, and is given up
GONE_SECONDS = 2.0
_WARDENS: dict[tuple[int, str], "Warden"] = {}  # by loop and instance


def warden_of(marks: Mapping[str, str]) -> "Warden":
    """The warden for children with these marks, on the running loop; begun if there is none. Release it after use."""
    key = (id(asyncio.get_running_loop()), marks.get(INSTANCE_MARK, ""))
    found = _WARDENS.get(key)
    if found is None or not found.usable:
        found = _WARDENS[key] = Warden(key)
    found.users += 1
    return found


class Warden(asyncio.SubprocessProtocol):
    """One warden, from its start until nobody uses it any more."""

    def __init__(self, key: tuple[int, str]) -> None:
        self._key = key
        self._loop = asyncio.get_running_loop()
        ahead = warden_ahead.take(key[1])
        self._theirs: socket.socket | None = None
        if ahead is not None:
            self._door = ahead.door
        else:
            self._door, self._theirs = socket.socketpair()
        self._door.setblocking(False)
        self._transport: asyncio.SubprocessTransport | None = None
        self._pid = 0
        self._waiting: deque[asyncio.Future[int]] = deque()
        self._unread = b""
        self._asking = asyncio.Lock()
        self._room = asyncio.Event()
        self._ended = asyncio.Event()
        self._starting = self._loop.create_task(self._take_over(ahead.process) if ahead else self._start())
        self.users = 0
        self.usable = True

    async def _take_over(self, process: "subprocess.Popen[bytes]") -> None:
        """One that runs already: see when it ends."""
        self._pid = process.pid
        handle = os.pidfd_open(process.pid)
        self._loop.add_reader(handle, self._collect, process, handle)
        self._loop.add_reader(self._door, self._hear)

    def _collect(self, process: "subprocess.Popen[bytes]", handle: int) -> None:
        self._loop.remove_reader(handle)
        os.close(handle)
        process.wait()
        self.process_exited()

    async def _start(self) -> None:
        theirs = self._theirs
        if theirs is None:
            raise RuntimeError("a warden that was taken over is not started")
        try:
            with theirs:
                await self._loop.subprocess_exec(
                    lambda: self,
                    *warden_ahead.command(theirs),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=asyncio.subprocess.DEVNULL,
                    stderr=asyncio.subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,
                    cwd="/",
                    env=warden_ahead.environment(self._key[1]),
                )
        except BaseException:
            self._give_up()
            raise
        self._loop.add_reader(self._door, self._hear)

    async def fork(self, handles: Sequence[int]) -> int:
        """Have a shim forked with these file handles; its pid. Raises OSError."""
        await asyncio.shield(self._starting)
        answer: asyncio.Future[int] = self._loop.create_future()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):  # not wait_for: on 3.11 that may swallow a cancellation
                await self._ask(handles, answer)
                number = await answer
        except TimeoutError:
            self._give_up()
            raise OSError(errno.ETIMEDOUT, "the warden does not answer") from None
        except BrokenPipeError:
            self._give_up()
            raise
        if number < 0:
            raise OSError(-number, os.strerror(-number))
        return number

    async def _ask(self, handles: Sequence[int], answer: "asyncio.Future[int]") -> None:
        """Send the request, after those before it; some hundreds at once are more than the socket holds."""
        rights = array.array("i", handles)
        async with self._asking:
            while self.usable:
                with contextlib.suppress(BlockingIOError):
                    self._door.sendmsg([b"+"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
                    self._waiting.append(answer)
                    return
                await self._has_room()
            raise BrokenPipeError(errno.EPIPE, "the warden died")

    async def _has_room(self) -> None:
        """Return when more can be sent, or never again."""
        self._room.clear()
        self._loop.add_writer(self._door, self._room.set)
        try:
            await self._room.wait()
        finally:
            if self._door.fileno() >= 0:
                self._loop.remove_writer(self._door)

    async def release(self) -> None:
        """One user less; with the last one it ends, and is gone when this returns."""
        self.users -= 1
        if self.users or not self.usable:
            return
        with contextlib.suppress(OSError):
            await asyncio.shield(self._starting)
        if self.users:
            return  # somebody came meanwhile
        self._give_up()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GONE_SECONDS):
                await self._ended.wait()
        if self._transport is not None:
            self._transport.close()

    def _hear(self) -> None:
        """Pass on the answers, in the order of the questions."""
        try:
            said = self._door.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            said = b""
        if not said:
            self._give_up()
            return
        *numbers, self._unread = (self._unread + said).split(b"\n")
        for number in numbers:
            answer = self._waiting.popleft()
            if not answer.done():
                answer.set_result(int(number))

    def _give_up(self) -> None:
        """Use it no more: it died, is stuck, or has no users. Closing its door ends it."""
        self.usable = False
        if _WARDENS.get(self._key) is self:
            del _WARDENS[self._key]
        if self._door.fileno() >= 0:
            self._loop.remove_reader(self._door)
            self._loop.remove_writer(self._door)
            self._door.close()
        self._room.set()
        if self._theirs is not None:
            self._theirs.close()
        while self._waiting:
            answer = self._waiting.popleft()
            if not answer.done():
                answer.set_exception(OSError(errno.EPIPE, "the warden died"))

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It runs."""
        assert isinstance(transport, asyncio.SubprocessTransport)  # noqa: S101 - asyncio's own promise
        self._transport = transport
        self._pid = transport.get_pid()
        SHIMS.pids.add(self._pid)

    def process_exited(self) -> None:
        """It ended."""
        SHIMS.pids.discard(self._pid)
        self._ended.set()
        self._give_up()
        if self._transport is not None:
            self._transport.close()
