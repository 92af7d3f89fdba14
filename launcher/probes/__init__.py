"""Readiness and liveness questions. Each asks once, within its own deadline; asking again is `run/probing.py`'s.

Nothing is imported before a probe of its kind exists: httpx, redis and psycopg cost 160 to 240 ms each.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from launcher.probes.contract import Probe

if TYPE_CHECKING:
    from launcher.stack.model import ProbeSpec

__all__ = ["build"]


def build(spec: "ProbeSpec", *, seen: Callable[[str], bool] | None = None, redact: Callable[[str], str] = str) -> Probe:
    """The probe that a spec (templates filled in) describes. `seen` tells whether the unit printed a pattern.

    `redact` hides secrets in texts that are then cut short: half a secret would not be recognised afterwards.
    """
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
