"""The supervisor's side of the control API: a Unix socket in a private directory, or loopback TCP.

Installs no signal handlers and writes no logs; imported only when a stack runs.
"""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from launcher import __version__
from launcher.control import address, protocol
from launcher.control.door import Door, Headers, Refusal
from launcher.errors import LauncherError
from launcher.events import Command, command_from_json
from launcher.paths import StackPaths
from launcher.state import files, store
from launcher.state.snapshot import Snapshot
from launcher.values import Value

if TYPE_CHECKING:
    from launcher.control import http

_LOAD_DELAY = 1.0  # seconds in which the first services start: HTTP is loaded after them, or for the first client
_LAST_SECONDS = 1.0
_LONGEST_REASON = 500
Submit = Callable[[Command], Awaitable[dict[str, object]]]


@contextlib.asynccontextmanager
async def serve(
    paths: StackPaths, *, snapshot: Callable[[], Snapshot], submit: Submit
) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Answer clients while inside; gives what puts back files that somebody deleted.

    Call only while holding the stack's lock: a stale socket is removed.
    """
    reception = _Reception(paths, _Answers(snapshot, submit, secrets.token_hex(protocol.TOKEN_BYTES)))
    await reception.open()
    loading = asyncio.create_task(_load_later(), name="loading-http")
    try:
        yield reception.put_back
    finally:
        loading.cancel()
        await asyncio.gather(loading, return_exceptions=True)
        await reception.close()


async def _load_later() -> None:
    await asyncio.sleep(_LOAD_DELAY)
    await asyncio.to_thread(import_module, "launcher.control.http")


class _Answers(Value, frozen=True):
    """Where answers come from."""

    snapshot: Callable[[], Snapshot]
    submit: Submit
    token: str

    async def to(self, request: "http.Request") -> "http.Answer":
        """The answer to a request that was let in."""
        from launcher.control import http

        if request.path == protocol.STATUS:
            return http.Answer(store.identified(self.snapshot()).to_json())
        if request.path == protocol.VERSION:
            return http.Answer({"version": __version__, "api": protocol.API_VERSION})
        if request.path == protocol.HELLO:
            nonce = request.query.removeprefix("nonce=")
            if not protocol.NONCE.fullmatch(nonce):
                return http.Answer({"error": "no nonce"}, 400)
            return http.Answer({"proof": protocol.proof(self.token, nonce)})
        command = _command(request.body)
        if command is None:
            return http.Answer({"error": "no such command"}, 400)
        return http.Answer(await self.submit(command))


class _Reception:
    """The listening socket, the hall behind it, and the file that tells clients of it; they come back if deleted."""

    def __init__(self, paths: StackPaths, answers: _Answers) -> None:
        self._paths = paths
        self._answers = answers
        self._address: dict[str, Any] = {}
        self._servers: list[asyncio.Server] = []
        self._halls: list[_Hall] = []

    async def open(self) -> None:
        """Listen, and tell clients where. Raises LauncherError."""
        listener, self._address = address.listen(self._paths)
        hall = _Hall(self._answers, Door(self._answers.token, address.hosts(self._address), "port" in self._address))
        unix = "socket" in self._address
        begun = asyncio.start_unix_server if unix else asyncio.start_server
        self._servers.append(await begun(hall.meet, sock=listener, backlog=address.BACKLOG))
        self._halls.append(hall)
        try:
            self._tell()
        except LauncherError:
            await self.close()
            raise

    def _tell(self) -> None:
        files.write_json(self._paths.control, {**self._address, "token": self._answers.token})

    async def put_back(self) -> None:
        """Put back what a cleaner of temporary files, or a person, deleted under a running stack."""
        with contextlib.suppress(OSError, LauncherError):  # it will be tried again
            if "socket" in self._address and not self._paths.socket.is_socket():
                await self.open()
            elif not self._paths.control.is_file():
                self._tell()

    async def close(self) -> None:
        """Answer nobody any more, and leave nothing behind."""
        for server in self._servers:
            server.close()
        await asyncio.gather(*(hall.close() for hall in self._halls))
        address.forget(self._paths, self._address)


class _Hall:
    """The clients that are connected: so many at most, and none is left when we go."""

    def __init__(self, answers: _Answers, door: Door) -> None:
        self._answers = answers
        self._door = door
        self._clients: set[asyncio.Task[None]] = set()

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Have a client's requests answered."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a connection is met in a task of its own")
        self._clients.add(task)
        try:
            await self._converse(reader, writer)
        except asyncio.CancelledError:  # we go
            writer.transport.abort()
        finally:
            self._clients.discard(task)
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from launcher.control import http

        await http.Connection(reader, writer).converse(self._admits, self._answers.to)

    def _admits(self, method: str, path: str, headers: Headers, version: str) -> Refusal | None:
        if len(self._clients) > protocol.MOST_CONNECTIONS:
            return Refusal(503, "too many connections")
        return self._door.refuses(method, path, headers, version)

    async def close(self) -> None:
        """Let answers be finished for a second; then hang up."""
        if self._clients:
            await asyncio.wait(self._clients, timeout=_LAST_SECONDS)
        for task in self._clients:
            task.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)


def _command(body: bytes) -> Command | None:
    """The command in a body; None for anything else. Names of units are looked up by the supervisor."""
    try:
        document = files.object_of(body)
        command = command_from_json(document)
    except (ValueError, TypeError):
        return None
    return command if command is not None and _well_formed(command) else None


def _well_formed(command: Command) -> bool:
    """The types of a command's fields: JSON may hold anything."""
    names = getattr(command, "names", ())
    exit_code = getattr(command, "exit_code", 0)
    reason = getattr(command, "reason", "")
    return (
        isinstance(names, tuple)
        and all(isinstance(name, str) for name in names)
        and type(exit_code) is int
        and 0 <= exit_code <= 255
        and isinstance(reason, str)
        and len(reason) <= _LONGEST_REASON
        and reason.isprintable()  # it is shown, and kept
    )
