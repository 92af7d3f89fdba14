"""A text stream that never makes its writer wait: a terminal held by Ctrl-S or a pipe nobody reads costs lines only."""

import os
import threading
from collections import deque
from typing import Any, TextIO

from launcher import native

MOST = 4 * 1024 * 1024  # characters that wait for a reader
_AT_ONCE = 64 * 1024


class Patient:
    """Hands text to a thread that writes it. What nobody reads in time is skipped and counted."""

    def __init__(self, stream: TextIO, most: int = MOST) -> None:
        self._stream = stream
        self._most = most
        self._waiting: deque[str] = deque()
        self._size = 0
        self._skipped = 0
        self._open = True
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def write(self, text: str) -> int:
        """Have it written, unless too much waits already or nobody reads any more."""
        with self._changed:
            if self._open and (self._skipped or self._size + len(text) > self._most):  # a gap stays in one place
                self._skipped += max(1, text.count("\n"))
            elif self._open:
                self._waiting.append(text)
                self._size += len(text)
                self._start()
                self._changed.notify_all()
        return len(text)

    def flush(self) -> None:
        """Nothing to do: whatever waits is written as soon as it can be."""

    def drain(self, seconds: float) -> None:
        """Give the reader so much time for what waits."""
        with self._changed:
            self._changed.wait_for(lambda: not self._open or not self._size, seconds)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    # --- the thread -----------------------------------------------------------------------------------------

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="terminal", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
                text = self._take()
            try:
                _write(self._stream, text)
            except (OSError, ValueError):
                self._close()
                return
            with self._changed:
                self._size -= len(text)
                if not self._waiting and self._skipped:
                    self._waiting.append(f"--- {self._skipped} lines skipped: nobody read them ---\n")
                    self._size += len(self._waiting[0])
                    self._skipped = 0
                self._changed.notify_all()

    def _take(self) -> str:
        taken = [self._waiting.popleft()]
        size = len(taken[0])
        while self._waiting and size + len(self._waiting[0]) <= _AT_ONCE:
            taken.append(self._waiting.popleft())
            size += len(taken[-1])
        return "".join(taken)

    def _close(self) -> None:
        with self._changed:
            self._open = False
            self._waiting.clear()
            self._size = 0
            self._changed.notify_all()


def _write(stream: TextIO, text: str) -> None:
    encoding = stream.encoding or "utf-8"
    data = text.encode(encoding, "replace")
    try:
        handle = None if native.IS_WINDOWS else stream.fileno()  # a console there takes no bytes
    except (OSError, AttributeError, ValueError):
        handle = None
    if handle is None:
        stream.write(data.decode(encoding))
        stream.flush()
        return
    rest = memoryview(data)  # not through the stream: it would be locked while we wait, and Python dies of that at exit
    while rest:
        rest = rest[os.write(handle, rest) :]
