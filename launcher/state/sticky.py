"""Ports used last time, so that a stack keeps its addresses."""

from collections.abc import Mapping
from pathlib import Path

from launcher.state import records


def load(path: Path) -> dict[str, int]:
    """Port by name; empty when nothing is known."""
    return {name: port for name, port in records.load(path).items() if _is_port(port)}


def save(path: Path, ports: Mapping[str, int]) -> None:
    """Remember these ports. Raises StateUnwritable."""
    records.save(path, dict(ports))


def _is_port(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 65536
