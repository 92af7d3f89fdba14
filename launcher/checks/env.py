"""`check env`: what must hold before anything is started: contracts, Node, packages, reserved ports. Starts nothing.

Values of variables are in no finding.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from launcher.checks.contract import Asking, Here, LeftOut, Target, Wrong, unasked
from launcher.errors import ConfigError, Problem
from launcher.findings import Finding

_SET_THEM = "set them in .env or the environment (a secret that is left out is generated), then rxlaunch up"


async def check(target: Target) -> AsyncIterator[Finding]:
    """Every contract with all its problems, Node, the packages of each part, the ports nobody may use."""
    try:
        here = target.on_this_machine()
    except LeftOut as reason:
        async for finding in unasked("env", ["contracts", "node", "packages", "ports"], reason):
            yield finding
        return
    ask = Asking("env")
    for contract, units in _contracts(here).items():
        yield await ask(f"contract {contract}", partial(_contract, here, contract, units))
    yield await ask("node", partial(_node, here))
    for part, directory in here.directories.items():
        yield await ask(f"packages {part}", partial(_packages, here, directory))
    yield await ask("ports", partial(_ports, here))


def _contracts(here: Here) -> dict[str, list[str]]:
    """The units by the contract they have."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, unit in here.plan.units.items():
        if unit.spec.contract:
            found[unit.spec.contract].append(name)
    return found


async def _contract(here: Here, contract: str, units: list[str]) -> str:
    problems = list({str(problem): problem for name in units for problem in here.problems.get(name, ())}.values())
    variables = here.plan.stack.contracts[contract]
    if not problems:
        return f"all {len(variables)} variables of {', '.join(units)} hold"
    failures = list(dict.fromkeys(map(_failure, problems)))
    raise Wrong(
        "; ".join(map(str, problems)),
        failure=next(filter(None, failures), None),
        remedy=_SET_THEM if len(failures) > 1 or failures[0] is None else None,
    )


def _failure(problem: Problem) -> str | None:
    """Which known failure a problem of a contract is (marketplace/contract.py words it)."""
    if "placeholder" in problem.what:
        return "key-placeholder" if "PUBLISHABLE_KEY" in problem.where else "secret-missing"
    if "is required" in problem.what:
        return "secret-missing"
    return "secret-short" if "characters long" in problem.what else None


async def _node(here: Here) -> str:
    from launcher import native
    from launcher.services.node import toolchain

    shims = here.paths.home / "node"
    native.private_directory(shims)
    path = next((env["PATH"] for env in here.environments.values() if env.get("PATH")), "")
    try:
        found = await asyncio.to_thread(toolchain, path, shims)
    except ConfigError as error:
        raise Wrong(error.message, failure="node-too-old", remedy=error.remedy) from None
    return f"{found.version} ({found.where})"


async def _packages(here: Here, directory: Path) -> str:
    from launcher.marketplace import packages

    if not (directory / "package.json").is_file():
        raise LeftOut(f"there is no package.json in {directory}")
    found = await asyncio.to_thread(packages.look, directory, here.paths.root)
    remedy = None if here.running else "rxlaunch up installs what the lock file says"
    if found.missing:
        raise Wrong(f"{found.missing} not installed in {directory}", failure="packages-missing", remedy=remedy)
    if found.difference:
        raise Wrong(f"{found.difference} ({directory})", failure="packages-out-of-step")
    return f"installed, in step with {found.lock}" if found.lock else "installed (there is no lock file)"


async def _ports(here: Here) -> str:
    reserved = set(here.plan.stack.reserved_ports)
    used = [f"the port of {name}" for name, port in here.snapshot.ports.items() if port in reserved]
    used += [f"[ports] {name}" for name, spec in here.plan.ports.items() if reserved & {spec.fixed, spec.prefer}]
    for unit, variables in here.environments.items():
        told = {**here.plan.stack.env, **here.plan.units[unit].spec.env}
        contract = here.plan.stack.contracts.get(here.plan.units[unit].spec.contract or "", {})
        names = sorted((told.keys() | contract.keys()) & variables.keys())
        used += [f"{name} of {unit}" for name in names if _port_of(name, variables[name]) in reserved]
    shown = ", ".join(map(str, sorted(reserved)))
    if not used:
        return f"nothing uses a reserved port ({shown})"
    raise Wrong(
        f"{', '.join(dict.fromkeys(used))}: a reserved port ({shown}), which development tools use",
        failure="port-9000",
    )


def _port_of(name: str, value: str) -> int | None:
    """The port that a variable names: PORT, or an address of this machine."""
    if name == "PORT":
        return int(value) if value.isdecimal() else None
    if not name.endswith("_URL"):
        return None
    try:
        host, port = urlsplit(value).hostname, urlsplit(value).port
    except ValueError:
        return None
    return port if host in ("localhost", "127.0.0.1", "::1") else None
