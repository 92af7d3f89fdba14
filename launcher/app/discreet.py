"""What leaves the supervisor without secrets: its events, and whatever it prints itself (its trace, a traceback)."""

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any, TextIO, TypeVar, cast

from launcher import events as e
from launcher.values import Value, field_names

Redact = Callable[[str], str]
T = TypeVar("T", bound=Value)
# Names and what must be understood again stay as they are: a password may well be the name of a unit.
_TEXTS = frozenset({"reason", "detail", "note", "text", "holder", "problem", "last_probe", "remedy", "error"})
_MANY_TEXTS = frozenset({"tail", "leftovers"})


def event(happened: e.Event, redact: Redact) -> e.Event:
    """The event with every secret in its texts masked, whoever published it."""
    return _discreet(happened, redact)


def _discreet(value: T, redact: Redact) -> T:
    changes: dict[str, Any] = {}
    for name in field_names(value):
        before = getattr(value, name)
        after = _of_field(name, before, redact)
        if after != before:
            changes[name] = after
    return value.replaced(**changes) if changes else value


def _of_field(name: str, value: Any, redact: Redact) -> Any:
    if name in _TEXTS and isinstance(value, str):
        return redact(value)
    if name in _MANY_TEXTS:
        return tuple(redact(text) for text in value)
    if name == "facts":
        return tuple((label, redact(text)) for label, text in value)
    return _discreet(value, redact) if isinstance(value, e.Exit | e.Failure) else value


@contextlib.contextmanager
def stderr(redact: Redact) -> Iterator[None]:
    """While inside, what this process prints to its stderr, tracebacks most of all, has no secrets."""
    before = sys.stderr
    masked = _Masked(before, redact)
    sys.stderr = cast("TextIO", masked)
    try:
        yield
    finally:
        masked.finish()
        sys.stderr = before


class _Masked:
    """A text stream that masks line by line: a secret may be written in pieces."""

    def __init__(self, stream: TextIO, redact: Redact) -> None:
        self._stream = stream
        self._redact = redact
        self._line = ""
        self._lock = threading.Lock()

    def write(self, text: str) -> int:
        with self._lock:
            whole, end, self._line = (self._line + text).rpartition("\n")
            if end:
                self._stream.write(self._redact(whole) + end)
        return len(text)

    def finish(self) -> None:
        """Write what has no end."""
        if self._line:
            self._stream.write(self._redact(self._line))
        self._line = ""
        self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
