"""How long the units of this checkout's boots took: kept at every boot, so that an unusual one is told.

An outlier is beyond the median by more than three median deviations, by a fifth, and by half a second.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from launcher.paths import StackPaths
from launcher.state import records
from launcher.state.snapshot import Snapshot
from launcher.values import Value

WHOLE = "the whole boot"
_KEPT = 50  # boots
_ENOUGH = 5  # boots before anything counts as usual
_DEVIATIONS, _SHARE, _SECONDS = 3.0, 0.2, 0.5


class Outlier(Value, frozen=True):
    """A unit that took longer than it usually does here."""

    name: str
    seconds: float
    usual: float
    boots: int

    def __str__(self) -> str:
        return f"{self.name} took {self.seconds:.1f} s; {self.usual:.1f} s is usual here (median of {self.boots} boots)"


def remember(paths: StackPaths, snapshot: Snapshot, seconds: float) -> None:
    """Keep the times of a boot that is ready now. Raises StateUnwritable."""
    units = {unit.name: round(unit.seconds, 3) for unit in snapshot.units.values() if unit.seconds is not None}
    if all(unit.phase != "pending" for unit in snapshot.units.values()):  # nobody was left out
        units[WHOLE] = round(seconds, 3)
    boot = {"instance": snapshot.instance, "at": round(snapshot.started_at), "mode": snapshot.mode, "seconds": units}
    records.save(paths.history, {"boots": [*boots(paths), boot][-_KEPT:]})


def boots(paths: StackPaths) -> list[Mapping[str, Any]]:
    """The boots that are kept, the oldest first; what is not understood is no boot."""
    found = records.load(paths.history).get("boots")
    if not isinstance(found, list):
        return []
    return [each for each in found if isinstance(each, dict) and isinstance(each.get("seconds"), dict)]


def outliers(paths: StackPaths, instance: str) -> list[Outlier]:
    """What took unusually long in a boot that is kept, compared with the earlier ones of the same mode."""
    from statistics import median  # 15 ms to load, and `up` only remembers

    kept = boots(paths)
    position = next((at for at, boot in enumerate(kept) if boot.get("instance") == instance), None)
    if position is None:
        return []
    this = kept[position]
    earlier = [boot["seconds"] for boot in kept[:position] if boot.get("mode") == this.get("mode")]
    found = []
    for name, seconds in this["seconds"].items():
        before = [each[name] for each in earlier if isinstance(each.get(name), int | float)]
        if len(before) >= _ENOUGH and unusual(seconds, before):
            found.append(Outlier(name, seconds, median(before), len(before)))
    return found


def unusual(seconds: float, before: Sequence[float]) -> bool:
    """Whether a time is longer than the earlier ones let expect."""
    from statistics import median

    middle = median(before)
    deviation = median(abs(each - middle) for each in before)
    return seconds - middle > max(_DEVIATIONS * deviation, _SHARE * middle, _SECONDS)
