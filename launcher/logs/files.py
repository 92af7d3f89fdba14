"""A unit's log file: every byte of it, redacted, in order. A failing disk degrades the file and nothing else."""

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path

from launcher import native
from launcher.errors import LauncherError
from launcher.logs import times
from launcher.logs.kept import Kept
from launcher.logs.lines import plain
from launcher.logs.redact import Redactor
from launcher.state import files

LIMIT = 10 * 1024 * 1024  # bytes; then the file becomes `.1`, and what was `.1` is gone
_CHECK_SECONDS = 1.0


class UnitLog:
    """Where a unit's output goes: the file, the sink (redacted chunks), the lines kept for failures and probes."""

    def __init__(self, path: Path, redactor: Redactor, sink: Callable[[bytes], None], *, limit: int = LIMIT) -> None:
        self._stream = redactor.stream()
        self._sink = sink
        self._file = LogFile(path, limit)
        self._kept = Kept()
        self.sink_problem: str | None = None  # why the sink is no longer told

    @property
    def lost_bytes(self) -> int:
        """How much could not be written to the file."""
        return self._file.lost_bytes

    @property
    def problem(self) -> str | None:
        """Why the file is not written at the moment."""
        return self._file.problem

    def write(self, chunk: bytes) -> None:
        """Take the next bytes of the unit's output. Never raises for what the disk does."""
        self._take(self._stream.feed(chunk))

    def tail(self, count: int) -> list[str]:
        """The last lines of this incarnation without colours, an unfinished one included."""
        kept = self._kept.lines()
        if unfinished := self._kept.unfinished + self._stream.held.decode("utf-8", "replace"):
            kept.append(plain(unfinished))
        return kept[-count:] if count > 0 else []

    def seen(self, pattern: str) -> bool:
        """Whether a line of this incarnation matches. Once asked for, no line goes by unnoticed."""
        return self._kept.seen(pattern)

    def reset(self) -> None:
        """A new incarnation begins: what the last one said no longer counts."""
        self._finish()
        self._kept.clear()

    def close(self) -> None:
        """The unit's output has ended."""
        self._finish()
        self._file.close()

    def _finish(self) -> None:
        self._take(self._stream.flush())
        self._kept.finish()

    def _take(self, shown: bytes) -> None:
        if shown:
            self._file.write(shown)
            self._kept.add(shown)
            self._show(shown)

    def _show(self, shown: bytes) -> None:
        try:
            self._sink(shown)
        except Exception as error:  # noqa: BLE001 - a broken view must cost neither the log nor the child
            self._sink = _nobody
            self.sink_problem = f"{type(error).__name__}: {error}"


def _nobody(_chunk: bytes) -> None:
    """The sink of a log whose view broke."""


class LogFile:
    """An append-only file that rotates, comes back when it was deleted, and counts what it could not write."""

    def __init__(self, path: Path, limit: int) -> None:
        self._path = path
        self._limit = limit
        self._handle: int | None = None
        self._index: int | None = None
        self._size = 0
        self._marked_at = 0.0
        self._checked_at = 0.0
        self.lost_bytes = 0
        self.problem: str | None = None
        self._open()

    def write(self, data: bytes) -> None:
        """Append; what cannot be written is counted."""
        now = time.monotonic()
        if now - self._checked_at >= _CHECK_SECONDS:
            self._check(now)
        if self._size and self._size + len(data) > self._limit:
            self._rotate()
        self._mark(now)
        self._append(data)

    def close(self) -> None:
        """Close the files. A later write opens them again."""
        for handle in (self._handle, self._index):
            if handle is not None:
                with contextlib.suppress(OSError):
                    os.close(handle)
        self._handle = self._index = None
        self._checked_at = -_CHECK_SECONDS

    def _append(self, data: bytes) -> None:
        rest = memoryview(data)
        try:
            while rest and self._handle is not None:
                written = os.write(self._handle, rest)
                self._size += written
                rest = rest[written:]
        except OSError as error:
            self.problem = error.strerror or str(error)
        self.lost_bytes += len(rest)
        if not rest:
            self.problem = None

    def _mark(self, now: float) -> None:
        if self._index is not None and now - self._marked_at >= times.INTERVAL_SECONDS:
            self._marked_at = now
            with contextlib.suppress(OSError):
                os.write(self._index, times.mark(self._size, time.time()))

    def _open(self) -> None:
        self._marked_at = 0.0
        try:
            native.private_directory(self._path.parent)
            self._handle = files.open_to_append(self._path)
            self._size = os.fstat(self._handle).st_size
            self._index = files.open_to_append(times.path_beside(self._path), fresh=self._size == 0)
        except (OSError, LauncherError) as error:
            self.problem = getattr(error, "strerror", None) or str(error)

    def _check(self, now: float) -> None:
        """See that our file is still the one at our path: somebody may clean up, or truncate it."""
        try:
            there = self._path.stat()
            ours = os.fstat(self._handle) if self._handle is not None else None
        except OSError:
            ours = None
        if ours is None or not os.path.samestat(there, ours) or ours.st_size < self._size:
            self.close()
            self._open()
        self._checked_at = now

    def _rotate(self) -> None:
        """Begin a new file. While somebody keeps that from happening (Windows: a reader), the old one grows."""
        self.close()
        index = times.path_beside(self._path)
        with contextlib.suppress(OSError):
            native.replace(self._path, self._path.with_name(self._path.name + ".1"))
            native.replace(index, index.with_name(index.name + ".1"))
        self._open()
