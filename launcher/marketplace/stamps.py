"""Fingerprints that lie in the directory they are about, so that a CI system's cache carries both together.

The fingerprint in `state/` stays behind on the machine; a stamp is found again wherever the directory is restored. It
says no more than that one: inputs, and what came out. Which inputs and outputs, the actions decide.
"""

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path

from launcher import native
from launcher.values import Value, field

NAME = ".rxlaunch-stamp.json"  # hidden, so that no list of sources or results has it
_VERSION = 1


class Stamp(Value, frozen=True):
    """A fingerprint by its key, and the ports that may be written into the result."""

    key: str
    value: Mapping[str, str]
    ports: Mapping[str, int] = field(default_factory=dict)
    served: tuple[int, ...] = ()  # further ports on which it was used since


def read(directory: Path) -> Stamp | None:
    """The stamp in a directory; None where there is none that can be read."""
    try:
        found = json.loads((directory / NAME).read_text(encoding="utf-8"))
        value, ports = dict(found["fingerprint"]), dict(found["ports"])
        if found["version"] != _VERSION or not all(isinstance(text, str) for text in value.values()):
            return None
        served = tuple(int(port) for port in found.get("served", ()))
        return Stamp(str(found["key"]), value, {name: int(port) for name, port in ports.items()}, served)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write(directory: Path, stamp: Stamp) -> None:
    """Leave a stamp, where the directory exists. A disk that refuses it costs a later run its time, no more."""
    document = {"version": _VERSION, **stamp.as_data(), "fingerprint": dict(stamp.value)}
    del document["value"]
    if directory.is_dir():
        with contextlib.suppress(OSError):
            native.write_private(directory / NAME, json.dumps(document, indent=1).encode())
