"""Who hears every event of a boot: folds it into the snapshot, writes both down, shows it. Decides nothing."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from launcher import events as e
from launcher.app import discreet
from launcher.app.opening import Opened
from launcher.errors import LauncherError
from launcher.state.snapshot import Snapshot

if TYPE_CHECKING:
    from launcher.app.views import View

_SAVE_GAP = 0.02  # seconds; shorter than a `status` takes to begin: what it tells is never older than itself
_SAVE_SHARE = 2  # the gap is at least so many times what the last save took: hundreds of units, a slow disk


class Recorder:
    """Hears every event: folds it into the snapshot, appends it to the event log, shows it to the view."""

    def __init__(self, opened: Opened, instance: str, view: "View") -> None:
        from launcher.app import secrecy
        from launcher.state.store import EventLog

        self._paths = opened.paths
        self._log = EventLog(opened.paths)
        self._redact: Callable[[str], str] = secrecy.given_redactor(opened).text
        self.view = view
        self._timer: asyncio.TimerHandle | None = None
        self.snapshot: Snapshot | None = None
        self.instance = instance
        self._unsaved = False
        self._next_save = 0.0

    def publish(self, event: e.Event) -> None:
        """Record an event."""
        from launcher import telemetry
        from launcher.state.snapshot import fold

        event = discreet.event(event, self._redact)
        self.snapshot = fold(self.snapshot, event)
        turning = isinstance(event, e.StackReady | e.StackStopping)
        if turning:
            self.save()  # whoever hears of it asks for the state next
        self._log.append(event)
        telemetry.record(event)
        self.view.event(event, self.snapshot)
        if not turning:
            self._save_soon()

    def redact(self, text: str) -> str:
        """The text without the secrets that are known by now."""
        return self._redact(text)

    def know_secrets(self, redact: Callable[[str], str]) -> None:
        """From now on redact by this: it knows generated secrets too, and those that units will give."""
        self._redact = redact

    def _save_soon(self) -> None:
        """Save once what runs now has run, but not oftener than that: a boot has bursts of events."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.save()
            return
        if self._timer is None:
            self._timer = loop.call_at(max(loop.time(), self._next_save), self.save)

    def save(self) -> None:
        """Write the snapshot now. A disk that fails mid-run must not take the stack down with it."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._unsaved = True
        began = time.monotonic()  # the loop's clock
        with contextlib.suppress(OSError, LauncherError):
            self.save_again()
        now = time.monotonic()
        self._next_save = now + max(_SAVE_GAP, _SAVE_SHARE * (now - began))

    def settle(self) -> None:
        """Write what is not written yet: whoever is told that something was done finds it done in the file."""
        if self._timer is not None:
            self.save()

    def save_again(self) -> None:
        """Write the snapshot if its file is gone, or if the last attempt failed. Raises StateUnwritable."""
        from launcher.state import store

        if self.snapshot is not None and (self._unsaved or not self._paths.state.is_file()):
            store.save(self._paths, self.snapshot)
            self._unsaved = False

    def close(self) -> None:
        """Write the last snapshot and close the event log."""
        self.save()
        self._log.close()
