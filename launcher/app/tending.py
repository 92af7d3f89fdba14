"""What a running supervisor looks after once a second: its lock and state file being there, its logs being written."""

import asyncio
import gc
from typing import TYPE_CHECKING

from launcher.errors import LauncherError
from launcher.events import LogTrouble, Note

if TYPE_CHECKING:
    from launcher.app.boot import Recorder
    from launcher.app.preflight import LogBook
    from launcher.state.lock import Held

_PERIOD = 1.0
_OFTEN = 2000  # objects


async def tend(recorder: "Recorder", held: "Held", logs: "LogBook") -> None:
    """Look after them until cancelled."""
    _settle_memory()
    told: dict[str, LogTrouble] = {}
    trouble = ""
    while True:
        await asyncio.sleep(_PERIOD)
        for found in logs.troubles():
            before = told.get(found.unit)
            if before is None or before.problem != found.problem or found.lost > 2 * before.lost:
                told[found.unit] = found
                recorder.publish(found)
        try:
            if held.renew():
                recorder.publish(Note("somebody deleted files of the state directory; they were made again"))
            recorder.save_again()
            trouble = ""
        except LauncherError as error:
            if error.message != trouble:  # once, not every second
                trouble = error.message
                recorder.publish(Note(trouble))


def _settle_memory() -> None:
    """What was loaded stays: the collector looks at it no more, and oftener at what comes."""
    gc.freeze()
    gc.set_threshold(_OFTEN)
