"""Does Redis answer PING and take a write? The owner of redis-py, used synchronously in a thread.

One attempt, no retries: redis-py's defaults take 4.7 s to say "refused" and 15 s to notice a hang.
"""

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from launcher.probes.contract import Answer, Probe

if TYPE_CHECKING:
    from launcher.stack.model import ProbeSpec

_KEY = "rxlaunch:probe"
_MARGIN = 0.5  # seconds beyond the socket timeouts before the thread is left to itself


def probe(spec: "ProbeSpec") -> Probe:
    """NOAUTH, LOADING, read-only, refused and hanging are told apart, each within `timeout`."""
    url = spec.redis or ""
    name = described(url)

    async def ask() -> Answer:
        try:
            async with asyncio.timeout(2 * spec.timeout + _MARGIN):
                return await asyncio.to_thread(_ask, url, name, spec.timeout)
        except TimeoutError:
            return Answer(False, f"{name} does not answer", "timeout")

    return ask


def described(url: str) -> str:
    """Host and port of a Redis URL, without its password."""
    parts = urlsplit(url)
    try:
        port = parts.port or 6379
    except ValueError:
        port = 6379
    return f"Redis at {parts.hostname or 'localhost'}:{port}"


def _ask(url: str, name: str, timeout: float) -> Answer:
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    try:
        client = redis.Redis.from_url(
            url, socket_timeout=timeout, socket_connect_timeout=timeout, retry=Retry(NoBackoff(), 0)
        )
    except ValueError as error:
        return Answer(False, f"{name}: {error}", "error", True, "REDIS_URL must begin with redis:// or rediss://")
    try:
        with client:
            client.ping()
            client.set(_KEY, "1", ex=10)
        return Answer(True, f"{name} answers and takes writes")
    except redis.RedisError as error:
        return _explained(error, name)


def _explained(error: Exception, name: str) -> Answer:
    import redis

    text = str(error)
    if isinstance(error, redis.AuthenticationError | redis.exceptions.NoPermissionError) or "NOAUTH" in text:
        return Answer(False, f"{name}: {text}", "auth", True, "correct the user or password in REDIS_URL")
    if isinstance(error, redis.exceptions.BusyLoadingError):
        return Answer(False, f"{name} is loading its data", "loading")
    if isinstance(error, redis.exceptions.ReadOnlyError) or "MISCONF" in text:
        return Answer(False, f"{name} takes no writes: {text}", "read_only", True, "point REDIS_URL at a writable one")
    if isinstance(error, redis.TimeoutError):
        return Answer(False, f"{name} accepts connections but does not answer", "timeout")
    if "refused" in text:
        return Answer(False, f"{name}: connection refused", "refused")
    return Answer(False, f"{name}: {text}", "error")
