"""`rxlaunch env`: the variables each unit gets, and where each comes from. Starts nothing."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from launcher.app.known import still_world
from launcher.app.opening import Opened, open_stack
from launcher.app.request import Request
from launcher.app.result import Result
from launcher.errors import UnknownUnit
from launcher.plan.build import PlanUnit
from launcher.state.outputs import Outputs

_HIDDEN = "***"


def show(directory: Path, mode: str | None, name: str | None, *, reveal: bool) -> Result:
    """Variables by unit. Secrets are masked unless revealing was asked for."""
    from launcher.logs.redact import Redactor

    opened = open_stack(Request(directory, mode))
    if name is not None and name not in opened.plan.units:
        raise UnknownUnit(f"no unit named {name!r}; there are {', '.join(opened.plan.units)}")
    names = [name] if name else [n for n, unit in opened.plan.units.items() if unit.spec.contract]
    world = still_world(opened, Redactor())
    units = {n: _variables(opened, world.known_environment(opened.plan.units[n]), n, reveal=reveal) for n in names}
    outputs = _outputs(opened, reveal=reveal) if name is None else {}
    lines = [*(f"{n}={row['value']}  # {row['origin']}" for n, row in outputs.items())]
    lines = ["# outputs of the last boot", *lines, ""] if lines else []
    for unit, variables in units.items():
        lines += [f"# {unit}", *(f"{v}={row['value']}  # {row['origin']}" for v, row in variables.items()), ""]
    return Result("\n".join(lines).rstrip(), {"units": units, "outputs": outputs})


def _outputs(opened: Opened, *, reveal: bool) -> dict[str, dict[str, Any]]:
    """What the units of the last boot gave: `${output.NAME}`; anything with a generated secret in it is one."""
    from launcher.state.secrets import Secrets

    secret = set(Secrets(opened.paths.secrets).values())
    rows: dict[str, dict[str, Any]] = {}
    for name, value in Outputs(opened.paths.outputs).load().items():
        hidden = not reveal and ("://" in value or any(one in value for one in secret))
        rows[name] = {"value": _HIDDEN if hidden else value, "origin": f"${{output.{name}}}"}
    return rows


def _variables(opened: Opened, known: Mapping[str, str], name: str, *, reveal: bool) -> dict[str, dict[str, Any]]:
    """What rxlaunch sets for a unit: its own table, its contract, and the .env file's variables."""
    unit, secret = opened.plan.units[name], opened.loaded.stack.secret_names()
    contract = opened.loaded.stack.contracts.get(unit.spec.contract or "", {})
    own_files = opened.loaded.unit_env.get(unit.name, {})
    names = {*opened.loaded.dotenv, *opened.plan.stack.env, *own_files, *unit.spec.env, *contract}
    rows: dict[str, dict[str, Any]] = {}
    for variable in sorted(names & known.keys()):
        hidden = not reveal and (variable in secret or (variable in contract and contract[variable].secret))
        rows[variable] = {"value": _HIDDEN if hidden else known[variable], "origin": _origin(opened, unit, variable)}
    for variable in sorted(contract.keys() - known.keys()):
        if contract[variable].required:
            rows[variable] = {"value": None, "origin": "known once the stack runs"}
    return rows


def _origin(opened: Opened, unit: PlanUnit, name: str) -> str:
    if name in unit.spec.env:
        return opened.loaded.origins.get(f"{unit.kind}s.{unit.name}.env.{name}", "the stack file")
    if name in opened.loaded.unit_env.get(unit.name, {}):
        return f"its env_file ({', '.join(unit.spec.env_file)})"
    if name in opened.plan.stack.env:
        return opened.loaded.origins.get(f"env.{name}", "the stack file")
    if name in os.environ:
        return "the environment"
    if name in opened.loaded.dotenv:
        return ".env"
    return "generated or derived by the contract"
