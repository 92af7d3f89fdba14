"""The supervisor's side of the control API: a Unix socket in a private directory, or loopback TCP.

Installs no signal handlers and writes no logs; imported only when a stack runs.
"""

import asyncio
import contextlib
import logging
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Any

from launcher import __version__
from launcher.control import address, protocol
from launcher.control.door import Door, Refusal
from launcher.errors import LauncherError
from launcher.events import Command, command_from_json
from launcher.paths import StackPaths
from launcher.state import files, store
from launcher.state.snapshot import Snapshot
from launcher.values import Value

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send
    from uvicorn import Server

_LONGEST_REASON = 500
_LOOK_PERIOD = 1.0  # seconds between looks at whether our files are still there
Submit = Callable[[Command], Awaitable[dict[str, object]]]


@contextlib.asynccontextmanager
async def serve(paths: StackPaths, *, snapshot: Callable[[], Snapshot], submit: Submit) -> AsyncIterator[None]:
    """Answer clients while inside. Call only while holding the stack's lock: a stale socket is removed."""
    reception = _Reception(paths, _Answers(snapshot, submit, secrets.token_hex(protocol.TOKEN_BYTES)))
    reception.open()
    keeping = asyncio.create_task(reception.keep_open(), name="control-files")
    try:
        yield  # who connects before uvicorn accepts waits in the backlog
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await reception.close()


class _Answers(Value, frozen=True):
    """Where answers come from."""

    snapshot: Callable[[], Snapshot]
    submit: Submit
    token: str


class _Reception:
    """The listening socket, the server behind it, and the file that tells clients of it; they come back if deleted."""

    def __init__(self, paths: StackPaths, answers: _Answers) -> None:
        self._paths = paths
        self._answers = answers
        self._leave = asyncio.Event()
        self._address: dict[str, Any] = {}
        self._listeners: list[socket.socket] = []
        self._serving: list[asyncio.Task[None]] = []

    def open(self) -> None:
        """Listen, and tell clients where. Raises LauncherError."""
        listener, self._address = address.listen(self._paths)
        self._listeners.append(listener)
        door = Door(self._answers.token, address.hosts(self._address), hello="port" in self._address)
        serving = _serve(listener, self._answers, door, self._leave)
        self._serving.append(asyncio.create_task(serving, name="control"))
        try:
            self._tell()
        except LauncherError:
            self._shut()
            raise

    def _tell(self) -> None:
        files.write_json(self._paths.control, {**self._address, "token": self._answers.token})

    async def keep_open(self) -> None:
        """Put back what a cleaner of temporary files, or a person, deleted under a running stack."""
        while True:
            await asyncio.sleep(_LOOK_PERIOD)
            with contextlib.suppress(OSError, LauncherError):  # it will be tried again
                if "socket" in self._address and not self._paths.socket.is_socket():
                    self.open()
                elif not self._paths.control.is_file():
                    self._tell()

    async def close(self) -> None:
        """Answer nobody any more, and leave nothing behind."""
        self._leave.set()
        await asyncio.gather(*self._serving, return_exceptions=True)
        self._shut()

    def _shut(self) -> None:
        for listener in self._listeners:
            listener.close()
        address.forget(self._paths, self._address)


async def _serve(listener: socket.socket, answers: _Answers, door: Door, leave: asyncio.Event) -> None:
    # Importing takes 0.1 s of a boot that has better things to do: the first services start meanwhile.
    server = await asyncio.to_thread(lambda: _server(_guarded(_routes(answers), door), leave))
    await server.serve(sockets=[listener])


# --- uvicorn, tamed -------------------------------------------------------------------------------------------


def _server(app: "ASGIApp", leave: asyncio.Event) -> "Server":
    import uvicorn
    from uvicorn.protocols.http.h11_impl import H11Protocol

    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # no stranger's bad request is news for our terminal

    class Impatient(H11Protocol):
        """Hangs up on whoever has not sent a whole request in time."""

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self.loop.call_later(protocol.REQUEST_SECONDS, self._hang_up)

        def _hang_up(self) -> None:
            if self.transport.is_closing():
                return
            if self.cycle is None or self.cycle.more_body or self.cycle.response_complete:
                self.transport.abort()
            else:  # its answer is on the way
                self.loop.call_later(protocol.REQUEST_SECONDS, self._hang_up)

    class Quiet(uvicorn.Server):
        """Leaves signals to the supervisor, and sleeps until it is told to go."""

        async def main_loop(self) -> None:
            await leave.wait()

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    return Quiet(
        uvicorn.Config(
            app,
            http=Impatient,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            limit_concurrency=protocol.MOST_CONNECTIONS,
            timeout_keep_alive=1,
            timeout_graceful_shutdown=1,
            h11_max_incomplete_event_size=protocol.LARGEST_BODY,
        )
    )


# --- the application ------------------------------------------------------------------------------------------


def _guarded(app: "ASGIApp", door: Door) -> "ASGIApp":
    """The application behind its door."""

    async def guarded(scope: "Scope", receive: "Receive", send: "Send") -> None:
        if scope["type"] != "http":
            return
        refusal = door.refuses(scope["method"], scope["path"], scope["headers"], scope["http_version"])
        if refusal is not None:
            await _refusal(refusal)(scope, receive, send)
            return
        try:
            body = await _whole_body(receive)
        except OverflowError:
            await _refusal(Refusal(413, "the body is too large"))(scope, receive, send)
            return
        if body is not None:
            await app(scope, _replayed(body), send)

    return guarded


async def _whole_body(receive: "Receive") -> bytes | None:
    """The request's body; None when the client went away. Raises OverflowError."""
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += bytes(message.get("body", b""))
        if len(body) > protocol.LARGEST_BODY:
            raise OverflowError
        if not message.get("more_body", False):
            return body


def _replayed(body: bytes) -> "Receive":
    async def receive() -> "Message":
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _refusal(refusal: Refusal) -> "Response":
    from starlette.responses import JSONResponse

    return JSONResponse({"error": refusal.error}, refusal.status, headers={"Connection": "close"})


def _routes(answers: _Answers) -> "ASGIApp":
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    async def status(_request: "Request") -> "Response":
        return JSONResponse(store.identified(answers.snapshot()).to_json())

    async def version(_request: "Request") -> "Response":
        return JSONResponse({"version": __version__, "api": protocol.API_VERSION})

    async def hello(request: "Request") -> "Response":
        nonce = request.query_params.get("nonce", "")
        if not protocol.NONCE.fullmatch(nonce):
            return _refusal(Refusal(400, "no nonce"))
        return JSONResponse({"proof": protocol.proof(answers.token, nonce)})

    async def commands(request: "Request") -> "Response":
        command = _command(await request.body())
        if command is None:
            return _refusal(Refusal(400, "no such command"))
        return JSONResponse(await answers.submit(command))

    return Starlette(
        routes=[
            Route(protocol.STATUS, status),
            Route(protocol.VERSION, version),
            Route(protocol.HELLO, hello),
            Route(protocol.COMMANDS, commands, methods=["POST"]),
        ]
    )


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
