"""The short forms of a stack file, spelled out: `backend = 9001`, `depends_on = ["a"]`, `command = "node x.js"`.

Works on merged plain data, before validation. A value of an unexpected type is left for validation to complain about.
"""

import shlex
from collections.abc import Iterator
from typing import Any

from launcher.stack.complaints import Complaint
from launcher.stack.layers import Path

_TOO_LONG = 10**400
_PROBES = ("readiness", "liveness")


def spell_out(data: dict[str, Any]) -> list[Complaint]:
    """Replace every short form in place; gives what could not be spelled out."""
    complaints: list[Complaint] = []
    _ports(data)
    _environment(data)
    for path, unit in _units(data):
        _environment(unit)
        complaints += _dependencies(unit, data, path)
        complaints += _command(unit, path)
        for probe in _PROBES:
            if isinstance(unit.get(probe), dict):
                complaints += _command(unit[probe], (*path, probe))
    return complaints


def _units(data: dict[str, Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
    for section in ("services", "tasks"):
        units = data.get(section)
        if isinstance(units, dict):
            yield from (((section, name), unit) for name, unit in units.items() if isinstance(unit, dict))


def _ports(data: dict[str, Any]) -> None:
    ports = data.get("ports")
    if isinstance(ports, dict):
        # Anything but a table is taken for a port number, so that `true` gets the complaint about numbers.
        data["ports"] = {name: value if isinstance(value, dict) else {"prefer": value} for name, value in ports.items()}


def _environment(holder: dict[str, Any]) -> None:
    env = holder.get("env")
    if isinstance(env, dict):
        holder["env"] = {name: _text(value) for name, value in env.items()}


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and abs(value) >= _TOO_LONG:
        return value  # 0xfff…: Python refuses to spell it out; validation complains
    return str(value) if isinstance(value, int | float) else value


def _dependencies(unit: dict[str, Any], data: dict[str, Any], path: Path) -> list[Complaint]:
    names = unit.get("depends_on")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return []
    tasks = data.get("tasks")
    known = tasks if isinstance(tasks, dict) else {}
    unit["depends_on"] = {name: "completed" if name in known else "healthy" for name in names}
    twice = sorted(name for name in unit["depends_on"] if names.count(name) > 1)
    return [Complaint((*path, "depends_on"), f"`{name}` is named twice") for name in twice]


def _command(holder: dict[str, Any], path: Path) -> list[Complaint]:
    command = holder.get("command")
    if not isinstance(command, str):
        return []
    try:
        holder["command"] = shlex.split(command)
    except ValueError as error:
        del holder["command"]
        why = "a quote is not closed" if "quotation" in str(error) else str(error).lower()
        return [Complaint((*path, "command"), f"{why}; a list of strings needs no quoting")]
    return []
