"""One contained child on Windows: a process and its job, stopped by Ctrl-C in a console of its own, then by force."""

import sys

if sys.platform != "win32":
    raise ImportError("for Windows only")

import asyncio
import contextlib
import signal
import subprocess
from pathlib import Path

from launcher.events import Exit
from launcher.native import windows_ctrl_c
from launcher.native.contract import LaunchSpec, Output
from launcher.native.windows_jobs import Job, resume
from launcher.native.windows_processes import command_name

SETTLE_SECONDS = 0.1  # what a main process left behind may still go by itself
DRAIN_SECONDS = 1.0  # for output still in the pipe when the tree is gone
GONE_SECONDS = 2.0  # for a terminated job to become empty
HELPER_SECONDS = 5.0
_CREATE_SUSPENDED = 0x4
_CONTROL_C_EXIT = 0xC000013A  # of a process that did not handle Ctrl-C
_CONSOLE_HOST = "conhost.exe"  # part of every console, nobody's leftover


class JobChild(asyncio.SubprocessProtocol):
    """One contained child. Stop signal and scope make no difference here: Ctrl-C reaches all of its console."""

    def __init__(self, spec: LaunchSpec, path: str, output: Output) -> None:
        self._spec = spec
        self._path = path
        self._output = output
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.SubprocessTransport | None = None
        self._job = Job()
        self._main = 0
        self._asked = self._killed = self._forced = self._called_off = False
        self._deadline = 0.0
        self._ended = asyncio.Event()  # the main process
        self._drained = asyncio.Event()
        self._done: asyncio.Future[Exit] = self._loop.create_future()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Start the process, suspended until the job holds it, so that nothing it starts can escape."""
        stdin = subprocess.DEVNULL if self._spec.stdin is None else subprocess.PIPE
        try:
            transport, _ = await self._loop.subprocess_exec(
                lambda: self,
                self._path,
                *self._spec.argv[1:],
                stdin=stdin,
                stderr=subprocess.STDOUT,
                cwd=self._spec.cwd,
                env=dict(self._spec.env),
                # A console of its own, for Ctrl-C; no process group of its own, which would make it deaf to that.
                creationflags=subprocess.CREATE_NO_WINDOW | _CREATE_SUSPENDED,
            )
        except BaseException:
            self._called_off = True
            self._job.close()
            raise
        if self._spec.stdin is not None:
            pipe = transport.get_pipe_transport(0)
            assert isinstance(pipe, asyncio.WriteTransport)  # noqa: S101 - asyncio's own promise
            pipe.write(self._spec.stdin)
            pipe.close()  # after what was written

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The process exists: hold it, then let it run."""
        assert isinstance(transport, asyncio.SubprocessTransport)  # noqa: S101 - asyncio's own promise
        if self._called_off:
            return  # whoever started it was cancelled meanwhile, and asyncio has killed it, suspended as it was
        self._transport = transport
        self._main = transport.get_pid()
        process = int(transport.get_extra_info("subprocess")._handle)  # noqa: SLF001 - asyncio offers no other way
        try:
            self._job.hold(process)
            resume(process)
        except OSError:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                transport.kill()  # uncontained it must not run; its exit is told as that of any other

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """The child, or anything of its tree, printed."""
        del fd
        self._output(data)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        """Nobody is left who could print."""
        del exc
        if fd == 1:
            self._drained.set()

    def process_exited(self) -> None:
        """The main process ended; its tree may not have."""
        self._ended.set()
        self._begin(self._finish())

    def _begin(self, work: "asyncio._CoroutineLike[None]") -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _finish(self) -> None:
        """Wait for the rest of the tree, end it, read the last output."""
        leftovers: list[str] = []
        try:
            if self._asked:
                await self._empty(self._deadline - self._loop.time())
                if self._rest():
                    self._forced = not self._killed
            elif not self._killed:
                await self._empty(SETTLE_SECONDS)
                leftovers = self._rest()
            self._job.terminate()
            await self._empty(GONE_SECONDS)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(DRAIN_SECONDS):
                    await self._drained.wait()
        finally:
            code = self._transport.get_returncode() if self._transport else None
            if self._transport is not None:
                self._transport.close()
            self._job.close()
            if not self._done.done():
                self._done.set_result(self._exit(code, leftovers))

    def _exit(self, code: int | None, leftovers: list[str]) -> Exit:
        """What Windows calls an exit code, in the words of the contract."""
        if code is not None and code & 0xFFFFFFFF == _CONTROL_C_EXIT:
            return Exit(signal=int(signal.SIGINT), leftovers=tuple(leftovers))
        if code is None or (self._killed and code == 1):
            return Exit(signal=9, leftovers=tuple(leftovers))
        return Exit(code=code, leftovers=tuple(leftovers))

    async def _empty(self, seconds: float) -> None:
        """Wait until nothing is left in the job, or time is up, or we were told to kill."""
        deadline = self._loop.time() + seconds
        while self._job.pids() and self._loop.time() < deadline:  # noqa: ASYNC110 - Windows tells no event for it
            await asyncio.sleep(0.01)

    def _rest(self) -> list[str]:
        """The names of what is left of the tree."""
        names = [command_name(pid) or "?" for pid in self._job.pids() - {self._main}]
        return [name for name in names if name.lower() != _CONSOLE_HOST]

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
        if self._asked or self._ended.is_set():
            return
        self._asked = True
        self._deadline = self._loop.time() + self._spec.grace_seconds
        self._begin(self._stop())

    async def _stop(self) -> None:
        """Ctrl-C, then the grace period, then force."""
        heard = await self._type_ctrl_c()
        with contextlib.suppress(TimeoutError):
            if heard:
                async with asyncio.timeout_at(self._deadline):
                    await self._ended.wait()
        if not self._ended.is_set():
            self._forced = not self._killed
            self.kill()

    async def _type_ctrl_c(self) -> bool:
        """Run the helper; whether Ctrl-C was delivered. A program without a console can't be asked."""
        helper = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", str(Path(windows_ctrl_c.__file__)), str(self._main)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            creationflags=subprocess.CREATE_NO_WINDOW,
        )
        try:
            async with asyncio.timeout(HELPER_SECONDS):
                return await helper.wait() == 0
        except TimeoutError:
            helper.kill()
            await helper.wait()
            return False

    def kill(self) -> None:
        """Kill the whole tree now."""
        self._killed = True
        self._deadline = 0.0
        self._job.terminate()

    def forced(self) -> bool:
        """Whether force was needed because the grace period had passed."""
        return self._forced

    def family(self) -> set[int]:
        """The living processes of the tree."""
        return self._job.pids()

    def owns(self, pid: int) -> bool:
        """Whether the process belongs to the tree."""
        return pid in self._job.pids()
