"""Does Postgres answer `select 1` as this role on this database? One of the two owners of psycopg.

psycopg is used synchronously in a thread: its asynchronous half refuses Windows' default event loop.
"""

import asyncio
import contextlib
import math
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from launcher.plan.dsn import libpq_url
from launcher.probes.contract import Answer, Probe
from launcher.probes.loading import loaded
from launcher.probes.local_address import address, refuses_slowly

if TYPE_CHECKING:
    import psycopg

    from launcher.stack.model import ProbeSpec

_PERMANENT = {"28P01": "auth", "28000": "auth", "3D000": "missing_database", "42501": "auth"}
_STARTING = "57P03"
_TRANSIENT = {_STARTING: "loading", "57P01": "loading", "25006": "read_only"}
_SHORTEST_CONNECT = 2  # seconds; libpq rounds anything less up to this
_PORT = 5432
_SHAPE = "DATABASE_URL is postgres://USER:PASSWORD@HOST:PORT/DATABASE, special characters %-encoded"
_UNREADABLE = Answer(False, "the URL of Postgres cannot be read", "error", permanent=True, remedy=_SHAPE)


def probe(spec: "ProbeSpec") -> Probe:
    """Wrong password, missing database, refused and hanging are told apart, within `timeout` seconds."""
    url = spec.postgres or ""
    name = described(url)

    async def ask() -> Answer:
        if not _readable(url):
            return _UNREADABLE
        await loaded("psycopg")
        attempt = _Attempt(url, name, spec.timeout)
        try:
            async with asyncio.timeout(spec.timeout):
                answer = await asyncio.to_thread(attempt.ask)
        except TimeoutError:
            answer = Answer(False, f"{name} does not answer", "timeout")
        finally:
            attempt.cut()  # no thread may outlive the attempt
        if answer.code == "timeout" and await refuses_slowly(url, _PORT):
            return Answer(False, f"{name}: connection refused", "refused")
        return answer

    return ask


def described(url: str) -> str:
    """Role, host, port and database of a DSN, without its password."""
    found = address(url, _PORT)
    if found is None or not _readable(url):
        return "Postgres"
    parts = urlsplit(url)
    return f"Postgres at {found[0]}:{found[1]}/{parts.path.lstrip('/')} as {parts.username or '?'}"


def _readable(url: str) -> bool:
    """Whether libpq may see the URL: its complaints about a malformed one show parts of the password."""
    if not url.startswith(("postgres://", "postgresql://")) or address(url, _PORT) is None:
        return False
    return "@" not in urlsplit(url).path  # an unescaped / in the password: what looks like a path is half of it


class _Attempt:
    """One connection, opened in a thread; `cut` ends it from outside, so that no thread is left waiting."""

    def __init__(self, url: str, name: str, timeout: float) -> None:
        self._url = url
        self._name = name
        self._connect_timeout = max(_SHORTEST_CONNECT, math.ceil(timeout))
        self._wire: socket.socket | None = None
        self._given_up = False

    def ask(self) -> Answer:
        """Connect and select. Blocks."""
        import psycopg

        try:
            url = libpq_url(self._url)
            opened = psycopg.connect(url, connect_timeout=self._connect_timeout, autocommit=True)
            with opened as connection, self._cuttable(connection):
                return self._select(connection)
        except psycopg.ProgrammingError as error:
            # libpq could not parse it, and quotes what it stumbled over: perhaps a password with a bare % in it.
            return _explained(error, self._url, self._name) if error.sqlstate else _UNREADABLE
        except (psycopg.Error, ValueError, OSError) as error:
            return _explained(error, self._url, self._name)

    def _select(self, connection: "psycopg.Connection") -> Answer:
        connection.execute("select 1")
        found = connection.execute("show transaction_read_only").fetchone()
        if found and found[0] == "on":
            return Answer(False, f"{self._name} takes no writes (a standby, or in recovery)", "read_only")
        return Answer(True, f"{self._name} answers")

    @contextlib.contextmanager
    def _cuttable(self, connection: "psycopg.Connection") -> Iterator[None]:
        """Keep a second handle on the connection's socket, for `cut`."""
        borrowed = socket.socket(fileno=connection.fileno())
        try:
            self._wire = borrowed.dup()
        finally:
            borrowed.detach()
        with self._wire:
            if self._given_up:
                self.cut()
            yield

    def cut(self) -> None:
        """Break the connection under a thread that still waits for it: psycopg's own close() would wait as well."""
        self._given_up = True
        if self._wire is not None:
            with contextlib.suppress(OSError):
                self._wire.shutdown(socket.SHUT_RDWR)


def _explained(error: Exception, url: str, name: str) -> Answer:
    state, text = _state_of(error)
    if state == "3D000":
        remedy = f"create it (`createdb {urlsplit(url).path.lstrip('/')}`), or correct DATABASE_URL"
        return Answer(False, f"{name}: the database does not exist", "missing_database", True, remedy)
    if state in _PERMANENT:
        return Answer(False, f"{name}: {text}", "auth", True, "correct the user or password in DATABASE_URL")
    if state in _TRANSIENT:
        return Answer(False, f"{name}: {text}", _TRANSIENT[state])
    if "timeout" in text:
        return Answer(False, f"{name} does not answer", "timeout")
    if "refused" in text or "10061" in text:  # WSAECONNREFUSED: Windows says the rest in its own language
        return Answer(False, f"{name}: connection refused", "refused")
    return Answer(False, f"{name}: {text}", "error")


def _state_of(error: Exception) -> tuple[str, str]:
    """SQLSTATE and text. libpq gives no state for a failed connection, only the server's words."""
    text = " ".join(str(error).split())
    state = getattr(error, "sqlstate", None)
    if state:
        return state, text
    short = text.rpartition("FATAL:")[2].rpartition(" failed: ")[2].strip() or text  # without the address again
    if "password authentication failed" in text or "no password supplied" in text or "no pg_hba.conf entry" in text:
        return "28P01", short
    if "database" in text and "does not exist" in text:
        return "3D000", short
    if "role" in text and "does not exist" in text:
        return "28000", short
    if "the database system is" in text:
        return _STARTING, short
    return "", short
