"""Redis' wire protocol (RESP 2), as far as a probe needs it: one command goes out, one simple reply comes back.

A plain TCP connection, of which no more than a few kilobytes are ever kept: whoever has the port may say anything.
What must not be here: URLs, TLS, and what a reply means to a user. They are `redis.py`'s.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator

_LONGEST = 4096  # bytes of a reply; Redis' longest complaint about a PING or a SET has a quarter of it
_QUOTABLE = 80  # characters; more is not cut but left out: half a secret would not be recognised by who hides secrets
_KINDS = (b"", b"+", b"-", b"$")  # nothing yet, a word, a complaint, a string: no command of ours is answered otherwise


class Complaint(Exception):
    """An error reply: `word` is its code (`NOAUTH`), `rest` what follows."""

    def __init__(self, line: str) -> None:
        super().__init__(line)
        self.word, _, self.rest = line.partition(" ")


class NotRedis(Exception):
    """Something else than Redis has the port. Its text quotes the first line of what it said, when that is short."""

    def __init__(self, said: str) -> None:
        line = said.partition("\n")[0].strip()
        quoted = f" (it says {line!r})" if 0 < len(line) <= _QUOTABLE else ""
        super().__init__(f"something else than Redis answers there{quoted}")


class Wire:
    """An open connection. Ask one thing at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._heard = bytearray()

    async def expect(self, expected: str, *command: str) -> None:
        """Send a command that is to be answered so. Raises Complaint, NotRedis, OSError, ValueError."""
        # Not drained: that fails on a connection that was closed after "too many clients", and this is to be told.
        self._writer.write(_packed(command))
        reply = await self._reply()
        if reply != expected:
            raise NotRedis(reply)

    async def _reply(self) -> str:
        line = await self._line()
        if line.startswith("-"):
            raise Complaint(line[1:])
        return await self._string(line) if line.startswith("$") else line[1:]

    async def _line(self) -> str:
        while (end := self._heard.find(b"\r\n")) < 0 and self._may_be_redis():
            await self._hear()
        if not self._may_be_redis():
            raise NotRedis(_decoded(self._heard))
        return _decoded(self._taken(end))

    async def _string(self, line: str) -> str:
        """The string whose length the line tells; nothing for the null string, whose length is -1."""
        if not line[1:].isdecimal() or int(line[1:]) > _LONGEST:
            if line == "$-1":
                return ""
            raise NotRedis(line)
        length = int(line[1:])
        while len(self._heard) < length + 2:
            await self._hear()
        return _decoded(self._taken(length))

    def _may_be_redis(self) -> bool:
        return self._heard[:1] in _KINDS and len(self._heard) <= _LONGEST

    def _taken(self, length: int) -> bytes:
        """So many bytes of what was heard, taken off together with the end of their line."""
        taken = bytes(self._heard[:length])
        del self._heard[: length + 2]
        return taken

    async def _hear(self) -> None:
        some = await self._reader.read(_LONGEST)
        if not some:
            raise ConnectionError("the connection was closed without an answer")
        self._heard += some


@contextlib.asynccontextmanager
async def connected(host: str, port: int) -> AsyncIterator[Wire]:
    """A connection, closed in every case. Raises OSError, and ValueError for what is no name of a host."""
    reader, writer = await asyncio.open_connection(host, port, limit=_LONGEST)
    try:
        yield Wire(reader, writer)
    finally:
        writer.transport.abort()  # close() would wait for a frozen server to take what was sent
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def _packed(command: tuple[str, ...]) -> bytes:
    """A command as RESP has it. Bytes of the environment that are no UTF-8 go out as they came in."""
    words = [word.encode("utf-8", "surrogateescape") for word in command]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)


def _decoded(said: bytes | bytearray) -> str:
    return said.decode("utf-8", "replace")
