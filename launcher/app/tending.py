"""What a running supervisor looks after: that its files are there, its logs written, and no stranger left with it.

One tick for all of it, and a seldom one, since whoever wakes up costs: of deletions the system tells where it can.
"""

import asyncio
import contextlib
import gc
from collections.abc import Awaitable, Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from launcher import native
from launcher.errors import LauncherError
from launcher.events import LogTrouble, Note

if TYPE_CHECKING:
    from launcher.app.preflight import LogBook
    from launcher.app.recording import Recorder
    from launcher.state.lock import Held

_PERIOD = 5.0  # seconds
_PERIOD_UNTOLD = 1.0  # where nobody tells us of deletions
_SETTLING = 0.5  # after a deletion: whoever clears a whole directory isn't met in the middle of it
_OFTEN = 2000  # objects


class Tended:
    """What is looked after. `control` puts back what clients need, `reap` ends strangers."""

    def __init__(
        self,
        recorder: "Recorder",
        held: "Held",
        logs: "LogBook",
        *,
        control: Callable[[], Awaitable[None]],
        reap: Callable[[], None],
    ) -> None:
        self._recorder = recorder
        self._held = held
        self._logs = logs
        self._control = control
        self._reap = reap
        self._told: dict[str, LogTrouble] = {}
        self._trouble = ""

    async def look(self) -> None:
        """Look after all of it once."""
        self._reap()
        self._tell_troubles()
        try:
            if self._held.renew():
                self._recorder.publish(Note("somebody deleted files of the state directory; they were made again"))
            self._recorder.save_again()
            self._trouble = ""
        except LauncherError as error:
            if error.message != self._trouble:  # once, not every time
                self._trouble = error.message
                self._recorder.publish(Note(self._trouble))
        await self._control()

    def _tell_troubles(self) -> None:
        for found in self._logs.troubles():
            before = self._told.get(found.unit)
            if before is None or before.problem != found.problem or found.lost > 2 * before.lost:
                self._told[found.unit] = found
                self._recorder.publish(found)


async def tend(tended: Tended, files: Iterable[Path]) -> None:
    """Look after it until cancelled: seldom, and soon after one of these files was deleted."""
    _settle_memory()
    watched = tuple(files)
    while True:  # whom nobody tells anything any more, because a directory is gone, asks to be told again
        with _told_of(watched) as deleted:
            while not await _deleted_meanwhile(deleted):
                await tended.look()
        await tended.look()


async def _deleted_meanwhile(deleted: asyncio.Event | None) -> bool:
    """Let a while pass; whether it is over because of a deletion, or because of one that may not have been told."""
    if deleted is None:
        await asyncio.sleep(_PERIOD_UNTOLD)
        return True
    try:
        async with asyncio.timeout(_PERIOD):
            await deleted.wait()
    except TimeoutError:
        return False
    await asyncio.sleep(_SETTLING)
    return True


@contextlib.contextmanager
def _told_of(files: tuple[Path, ...]) -> Iterator[asyncio.Event | None]:
    """An event that is set once one of these files is deleted, or its directory; None where nobody tells."""
    deleted = asyncio.Event()
    names = {"", *(file.name for file in files)}

    def heard(gone: set[str]) -> None:
        if gone & names:
            deleted.set()

    directories = {file.parent for file in files}
    stop = native.told_of_deletions(asyncio.get_running_loop(), directories, heard)
    try:
        yield deleted if stop is not None else None
    finally:
        if stop is not None:
            stop()


def _settle_memory() -> None:
    """What was loaded stays: the collector looks at it no more, and oftener at what comes."""
    gc.freeze()
    gc.set_threshold(_OFTEN)
