"""HTTP/1.1 for the control API: one connection, from bytes to requests and back. The owner of h11.

Knows no route and checks no token: `server.py` says what is answered. Every limit of `protocol.py` on size and time is
kept here. h11 and not a web server: loading one takes a tenth of a second of a boot that has better things to do.
"""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import h11

from launcher.control import protocol
from launcher.control.door import Headers, Refusal
from launcher.values import Value

_AT_ONCE = 64 * 1024


class Request(Value, frozen=True):
    """What was asked; the body is read when the head was let in."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[bytes, bytes], ...]
    version: str
    body: bytes = b""


class Answer(Value, frozen=True):
    """What is answered: always a JSON document."""

    document: object
    status: int = 200


Admits = Callable[[str, str, Headers, str], Refusal | None]
Answers = Callable[[Request], Awaitable[Answer]]


class Connection:
    """One client, from its first byte until one of us hangs up."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=protocol.LARGEST_BODY)
        self._bodiless = False  # an answer to HEAD

    async def converse(self, admits: Admits, answers: Answers) -> None:
        """Answer request after request. Whoever is too slow, or speaks no HTTP, is hung up on; nothing is raised."""
        try:
            seconds = protocol.REQUEST_SECONDS
            while await self._exchange(admits, answers, seconds):
                self._http.start_next_cycle()
                seconds = min(seconds, protocol.NEXT_SECONDS)
        except (TimeoutError, ConnectionError):
            self._writer.transport.abort()
        except h11.RemoteProtocolError as error:
            await self._refuse_garbage(error)
        except h11.LocalProtocolError:  # an answer where none can be given any more
            self._writer.transport.abort()

    async def _exchange(self, admits: Admits, answers: Answers, seconds: float) -> bool:
        """One request and its answer; whether another may follow."""
        async with asyncio.timeout(seconds):
            request = await self._head()
            if request is None:
                return False
            refusal = admits(request.method, request.path, request.headers, request.version)
            body = await self._body() if refusal is None else b""
        if refusal is not None or body is None:
            await self._send(_refused(refusal or Refusal(413, "the body is too large")), last=True)
            return False
        answer = await answers(request.replaced(body=body))
        await self._send(answer, last=False)
        return self._http.our_state is h11.DONE and self._http.their_state is h11.DONE

    async def _head(self) -> Request | None:
        event = await self._next()
        if not isinstance(event, h11.Request):
            return None  # gone
        self._bodiless = event.method == b"HEAD"
        path, _, query = event.target.decode("ascii", "replace").partition("?")
        headers = tuple((bytes(name), bytes(value)) for name, value in event.headers)
        return Request(event.method.decode("ascii"), path, query, headers, event.http_version.decode("ascii"))

    async def _body(self) -> bytes | None:
        """The body; None when it is larger than it may be. Raises ConnectionError when the client went away."""
        body = b""
        while True:
            event = await self._next()
            if isinstance(event, h11.EndOfMessage):
                return body
            if not isinstance(event, h11.Data):
                raise ConnectionResetError("the client went away")
            body += bytes(event.data)
            if len(body) > protocol.LARGEST_BODY:
                return None

    async def _next(self) -> object:
        while True:
            event = self._http.next_event()
            if event is not h11.NEED_DATA:
                return event
            if self._http.they_are_waiting_for_100_continue:
                self._writer.write(self._http.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
            self._http.receive_data(await self._reader.read(_AT_ONCE))

    async def _send(self, answer: Answer, *, last: bool) -> None:
        body = json.dumps(answer.document).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        if last:
            headers.append(("Connection", "close"))
        reason = HTTPStatus(answer.status).phrase.encode()
        head = h11.Response(status_code=answer.status, headers=headers, reason=reason)
        events: list[h11.Event] = [head, h11.Data(data=b"" if self._bodiless else body), h11.EndOfMessage()]
        self._writer.write(b"".join(self._http.send(event) or b"" for event in events))
        async with asyncio.timeout(protocol.REQUEST_SECONDS):
            await self._writer.drain()

    async def _refuse_garbage(self, error: h11.RemoteProtocolError) -> None:
        if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            refusal = Refusal(error.error_status_hint, "this is no HTTP that is spoken here")
            with contextlib.suppress(ConnectionError, TimeoutError, h11.LocalProtocolError):
                await self._send(_refused(refusal), last=True)


def _refused(refusal: Refusal) -> Answer:
    return Answer({"error": refusal.error}, refusal.status)
