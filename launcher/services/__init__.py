"""Servers as providers: adopt one that answers, start one that exists, or bring our own from a wheel.

Providers decide and prepare; running, containing and probing is the supervisor's.
"""

from launcher.plan.step import Provider
from launcher.services.asking import Ask

__all__ = ["provider"]


def provider(name: str, ask: Ask) -> Provider:
    """The provider called `postgres`, `redis` or `caddy`. `ask` puts the probe's question to a URL."""
    if name == "postgres":
        from launcher.services.postgres import PostgresProvider

        return PostgresProvider(ask)
    if name == "redis":
        from launcher.services.redis import RedisProvider

        return RedisProvider(ask)
    if name == "caddy":
        from launcher.services.caddy import CaddyProvider

        return CaddyProvider()
    raise KeyError(f"no provider {name!r}; there are postgres, redis and caddy")
