"""Does Redis answer PING and take a write? The owner of redis-py.

One attempt, no retries: redis-py's defaults take 4.7 s to say "refused" and 15 s to notice a hang.
"""

import asyncio
import errno
import importlib
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from launcher.probes.contract import Answer, Probe
from launcher.probes.local_address import address, refuses_slowly

if TYPE_CHECKING:
    from launcher.stack.model import ProbeSpec

_KEY = "rxlaunch:probe"
_PORT = 6379
_PARAMETERS = frozenset({"db", "username", "password"})
_TLS_PARAMETERS = frozenset({"ssl_cert_reqs", "ssl_ca_certs", "ssl_check_hostname"})
_REMEDY = "REDIS_URL is redis://[USER:PASSWORD@]HOST:PORT, or rediss:// with TLS"


def probe(spec: "ProbeSpec") -> Probe:
    """NOAUTH, LOADING, read-only, refused and hanging are told apart, within `timeout` seconds."""
    url = spec.redis or ""
    name = described(url)

    async def ask() -> Answer:
        await asyncio.to_thread(importlib.import_module, "redis.asyncio")  # before the clock: it takes 230 ms
        try:
            async with asyncio.timeout(spec.timeout):
                answer = await _ask(url, name)
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
    import redis.asyncio
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    try:
        client = redis.asyncio.Redis.from_url(for_redis_py(url), retry=Retry(NoBackoff(), 0), protocol=2)
    except ValueError:
        return Answer(False, "Redis' URL cannot be read", "error", True, _REMEDY)  # its text may show the password
    try:
        async with client:
            await client.ping()
            await client.set(_KEY, "1", ex=10)
        return Answer(True, f"{name} answers and takes writes")
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
    import redis

    text = " ".join(str(error).split())
    if isinstance(error, redis.AuthenticationError | redis.exceptions.NoPermissionError) or "NOAUTH" in text:
        return Answer(False, f"{name}: {text}", "auth", True, "correct the user or password in REDIS_URL")
    if isinstance(error, redis.exceptions.BusyLoadingError):
        return Answer(False, f"{name} is loading its data", "loading")
    if isinstance(error, redis.exceptions.ReadOnlyError) or "MISCONF" in text:
        return Answer(False, f"{name} takes no writes: {text}", "read_only", True, "point REDIS_URL at a writable one")
    if isinstance(error, redis.TimeoutError):
        return Answer(False, f"{name} does not answer", "timeout")
    if _is_refusal(error):
        return Answer(False, f"{name}: connection refused", "refused")
    return Answer(False, f"{name}: {text}", "error")


def _is_refusal(error: BaseException | None) -> bool:
    """Whether a refused connection is among the causes; asyncio tells of several addresses in words only."""
    while error is not None:
        if isinstance(error, ConnectionRefusedError) or f"[Errno {errno.ECONNREFUSED}] Connect call" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False
