"""What a killed supervisor left behind: found by mark and identity, killed, and told. Cheap when nothing is left."""

from launcher import native
from launcher.glance import ENDED_PHASES
from launcher.paths import StackPaths
from launcher.state import store
from launcher.state.document import Keeper


def sweep(where: StackPaths) -> list[str]:
    """Kill what the last instance left behind, whose supervisor is dead; names of what was killed.

    Takes a few seconds while what was left is still being stopped in order by its shims.
    """
    last = store.keeper(where)
    if last is None or not _may_have_left(last):
        return []
    return native.kill_marked(last.instance, in_order=last.phase in ENDED_PHASES)


def sweep_unless_stopping(where: StackPaths) -> tuple[list[str], bool]:
    """The same without waiting; and whether something is still being stopped, and was let be."""
    last = store.keeper(where)
    if last is None or last.phase in ENDED_PHASES or not _may_have_left(last):
        return [], False
    if native.still_stopping(last.instance):
        return [], True
    return native.kill_marked(last.instance), False


def _may_have_left(last: Keeper) -> bool:
    """Nothing survives a reboot: what carries an old mark then is not ours."""
    return bool(last.instance) and last.supervisor.boot == native.my_identity().boot


def sentence(swept: list[str]) -> str:
    """What was killed, in words."""
    return f"killed {', '.join(swept)}, left behind by the last run" if swept else ""
