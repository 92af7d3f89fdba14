"""Does Postgres answer `select 1` as this role on this database? One of the two owners of psycopg.

psycopg is used synchronously in a thread: its asynchronous half refuses Windows' default event loop.
"""

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from launcher.probes.contract import Answer, Probe

if TYPE_CHECKING:
    import psycopg

    from launcher.stack.model import ProbeSpec

_PERMANENT = {"28P01": "auth", "28000": "auth", "3D000": "missing_database", "42501": "auth"}
_STARTING = "57P03"
_SHORTEST_CONNECT = 2  # seconds; libpq rounds anything less up to this


def probe(spec: "ProbeSpec") -> Probe:
    """Wrong password, missing database, refused and hanging are told apart; nothing takes longer than 2 s."""
    url = spec.postgres or ""
    name = described(url)

    async def ask() -> Answer:
        try:
            async with asyncio.timeout(max(spec.timeout, _SHORTEST_CONNECT)):
                return await asyncio.to_thread(_ask, url, name)
        except TimeoutError:
            return Answer(False, f"{name} accepts connections but does not answer", "timeout")

    return ask


def described(url: str) -> str:
    """Role, host, port and database of a DSN, without its password."""
    parts = urlsplit(url)
    try:
        port = parts.port or 5432
    except ValueError:
        port = 5432
    return f"Postgres at {parts.hostname or 'localhost'}:{port}/{parts.path.lstrip('/')} as {parts.username or '?'}"


def _ask(url: str, name: str) -> Answer:
    import psycopg

    try:
        with psycopg.connect(url, connect_timeout=_SHORTEST_CONNECT, autocommit=True) as connection:
            connection.execute("set statement_timeout = '2s'")
            connection.execute("select 1")
            return Answer(True, f"{name} answers")
    except psycopg.Error as error:
        return _explained(error, url, name)


def _explained(error: "psycopg.Error", url: str, name: str) -> Answer:
    state, text = _state_of(error)
    database = urlsplit(url).path.lstrip("/")
    if state == "3D000":
        remedy = f"create it (`createdb {database}`), or correct DATABASE_URL"
        return Answer(False, f"{name}: the database does not exist", "missing_database", True, remedy)
    if state in _PERMANENT:
        return Answer(False, f"{name}: {text}", "auth", True, "correct the user or password in DATABASE_URL")
    if state == _STARTING:
        return Answer(False, f"{name}: {text}", "loading")
    if "refused" in text:
        return Answer(False, f"{name}: connection refused", "refused")
    if "timeout" in text:
        return Answer(False, f"{name} accepts connections but does not answer", "timeout")
    return Answer(False, f"{name}: {text}", "error")


def _state_of(error: "psycopg.Error") -> tuple[str, str]:
    """SQLSTATE and text. libpq gives no state for a failed connection, only the server's words."""
    text = " ".join(str(error).split())
    if error.sqlstate:
        return error.sqlstate, text
    short = text.rpartition("FATAL:")[2].strip() or text
    if "password authentication failed" in text or "no password supplied" in text:
        return "28P01", short
    if "database" in text and "does not exist" in text:
        return "3D000", short
    if "role" in text and "does not exist" in text:
        return "28000", short
    if "the database system is" in text:
        return _STARTING, short
    return "", short
