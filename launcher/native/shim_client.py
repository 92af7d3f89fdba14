"""The supervisor's end of a shim: starts it, hears what it reports, tells it to stop. Policy lives in the shim."""

import sys

if sys.platform == "win32":
    raise ImportError("not for Windows")

import asyncio
import contextlib
import fcntl
import marshal
import os
import signal
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from launcher.events import Exit
from launcher.native import brand, proc
from launcher.native.containment import (
    PAUSE_SECONDS,
    SHIMS,
    end_strangers,
    strangers,
    unprivileged_user,
    users,
)
from launcher.native.contract import INSTANCE_MARK, UNIT_MARK, Identity, LaunchSpec, Output
from launcher.native.signalling import signal_process
from launcher.native.sweeping import SWEEP_SECONDS, sweep
from launcher.native.unstarted import explain
from launcher.native.warden import Warden, warden_of

AT_ONCE = 256 * 1024  # bytes of output read in one go
WIDE = 1024 * 1024  # bytes that the pipe of a flood takes: the most that a user may ask for by default
USUAL = 64 * 1024  # bytes that a pipe takes, where nobody asked for more
IN_A_ROW = 4  # so many times, as long as there is so much
DRAIN_SECONDS = 1.0  # for output still in the pipe when the tree is gone


class ShimChild:
    """One contained child: its shim, control pipe, status pipe and output pipe."""

    def __init__(self, spec: LaunchSpec, path: str, output: Output) -> None:
        self._spec = spec
        self._path = path
        self._output = output
        self._loop = asyncio.get_running_loop()
        self._shim = self._main = 0
        self._who: Identity | None = None  # the shim, beyond doubt
        self._control = self._status = self._printed = -1
        self._wide = False
        self._unread = b""
        self._exit: Exit | None = None
        self._leftovers: list[str] = []
        self._forced = False
        self._started = asyncio.Event()
        self._drained = asyncio.Event()
        self._done: asyncio.Future[Exit] = self._loop.create_future()
        self._finishing: asyncio.Task[None] | None = None
        self._warden: Warden | None = None

    async def start(self) -> None:
        """Have the shim forked; returns when its main process runs, or cannot. OSError when there can be no shim."""
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("children are started from the main thread only")
        launching = asyncio.ensure_future(self._launch_somehow())
        try:
            await asyncio.shield(launching)
            await self._started.wait()
        except asyncio.CancelledError:
            await self._undo(launching)
            raise

    async def _launch_somehow(self) -> None:
        with SHIMS.starting(self._spec.env):
            try:
                await self._launch()
            except BrokenPipeError:  # the warden was killed: another will do
                await self._launch()

    async def _undo(self, launching: "asyncio.Future[None]") -> None:
        """Kill what was started in vain, and wait until it is gone: another incarnation may be next."""
        with contextlib.suppress(OSError):
            await launching
            self.kill()
            await asyncio.wait({self._done})

    async def _launch(self) -> None:
        self._warden = warden_of(self._marks())
        try:
            with contextlib.ExitStack() as theirs:
                await self._ask_for_shim(theirs, self._warden)
        except BaseException:
            self._close_pipes()  # the shim, if there is one, takes this for our death
            await self._warden.release()
            raise

    async def _ask_for_shim(self, theirs: contextlib.ExitStack, warden: Warden) -> None:
        """Open the pipes, write down the orders, ask for a shim. What is entered into `theirs` is the shim's."""
        control, self._control = os.pipe()
        theirs.callback(os.close, control)
        self._status, status = os.pipe()
        theirs.callback(os.close, status)
        self._printed, output = os.pipe()
        theirs.callback(os.close, output)
        for handle in (self._control, self._status, self._printed):
            os.set_blocking(handle, False)
        handles = [control, status, theirs.enter_context(_unnamed_file(marshal.dumps(self._orders()))).fileno(), output]
        if self._spec.stdin is not None:
            handles.append(theirs.enter_context(_unnamed_file(self._spec.stdin)).fileno())
        self._shim = await warden.fork(handles)
        self._who = proc.identity(self._shim)
        SHIMS.pids.add(self._shim)
        self._loop.add_reader(self._status, self._hear)
        self._loop.add_reader(self._printed, self._read)

    def _marks(self) -> dict[str, str]:
        return {name: self._spec.env[name] for name in (INSTANCE_MARK, UNIT_MARK) if name in self._spec.env}

    def _orders(self) -> dict[str, Any]:
        """What the shim reads. Bytes, because its locale need not be ours; a file, because argv is public."""
        spec = self._spec
        return {
            "path": os.fsencode(self._path),
            "argv": [os.fsencode(argument) for argument in spec.argv],
            "env": {os.fsencode(name): os.fsencode(value) for name, value in spec.env.items()},
            "unit": spec.env.get(UNIT_MARK, Path(self._path).name),
            "cwd": os.fsencode(Path(spec.cwd).absolute()),
            "stop": int(signal.Signals[spec.stop_signal]),
            "scope": spec.stop_scope,
            "grace": float(spec.grace_seconds),
            "brand": brand.brand(self._marks()),
            "user": unprivileged_user() if spec.unprivileged else None,
        }

    # What the loop calls.

    def _read(self) -> None:
        """The child, or anything of its tree, printed. A flood is read on for a while, then others have their turn."""
        for _ in range(IN_A_ROW):
            try:
                data = os.read(self._printed, AT_ONCE)
            except BlockingIOError:
                return
            if not data:  # nobody is left who could print
                self._loop.remove_reader(self._printed)
                self._drained.set()
                return
            if len(data) >= USUAL:
                self._widen()
            self._output(data)
            if len(data) < AT_ONCE:
                return

    def _widen(self) -> None:
        """Let a flood wait for us less often. Only a flood: what all pipes of a user may hold together is limited."""
        if not self._wide and hasattr(fcntl, "F_SETPIPE_SZ"):
            with contextlib.suppress(OSError):
                fcntl.fcntl(self._printed, fcntl.F_SETPIPE_SZ, WIDE)
        self._wide = True

    async def _finish(self) -> None:
        """Settle how it ended, clear up after a killed shim, read the last output."""
        SHIMS.pids.discard(self._shim)
        try:
            if self._exit is None:  # the kernel killed the main process with its shim; the rest is ours to kill
                await self._shim_is_dead()
                self._leftovers += await _clear_after(self._marks(), self._main)
                self._exit = Exit(signal=int(signal.SIGKILL))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(DRAIN_SECONDS):
                    await self._drained.wait()
        finally:
            self._close_pipes()
            if self._warden is not None:
                await self._warden.release()
            self._started.set()
            ended = self._exit or Exit(signal=int(signal.SIGKILL))
            if not self._done.done():
                self._done.set_result(Exit(ended.code, ended.signal, ended.error, leftovers=tuple(self._leftovers)))

    async def _shim_is_dead(self) -> None:
        """A process closes its files before it gives away its children: its pipe ends a moment too early."""
        deadline = self._loop.time() + SWEEP_SECONDS
        while proc.identity(self._shim) == self._who and self._who and self._loop.time() < deadline:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.001)

    # What the shim reports.

    def _hear(self) -> None:
        """Read the status pipe; its end is that of the shim: the tree is gone, unless somebody killed the shim."""
        try:
            said = os.read(self._status, 4096)
        except BlockingIOError:
            return
        if not said:
            self._loop.remove_reader(self._status)
            self._finishing = self._loop.create_task(self._finish())
            return
        *lines, self._unread = (self._unread + said).split(b"\n")
        for line in lines:
            self._understand(line.decode())

    def _understand(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        if word == "main":
            self._main = int(rest)
            self._started.set()
        elif word == "error":
            step, _, number = rest.partition(" ")
            self._exit = Exit(error=explain(self._path, self._spec.cwd, step, int(number)))
        elif word == "exit":
            self._exit = Exit(code=int(rest))
        elif word == "signal":
            self._exit = Exit(signal=int(rest))
        elif word == "leftover":
            self._leftovers.append(rest)
        elif word == "forced":
            self._forced = True

    # The contract.

    @property
    def pid(self) -> int:
        """Of the main process."""
        return self._main

    async def wait(self) -> Exit:
        """How the main process ended, once the tree is gone and its output was read."""
        return await asyncio.shield(self._done)

    def interrupt(self) -> None:
        """Begin the stop ladder."""
        self._tell(b"i")

    def kill(self) -> None:
        """Kill the whole tree now."""
        self._tell(b"k")

    def forced(self) -> bool:
        """Whether KILL was needed because the grace period had passed."""
        return self._forced

    def family(self) -> set[int]:
        """The living processes of the tree."""
        return proc.tree(self._shim) if self._shim > 0 and not self._done.done() else set()

    def owns(self, pid: int) -> bool:
        """Whether the process belongs to the tree: orphans in it have the shim for a parent, so lineage tells."""
        return self._shim > 0 and not self._done.done() and self._shim in proc.ancestors(pid)

    def _tell(self, letter: bytes) -> None:
        if self._who is not None:
            signal_process(self._who, "SIGCONT")  # its own child may have stopped it
        if self._control >= 0:
            with contextlib.suppress(BlockingIOError, BrokenPipeError):
                os.write(self._control, letter)

    def _close_pipes(self) -> None:
        for handle in (self._status, self._printed):
            if handle >= 0:
                self._loop.remove_reader(handle)
        for handle in (self._control, self._status, self._printed):
            if handle >= 0:
                os.close(handle)
        self._control = self._status = self._printed = -1


async def _clear_after(marks: Mapping[str, str], main: int) -> list[str]:
    """Kill what a killed shim left behind, adopted by us or (when we are no guardian) by init; their names."""
    SHIMS.condemned.add(main)  # the kernel killed it with its shim: it is no leftover
    names = []
    loop = asyncio.get_running_loop()
    deadline = loop.time() + SWEEP_SECONDS
    with SHIMS.clearing():
        while loop.time() < deadline:
            names += end_strangers(set(), bereaved=True)
            if SHIMS.complete and not strangers(set()):
                break
            await asyncio.sleep(PAUSE_SECONDS)
    SHIMS.condemned.discard(main)
    return names + (await asyncio.to_thread(sweep, marks, users()) if marks else [])


def _unnamed_file(data: bytes) -> IO[bytes]:
    """An open file with these contents and no name, kept in memory where the kernel can."""
    if hasattr(os, "memfd_create"):
        file: IO[bytes] = os.fdopen(os.memfd_create("rxlaunch"), "w+b")
    else:
        file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    file.write(data)
    file.seek(0)
    return file
