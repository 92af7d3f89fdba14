"""A text stream that never makes its writer wait: a terminal held by Ctrl-S or a pipe nobody reads costs lines only."""

import codecs
import os
import stat
import threading
from collections import deque
from typing import Any, TextIO

from launcher import native

MOST = 16 * 1024 * 1024  # bytes that wait for a reader
_AT_ONCE = 64 * 1024
_FLOOD = 25_000_000  # bytes a second: a reader that is slower holds up nobody, and misses lines
_DISK_SECONDS = 1.0  # for a file: nobody stops reading it, so that its disk is as good as that of the logs


class Patient:
    """Hands text to a thread that writes it. What nobody reads in time is skipped and counted."""

    def __init__(self, stream: TextIO, most: int = MOST) -> None:
        self._stream = stream
        self._most = most
        self._encoding = getattr(stream, "encoding", None) or "utf-8"
        self._is_file = _is_file(stream)
        self._utf8 = codecs.lookup(self._encoding).name == "utf-8"
        self._waiting: deque[bytes] = deque()  # each whole characters in the stream's encoding
        self._size = 0
        self._skipped = 0
        self._open = True
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def write(self, text: str) -> int:
        """Have it written, unless too much waits already or nobody reads any more."""
        self._add(text.encode(self._encoding, "replace"))
        return len(text)

    def write_lines(self, lines: bytes) -> None:
        """The same for complete lines in UTF-8."""
        self._add(lines if self._utf8 else lines.decode().encode(self._encoding, "replace"))

    def flush(self) -> None:
        """Nothing to do: whatever waits is written as soon as it can be."""

    def drain(self, seconds: float) -> None:
        """Give the reader so much time for what waits."""
        with self._changed:
            self._changed.wait_for(lambda: not self._open or not self._size, seconds)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _add(self, data: bytes) -> None:
        with self._changed:
            if self._open and (self._skipped or not self._has_room(len(data))):  # a gap stays in one place
                self._skipped += max(1, data.count(b"\n"))
            elif self._open:
                self._waiting.append(data)
                self._size += len(data)
                self._start()
                self._changed.notify_all()

    def _has_room(self, size: int) -> bool:
        """Whether so much may wait too. A disk is given time for it, a reader no more than makes a flood no slower."""
        patience = _DISK_SECONDS if self._is_file else size / _FLOOD
        return self._changed.wait_for(lambda: not self._open or self._size + size <= self._most, patience)

    # --- the thread -----------------------------------------------------------------------------------------

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="terminal", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
                data = self._take()
            try:
                _write(self._stream, data, self._encoding)
            except (OSError, ValueError):
                self._close()
                return
            with self._changed:
                self._size -= len(data)
                if not self._waiting and self._skipped:
                    self._waiting.append(self._told(self._skipped))
                    self._size += len(self._waiting[0])
                    self._skipped = 0
                self._changed.notify_all()

    def _told(self, skipped: int) -> bytes:
        return f"--- {skipped} lines skipped: nobody read them ---\n".encode(self._encoding, "replace")

    def _take(self) -> bytes:
        taken = [self._waiting.popleft()]
        size = len(taken[0])
        while self._waiting and size + len(self._waiting[0]) <= _AT_ONCE:
            taken.append(self._waiting.popleft())
            size += len(taken[-1])
        return b"".join(taken)

    def _close(self) -> None:
        with self._changed:
            self._open = False
            self._waiting.clear()
            self._size = 0
            self._changed.notify_all()


def _is_file(stream: TextIO) -> bool:
    try:
        return stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
    except (OSError, AttributeError, ValueError):
        return False


def _write(stream: TextIO, data: bytes, encoding: str) -> None:
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
