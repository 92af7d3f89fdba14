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
    boot = {
        "instance": snapshot.instance,
        "at": round(snapshot.started_at),
        "mode": snapshot.mode,
        "seconds": units,
        "idle": [unit.name for unit in snapshot.units.values() if unit.phase == "skipped"],
    }
    records.save(paths.history, {"boots": [*boots(paths), boot][-_KEPT:]})


def boots(paths: StackPaths) -> list[Mapping[str, Any]]:
    """The boots that are kept, the oldest first; what is not understood is no boot."""
    found = records.load(paths.history).get("boots")
    if not isinstance(found, list):
        return []
    return [each for each in found if isinstance(each, dict) and isinstance(each.get("seconds"), dict)]


def idle(paths: StackPaths, mode: str) -> frozenset[str]:
    """The tasks that had nothing to do at the last boot, if that was one of this mode."""
    kept = boots(paths)
    names = kept[-1].get("idle") if kept and kept[-1].get("mode") == mode else None
    return frozenset(name for name in names if isinstance(name, str)) if isinstance(names, list) else frozenset()


class Beside(Value, frozen=True):
    """A unit's time in one boot beside the earlier ones; `usual` is their median (p50), None when there are none."""

    name: str
    seconds: float | None
    usual: float | None
    boots: int
    grew: bool

    def to_json(self) -> dict[str, Any]:
        """A JSON object of it."""
        usual = None if self.usual is None else round(self.usual, 3)
        return {"name": self.name, "seconds": self.seconds, "p50": usual, "boots": self.boots, "grew": self.grew}


def beside(paths: StackPaths, instance: str, mode: str, seconds: Mapping[str, float | None]) -> list[Beside]:
    """The times of a boot, kept or not, beside those of the earlier boots of this checkout in the same mode."""
    from statistics import median

    earlier = _before(boots(paths), instance, mode)
    found = []
    for name, this in seconds.items():
        before = _times(earlier, name)
        grew = this is not None and len(before) >= _ENOUGH and unusual(this, before)
        found.append(Beside(name, this, median(before) if before else None, len(before), grew))
    return found


def _before(kept: Sequence[Mapping[str, Any]], instance: str, mode: object) -> list[Mapping[str, Any]]:
    """The times of the boots of this mode before this one; of all of them when it isn't kept."""
    position = next((at for at, boot in enumerate(kept) if boot.get("instance") == instance), len(kept))
    return [boot["seconds"] for boot in kept[:position] if boot.get("mode") == mode]


def _times(earlier: Sequence[Mapping[str, Any]], name: str) -> list[float]:
    return [each[name] for each in earlier if isinstance(each.get(name), int | float)]


def outliers(paths: StackPaths, instance: str) -> list[Outlier]:
    """What took unusually long in a boot that is kept, compared with the earlier ones of the same mode."""
    from statistics import median  # 15 ms to load, and `up` only remembers

    kept = boots(paths)
    this = next((boot for boot in kept if boot.get("instance") == instance), None)
    if this is None:
        return []
    earlier = _before(kept, instance, this.get("mode"))
    found = []
    for name, seconds in this["seconds"].items():
        before = _times(earlier, name)
        if len(before) >= _ENOUGH and unusual(seconds, before):
            found.append(Outlier(name, seconds, median(before), len(before)))
    return found


def unusual(seconds: float, before: Sequence[float]) -> bool:
    """Whether a time is longer than the earlier ones let expect."""
    from statistics import median

    middle = median(before)
    deviation = median(abs(each - middle) for each in before)
    return seconds - middle > max(_DEVIATIONS * deviation, _SHARE * middle, _SECONDS)
