"""Snapshot and events on disk. Reading is cheap (`status` does it) and never fails for what a file contains."""

import contextlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

from launcher import native
from launcher.errors import LauncherError
from launcher.events import Event, event_from_json, to_json
from launcher.glance import VERSION
from launcher.paths import StackPaths
from launcher.state import document, files
from launcher.state.snapshot import Snapshot

_POLL_SECONDS = 0.05
_HEAD = 256  # bytes of the first event, by which a file that was begun anew is recognised


def save(paths: StackPaths, snapshot: Snapshot) -> None:
    """Write the snapshot, whole or not at all. Raises StateUnwritable.

    Nobody waits for the disk: what ran before a loss of power runs no more, and nothing is sought in a new boot.
    """
    files.write_json(paths.state, identified(snapshot).to_json(), durable=False)


def identified(snapshot: Snapshot) -> Snapshot:
    """The snapshot with the supervisor's whole identity, when we are that supervisor: events carry only its pid."""
    if snapshot.pid != os.getpid() or snapshot.supervisor.boot:
        return snapshot
    return snapshot.replaced(supervisor=native.my_identity())


def load(paths: StackPaths) -> Snapshot | None:
    """The last snapshot; None when there is none. One that cannot be understood is kept as `.bad`.

    That of another version stays: its supervisor may live, and what it left must be found (`keeper`).
    """
    data = files.read(paths.state)
    if data is None:
        return None
    try:
        return document.parse(data)
    except document.NotASnapshot:
        if not _of_another_version(data):
            files.set_aside(paths.state)
        return None


def keeper(paths: StackPaths) -> document.Keeper | None:
    """Who wrote the state file, of whatever version."""
    data = files.read(paths.state)
    return document.keeper(data) if data is not None else None


def make_room(paths: StackPaths) -> None:
    """Keep another version's state file as `.bad`: ours will be in its place. Call while holding the lock."""
    data = files.read(paths.state)
    if data is not None and _of_another_version(data):
        files.set_aside(paths.state)


def _of_another_version(data: bytes) -> bool:
    found = document.keeper(data)
    return found is not None and found.version != VERSION


class EventLog:
    """The events of one instance, one JSON object a line, begun anew. A failing disk loses events, nothing else."""

    def __init__(self, paths: StackPaths) -> None:
        self._paths = paths
        self._handle: int | None = self._open(fresh=True)
        self.lost = 0

    def append(self, event: Event) -> None:
        """Write one event."""
        line = json.dumps(to_json(event)).encode() + b"\n"
        written = 0
        with contextlib.suppress(OSError, LauncherError):
            if self._handle is not None and os.fstat(self._handle).st_nlink == 0:  # somebody cleaned up
                self.close()
                self._handle = self._open(fresh=False)
            written = os.write(self._handle, line) if self._handle is not None else 0
        self.lost += written < len(line)

    def close(self) -> None:
        """Close the file; what comes later is lost."""
        if self._handle is not None:
            with contextlib.suppress(OSError):
                os.close(self._handle)
            self._handle = None

    def _open(self, *, fresh: bool) -> int:
        native.private_directory(self._paths.home)
        with files.writing(self._paths.events):
            return files.open_to_append(self._paths.events, fresh=fresh)


class EventReader:
    """Reads events as they are appended; begins again when the file was begun anew."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._head = b""

    def read(self) -> list[Event]:
        """The complete events since the last call."""
        try:
            with self._path.open("rb") as file:
                head = file.read(_HEAD)
                if not head.startswith(self._head):
                    self._offset = 0
                self._head = head
                file.seek(self._offset)
                data = file.read()
        except OSError:
            return []
        complete = data[: data.rfind(b"\n") + 1]
        self._offset += len(complete)
        return [event for line in complete.splitlines() if (event := _event(line)) is not None]


def _event(line: bytes) -> Event | None:
    """The event of a line; None for one that is torn or of another version."""
    try:
        found = json.loads(line)
        return event_from_json(found) if isinstance(found, dict) else None
    except (ValueError, TypeError, RecursionError):
        return None


def read_events(path: Path) -> list[Event]:
    """Every event in the file; a torn last line is left out."""
    return EventReader(path).read()


def follow_events(path: Path) -> Iterator[Event]:
    """Events as they come, for ever; the caller stops asking."""
    reader = EventReader(path)
    while True:
        yield from reader.read()
        time.sleep(_POLL_SECONDS)
