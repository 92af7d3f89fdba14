"""Does Redis answer PING and take a write? The owner of redis-py.

redis-py takes a tenth of a second to load, in the midst of every boot: a plain `redis://` is asked without it, over
`resp.py`. It is for `rediss://`. One attempt, no retries: its defaults take 4.7 s to say "refused" and 15 s to notice
a hang.
"""

import asyncio
import errno
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from launcher.probes import resp
from launcher.probes.contract import Answer, Probe
from launcher.probes.loading import loaded
from launcher.probes.local_address import address, refuses_slowly

if TYPE_CHECKING:
    from launcher.stack.model import ProbeSpec

_KEY = "rxlaunch:probe"
_PORT = 6379
_PARAMETERS = frozenset({"db", "username", "password"})
_TLS_PARAMETERS = frozenset({"ssl_cert_reqs", "ssl_ca_certs", "ssl_check_hostname"})
_REMEDY = "REDIS_URL is redis://[USER:PASSWORD@]HOST:PORT, or rediss:// with TLS"
_UNREADABLE = Answer(False, "Redis' URL cannot be read", "error", True, _REMEDY)
_REFUSED_US = ("NOAUTH", "WRONGPASS", "NOPERM")
_NO_WRITES = ("READONLY", "MISCONF")
_BARE = frozenset({"ERR", "OOM", "READONLY", "MASTERDOWN", "CLUSTERDOWN", *_REFUSED_US})  # what follows says it all
_PASSWORD_REFUSED = (  # without a code of their own: passwords where none is set, and wrong ones before Redis 6
    "AUTH <password> called without any password",
    "Client sent AUTH, but no password is set",
    "invalid password",
)


def probe(spec: "ProbeSpec") -> Probe:
    """NOAUTH, LOADING, read-only, refused and hanging are told apart, within `timeout` seconds."""
    url = spec.redis or ""
    name = described(url)
    plain = url.lower().startswith("redis://")
    question = _ask if plain else _ask_with_redis_py

    async def ask() -> Answer:
        if not plain:
            await loaded("redis.asyncio")
        try:
            async with asyncio.timeout(spec.timeout):
                answer = await question(url, name)
        except TimeoutError:
            answer = Answer(False, f"{name} does not answer", "timeout")
        if answer.code in ("timeout", "error") and not answer.permanent and await refuses_slowly(url, _PORT):
            return Answer(False, f"{name}: connection refused", "refused")
        return answer

    return ask


def described(url: str) -> str:
    """Host and port of a Redis URL, without its password."""
    found = address(url, _PORT)
    return f"Redis at {found[0]}:{found[1]}" if found else "Redis"


async def _ask(url: str, name: str) -> Answer:
    try:
        host, port, login, database = _parts(url)
    except ValueError:
        return _UNREADABLE
    try:
        async with resp.connected(host, port) as wire:
            if login:
                await _log_in(wire, login)
            if database:
                await wire.expect("OK", "SELECT", str(database))
            await wire.expect("PONG", "PING")
            await wire.expect("OK", "SET", _KEY, "1", "EX", "10")
        return _good(name)
    except resp.Complaint as complaint:
        return _told(complaint.word, complaint.rest if complaint.word in _BARE else str(complaint), name)
    except TimeoutError:  # the system's: it gave up connecting before we did
        return Answer(False, f"{name} does not answer", "timeout")
    except (resp.NotRedis, OSError, ValueError) as error:
        return _failed(error, getattr(error, "strerror", None) or str(error), name)


def _parts(url: str) -> tuple[str, int, tuple[str, ...], int]:
    """Host, port, the words that follow AUTH (none: no login) and the database, as redis-py reads them from a URL.

    Raises ValueError when the URL cannot be read.
    """
    parts = urlsplit(for_redis_py(url))
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    user = unquote(parts.username or "") or asked.get("username", "")
    password = unquote(parts.password or "") or asked.get("password", "")
    login = (user, password) if user else (password,) if password else ()
    path = unquote(parts.path).replace("/", "")
    try:
        database = int(path)
    except ValueError:
        database = 0
    database = int(asked["db"]) if "db" in asked else database
    return unquote(parts.hostname or "localhost"), parts.port or _PORT, login, database


async def _log_in(wire: resp.Wire, login: tuple[str, ...]) -> None:
    try:
        await wire.expect("OK", "AUTH", *login)
    except resp.Complaint as complaint:
        if "wrong number of arguments" not in complaint.rest:
            raise
        await wire.expect("OK", "AUTH", login[-1])  # before version 6 there were no users


async def _ask_with_redis_py(url: str, name: str) -> Answer:
    import redis.asyncio
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    try:
        client = redis.asyncio.Redis.from_url(for_redis_py(url), retry=Retry(NoBackoff(), 0), protocol=2)
    except ValueError:
        return _UNREADABLE  # the error's text may show the password
    try:
        async with client:
            await client.ping()
            await client.set(_KEY, "1", ex=10)
        return _good(name)
    except (redis.RedisError, OSError, ValueError) as error:
        return _explained(error, name)


def for_redis_py(url: str) -> str:
    """A URL of Node's clients as redis-py takes it: a parameter that it doesn't know (`?family=0`) is an error.

    Raises ValueError when the URL cannot be read.
    """
    parts = urlsplit(url)
    if "@" in parts.path:
        raise ValueError("an unescaped / in the password: what looks like a path is half of it")
    if not parts.query:
        return url
    known = _PARAMETERS | _TLS_PARAMETERS if parts.scheme == "rediss" else _PARAMETERS
    kept = [(name, value) for name, value in parse_qsl(parts.query) if name in known]
    return urlunsplit(parts._replace(query=urlencode(kept)))


def _explained(error: Exception, name: str) -> Answer:
    """What redis-py's errors mean."""
    import redis

    text = " ".join(str(error).split())
    if isinstance(error, redis.AuthenticationError | redis.exceptions.NoPermissionError) or "NOAUTH" in text:
        return _told("NOAUTH", text, name)
    if isinstance(error, redis.exceptions.BusyLoadingError):
        return _told("LOADING", text, name)
    if isinstance(error, redis.exceptions.ReadOnlyError) or "MISCONF" in text:
        return _told("READONLY", text, name)
    if isinstance(error, redis.TimeoutError):
        return Answer(False, f"{name} does not answer", "timeout")
    return _failed(error, text, name)


def _told(word: str, text: str, name: str) -> Answer:
    """What an error reply of this code means."""
    text = " ".join(text.split())
    if word in _REFUSED_US or (word == "ERR" and text.startswith(_PASSWORD_REFUSED)):
        return Answer(False, f"{name}: {text}", "auth", True, "correct the user or password in REDIS_URL")
    if word == "LOADING":
        return Answer(False, f"{name} is loading its data", "loading")
    if word in _NO_WRITES:
        return Answer(False, f"{name} takes no writes: {text}", "read_only", True, "point REDIS_URL at a writable one")
    return Answer(False, f"{name}: {text}", "error")


def _failed(error: Exception, text: str, name: str) -> Answer:
    """What a connection that failed, or was never made, means."""
    if _is_refusal(error):
        return Answer(False, f"{name}: connection refused", "refused")
    return Answer(False, f"{name}: {text}", "error")


def _good(name: str) -> Answer:
    return Answer(True, f"{name} answers and takes writes")


def _is_refusal(error: BaseException | None) -> bool:
    """Whether a refused connection is among the causes; asyncio tells of several addresses in words only."""
    while error is not None:
        if isinstance(error, ConnectionRefusedError) or f"[Errno {errno.ECONNREFUSED}] Connect call" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False
