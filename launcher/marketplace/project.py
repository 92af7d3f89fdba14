"""A Node project on disk: its package.json, lock file, package manager, and where node would find a module.

Reads files only; starts nothing except `node --version`, through the context.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from launcher import native
from launcher.plan.step import StepContext, StepFailed
from launcher.values import Value

LOCK_FILES = {
    "package-lock.json": "npm",
    "npm-shrinkwrap.json": "npm",
    "yarn.lock": "yarn",
    "pnpm-lock.yaml": "pnpm",
}


class Project(Value, frozen=True):
    """Where packages are installed: the directory of the lock file, which in a workspace is above the unit's own."""

    directory: Path
    manager: str
    lock: Path | None


def manifest(directory: Path) -> dict[str, Any]:
    """The package.json of a directory; empty when there is none."""
    path = directory / "package.json"
    try:
        read = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise StepFailed(f"{path} cannot be read: {error}") from None
    return read if isinstance(read, dict) else {}


def dependencies(package: Mapping[str, Any]) -> dict[str, str]:
    """Every package the manifest asks for, whatever for."""
    found: dict[str, str] = {}
    for section in ("dependencies", "devDependencies", "optionalDependencies"):
        wanted = package.get(section)
        if isinstance(wanted, dict):
            found.update({name: str(version) for name, version in wanted.items()})
    return found


def find_project(directory: Path, root: Path) -> Project:
    """The project that `directory` belongs to: the nearest lock file up to the checkout, else itself by npm."""
    inside = [directory, *directory.parents]
    if root in inside:
        inside = inside[: inside.index(root) + 1]
    for candidate in inside:
        locks = {manager: candidate / name for name, manager in LOCK_FILES.items() if (candidate / name).is_file()}
        if locks and candidate != directory and not is_workspace(candidate):
            break  # the lock file of somebody else: a backend's does not cover a storefront in its folder
        if locks:
            named = _named_manager(candidate)
            manager = named if named in locks else next(iter(locks))
            return Project(candidate, manager, locks[manager])
    return Project(directory, _named_manager(directory) or "npm", None)


def is_workspace(directory: Path) -> bool:
    """Whether a lock file there covers the projects below."""
    return (directory / "pnpm-workspace.yaml").is_file() or bool(manifest(directory).get("workspaces"))


def _named_manager(directory: Path) -> str | None:
    """`packageManager: "pnpm@10.11.1"` names it."""
    field = manifest(directory).get("packageManager")
    name = field.partition("@")[0] if isinstance(field, str) else None
    return name if name in LOCK_FILES.values() else None


def resolve_module(start: Path, *inside: str) -> Path | None:
    """A file below the nearest node_modules that has it, by node's own rule: upwards from `start`."""
    for directory in (start, *start.parents):
        found = directory.joinpath("node_modules", *inside)
        if found.is_file():
            return found
    return None


def medusa_cli(backend: Path) -> str:
    """The Medusa CLI's script, to be run by node directly: npm and npx leave node behind when they are stopped."""
    found = resolve_module(backend, "@medusajs", "cli", "cli.js")
    if found is None:
        raise StepFailed(
            f"Medusa's command line is not installed: no node_modules/@medusajs/cli at or above {backend}",
            remedy="install the packages (the node-packages action, or npm ci); @medusajs/cli must be among them",
        )
    return str(found)


def services_env(context: StepContext) -> dict[str, str]:
    """Where the database and Redis really are: what the providers found wins over what .env says."""
    named = {"DATABASE_URL": "database_url", "REDIS_URL": "redis_url"}
    return {name: context.outputs[output] for name, output in named.items() if output in context.outputs}


def database_url(context: StepContext) -> str | None:
    """The database of this stack, once it is known."""
    return context.outputs.get("database_url") or context.env.get("DATABASE_URL") or None


def find_tool(context: StepContext, name: str) -> Path | None:
    """A program on the PATH of the unit (where the chosen Node comes first)."""
    found = native.executable(name, context.env.get("PATH", ""))
    return Path(found) if found else None


def npm_command(context: StepContext) -> list[str]:
    """Npm as `node npm-cli.js`: the same on every platform, no batch file between (BatBadBut), no orphaned node."""
    return npm_argv(context.env.get("PATH", ""))


def npm_argv(path: str) -> list[str]:
    """The same for a PATH. Raises StepFailed when there is no npm."""
    found = native.executable("npm", path)
    npm = Path(found) if found else None
    if npm is None:
        raise StepFailed(
            "npm was not found on PATH",
            remedy='install Node.js, or let rxlaunch bring it: pip install "rxlaunch[embedded]"',
        )
    script = _npm_script(npm)
    return ["node", str(script)] if script else [str(npm)]


def _npm_script(npm: Path) -> Path | None:
    real = npm.resolve()
    if real.name == "npm-cli.js":
        return real
    tail = Path("node_modules", "npm", "bin", "npm-cli.js")
    for directory in (npm.parent, real.parent):
        for candidate in (directory / tail, directory.parent / "lib" / tail):
            if candidate.is_file():
                return candidate
    try:  # a shim of ours names the script
        named = re.search(r'"([^"\n]+npm-cli\.js)"', npm.read_text(encoding="utf-8", errors="replace")[:2000])
    except OSError:
        return None
    return Path(named[1]) if named and Path(named[1]).is_file() else None


async def node_version(context: StepContext) -> str:
    """`v20.20.2` of the node the unit would run, remembered by the identity of its file: asking costs 40 ms."""
    node = find_tool(context, "node")
    if node is None:
        raise StepFailed(
            "node was not found on PATH",
            remedy='install Node.js 20 or later, or let rxlaunch bring it: pip install "rxlaunch[embedded]"',
        )
    real = node.resolve()
    stat = real.stat()
    identity = f"{real} {stat.st_size} {stat.st_mtime_ns}"
    known = context.fingerprints.get("node-version")
    if known and known.get("node") == identity and _is_node_itself(real):
        return known["version"]
    result = await context.run(["node", "--version"])
    version = next((line.strip() for line in reversed(result.tail) if re.match(r"\s*v\d+\.", line)), "")
    if result.code != 0 or not version:
        raise StepFailed(f"{node} does not run (exit code {result.code})", tail=result.tail)
    context.fingerprints.put("node-version", {"node": identity, "version": version})
    return version


def _is_node_itself(real: Path) -> bool:
    """Not a version manager's shim, whose answer depends on the project and not on the file (asdf, Volta, mise)."""
    if real.stem.lower() not in ("node", "nodejs"):
        return False
    with real.open("rb") as file:
        return file.read(2) != b"#!"


async def node_major(context: StepContext) -> str:
    """`20`: what native modules and build results depend on."""
    return (await node_version(context)).lstrip("v").partition(".")[0]
