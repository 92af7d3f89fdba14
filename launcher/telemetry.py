"""Our own log: events as JSON lines on stderr when RXLAUNCH_TRACE is set. The owner of structlog.

Domain code never logs; it publishes events, and this is one of their subscribers.
"""

import os
from typing import Any

from launcher.events import Event, to_json

TRACE_VARIABLE = "RXLAUNCH_TRACE"
_logger: list[Any] = []


def record(event: Event) -> None:
    """Log an event, if the user asked for our own log."""
    if not os.environ.get(TRACE_VARIABLE):
        return
    if not _logger:
        _logger.append(_configured())
    fields = to_json(event)
    _logger[0].info(fields.pop("type"), **fields)


def _configured() -> Any:
    import sys

    import structlog

    processors: list[Any] = [structlog.processors.TimeStamper(fmt="iso"), structlog.processors.JSONRenderer()]
    return structlog.wrap_logger(structlog.PrintLogger(sys.stderr), processors=processors)
