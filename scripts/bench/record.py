"""The record of measurements: samples by metric (or case) and contender, kept in a file that later runs add to."""

import json
from pathlib import Path
from typing import Any

Sample = dict[str, Any]  # "value", and whatever else was seen with it
Results = dict[str, dict[str, list[Sample]]]  # by metric, then by peer
Stored = dict[str, Any]  # "meta": machine, versions, loads, command lines; "results"


def read(path: Path) -> Stored:
    """What the file holds; an empty record when there is no file."""
    stored: Stored = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"meta": {}, "results": {}}
    return stored


def add(stored: Stored, new: Results, *, fresh: bool) -> None:
    """Add samples to the record; with `fresh`, the earlier ones of the same metric and peer are dropped."""
    for metric, by_peer in new.items():
        kept = stored["results"].setdefault(metric, {})
        for name, samples in by_peer.items():
            kept[name] = samples if fresh else kept.get(name, []) + samples


def save(path: Path, stored: Stored) -> None:
    """Write the record."""
    path.write_text(json.dumps(stored, indent=1), encoding="utf-8")
