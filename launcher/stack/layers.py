"""Merging plain TOML data in layers (preset, detected, file, flags), and remembering who said what.

Tables merge, everything else replaces. Nothing is validated here: any value may have any type.
"""

import copy
import re
from collections.abc import Iterator, Sequence
from typing import Any

from launcher.stack.known import QUESTIONS, WORK
from launcher.values import Value

Path = tuple[str | int, ...]
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_LONGEST_SHOWN = 40

# Keys that say the same thing in different ways: a later layer's choice replaces an earlier layer's.
_ALTERNATIVES = (
    (("services", "*"), WORK),
    (("tasks", "*"), WORK),
    (("services", "*", "readiness"), QUESTIONS),
    (("services", "*", "liveness"), QUESTIONS),
    (("ports", "*"), ("prefer", "fixed")),
)


class Layer(Value, frozen=True):
    """Data of one origin. `prefix` is where the data stands in its file ("modes.production")."""

    origin: str
    data: dict[str, Any]
    prefix: Path = ()


def merge(layers: Sequence[Layer]) -> dict[str, Any]:
    """All layers as one, later ones winning."""
    merged: dict[str, Any] = {}
    for layer in layers:
        merged = _merge(merged, layer.data, ())
    return merged


def _merge(base: Any, over: Any, path: Path) -> Any:
    if not (isinstance(base, dict) and isinstance(over, dict)):
        return copy.deepcopy(over)
    dropped = {key for key in _superseded(path, over) if key not in over}
    merged = {key: value for key, value in base.items() if key not in dropped}
    for key, value in over.items():
        merged[key] = _merge(merged[key], value, (*path, key)) if key in merged else copy.deepcopy(value)
    return merged


def _superseded(path: Path, over: dict[str, Any]) -> tuple[str, ...]:
    for pattern, keys in _ALTERNATIVES:
        fits = len(pattern) == len(path) and all(p in ("*", part) for p, part in zip(pattern, path, strict=True))
        if fits and any(key in over for key in keys):
            return keys
    return ()


def origin(layers: Sequence[Layer], path: Path) -> Layer | None:
    """The last layer that says something at this path: the value itself, or a short form standing for it."""
    for layer in reversed(layers):
        if _mentions(layer.data, path):
            return layer
    return None


def _mentions(data: Any, path: Path) -> bool:
    here = data
    for part in path:
        if not isinstance(here, dict):
            return True
        if part not in here:
            return False
        here = here[part]
    return True


def as_written(data: Any, path: Path) -> Path:
    """The path up to a short form: `ports.backend = true` is no complaint about `ports.backend.prefer`."""
    for length, part in enumerate(path):
        if not isinstance(data, dict | list):
            return path[:length]
        if not isinstance(data, dict) or part not in data:
            break
        data = data[part]
    return path


def leaves(data: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value that is no table, with its path; lists are values."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield from leaves(value, (*path, key))
    else:
        yield path, data


def spell(path: Path) -> str:
    """A path as one writes it in TOML: services.backend.readiness, show."the shop", reserved_ports[0]."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + _key(part)
    return text


def _key(part: str) -> str:
    shown = part if len(part) <= _LONGEST_SHOWN else part[:_LONGEST_SHOWN] + "…"
    if _BARE.fullmatch(part):
        return shown
    printable = "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in shown)
    return '"' + printable.replace('"', '\\"') + '"'
