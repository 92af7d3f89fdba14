"""Readiness and liveness questions. Each asks once, within its own deadline; asking again is `run/probing.py`'s.

Nothing is imported before a probe of its kind exists: httpx, redis and psycopg cost 160 to 240 ms each.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from launcher.probes.contract import Answer, Probe

if TYPE_CHECKING:
    from launcher.stack.model import ProbeSpec

__all__ = ["build"]


def build(spec: "ProbeSpec", *, seen: Callable[[str], bool] | None = None, redact: Callable[[str], str] = str) -> Probe:
    """The probe that a spec (templates filled in) describes. `seen` tells whether the unit printed a pattern.

    `redact` hides secrets in texts that are then cut short: half a secret would not be recognised afterwards.
    """
    return _heeding(_question(spec, seen, redact))


def _heeding(ask: Probe) -> Probe:
    """The probe, never deaf to a cancellation: on Python 3.11 a library that uses `wait_for` (redis-py) is.

    There `wait_for` forgets a cancellation that meets a result, and whoever waits for the cancelled waits for ever.
    """

    async def ask_and_heed() -> Answer:
        import asyncio

        answer = await ask()
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise asyncio.CancelledError
        return answer

    return ask_and_heed


def _question(spec: "ProbeSpec", seen: Callable[[str], bool] | None, redact: Callable[[str], str]) -> Probe:
    """The probe of the kind that the spec has."""
    if spec.http is not None:
        from launcher.probes import http

        return http.probe(spec, redact)
    if spec.tcp is not None:
        from launcher.probes import tcp

        return tcp.probe(spec)
    if spec.postgres is not None:
        from launcher.probes import postgres

        return postgres.probe(spec)
    if spec.redis is not None:
        from launcher.probes import redis

        return redis.probe(spec)
    if spec.command is not None:
        from launcher.probes import command

        return command.probe(spec, redact)
    if spec.log_line is not None and seen is not None:
        from launcher.probes import logline

        return logline.probe(spec, seen)
    raise ValueError("a probe must ask exactly one question")
