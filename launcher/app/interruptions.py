"""Signals outside of the supervisor's loop: for a command that has something to clean up, however it ends."""

import contextlib
import signal
from collections.abc import Iterable, Iterator
from types import FrameType
from typing import NoReturn

from launcher.errors import Interrupted

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


@contextlib.contextmanager
def raised() -> Iterator[None]:
    """While inside, a request to end is an exception (130 for Ctrl-C, else 143), so that whatever is open is closed."""

    def stop(number: int, _frame: FrameType | None) -> NoReturn:
        if number == signal.SIGINT:
            raise Interrupted("interrupted")
        raise Interrupted(f"received {signal.Signals(number).name}", exit_code=143)

    with handled(stop):
        yield


@contextlib.contextmanager
def deaf() -> Iterator[None]:
    """While inside, requests to end are ignored: for a moment, while something is removed."""
    with handled(signal.SIG_IGN):
        yield


@contextlib.contextmanager
def handled(handler: "signal._HANDLER", names: Iterable[str] = _NAMES) -> Iterator[None]:
    """While inside, these signals go to the handler, but those that our starter has us ignore."""
    before = {}
    try:
        for name in names:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, handler)
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
