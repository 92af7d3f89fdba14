"""When a unit's work waits for others: a command it runs, a server it asks. What is left of its time is our own.

Whoever waits says so (`at_work`), whoever begins the work hears it (`noted`); they need not know each other.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Span = tuple[float, float]
"""From and to, in wall-clock seconds, as events have them."""

_NEAR = 0.001  # seconds between spans that count as one
_spans: ContextVar[list[Span] | None] = ContextVar("spans", default=None)


@contextmanager
def noted() -> Iterator[list[Span]]:
    """The spans of whatever waits inside; tasks and threads begun there are heard too."""
    found: list[Span] = []
    token = _spans.set(found)
    try:
        yield found
    finally:
        _spans.reset(token)


@contextmanager
def at_work() -> Iterator[None]:
    """While inside, others work, and we wait for them."""
    found = _spans.get()
    began = time.time()
    try:
        yield
    finally:
        if found is not None:
            found.append((began, max(began, time.time())))


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same time, in order, without overlaps and gaps that are none."""
    whole: list[Span] = []
    for begin, end in sorted(spans):
        if whole and begin <= whole[-1][1] + _NEAR:
            whole[-1] = (whole[-1][0], max(whole[-1][1], end))
        else:
            whole.append((begin, end))
    return tuple((round(begin, 4), round(end, 4)) for begin, end in whole)
