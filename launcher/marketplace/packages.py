"""Action node-packages: the packages of the lock file are installed, once per lock file, Node major and platform.

Which package manager, and what its lock file and its traces in node_modules mean. No version is chosen here.
"""

import asyncio
import json
import sysconfig
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from launcher.marketplace.fingerprint import ABSENT, file_digest, text_digest, why_stale
from launcher.marketplace.project import (
    Project,
    dependencies,
    find_project,
    find_tool,
    manifest,
    node_major,
    npm_command,
)
from launcher.plan.step import CommandResult, Outcome, Run, Skip, StepContext, StepFailed
from launcher.values import Value

_TRACES = {  # what each manager leaves when it has finished
    "npm": ("node_modules/.package-lock.json",),
    "yarn": ("node_modules/.yarn-state.yml", "node_modules/.yarn-integrity", ".pnp.cjs"),
    "pnpm": ("node_modules/.modules.yaml",),
}
_OUT_OF_STEP = ("package.json and package-lock.json", "ERR_PNPM_OUTDATED_LOCKFILE", "YN0028", "needs to be updated")
_NPM_USAGE = "npm help ci"  # npm ends its complaint about the lock file with a page of usage
_NO_NETWORK = ("ENOTFOUND", "ECONNREFUSED", "ETIMEDOUT", "EAI_AGAIN", "ECONNRESET", "ERR_SOCKET_TIMEOUT")


class _Situation(Value, frozen=True):
    project: Project
    key: str
    inputs: Mapping[str, str]


class NodePackages:
    """`npm ci`, `yarn install --immutable` or `pnpm install --frozen-lockfile`, when something changed."""

    async def check(self, context: StepContext) -> Skip | Run:
        """Skip when node_modules is what the lock file says, whoever installed it."""
        if not (context.cwd / "package.json").is_file():
            return Skip("there is no package.json")
        now = await _situation(context)
        missing = await asyncio.to_thread(_missing, context.cwd, now.project)
        if missing:
            return Run(f"{_listed(missing)} not installed")
        stale = why_stale(context, now.key, {**now.inputs, "installed": _trace(now.project)})
        if stale is None:
            return Skip("packages, lock file and Node are unchanged")
        if not context.fresh and context.fingerprints.get(now.key) is None and now.project.manager == "npm":
            differs = await asyncio.to_thread(npm_difference, now.project.directory)
            if differs is None:
                return Skip("installed already, exactly as the lock file says")
            return Run(differs)
        return Run(stale)

    async def run(self, context: StepContext) -> Outcome:
        """Install, then remember for what."""
        now = await _situation(context)
        argv = install_command(context, now.project)
        # The unit may run in production mode; building needs the development packages all the same.
        result = await context.run(argv, cwd=now.project.directory, env={"NODE_ENV": "development"})
        if result.code != 0:
            raise _failure(now.project, result)
        missing = await asyncio.to_thread(_missing, context.cwd, now.project)
        if missing:
            raise StepFailed(
                f"{now.project.manager} ended well, but {_listed(missing)} not installed", tail=result.tail
            )
        now = await _situation(context)  # an install without a lock file has written one
        context.fingerprints.put(now.key, {**now.inputs, "installed": _trace(now.project)})
        return Outcome(note=f"packages installed by {now.project.manager} in {result.seconds:.0f} s")


def install_command(context: StepContext, project: Project) -> list[str]:
    """The manager's reproducible install, started without a shell or a batch file."""
    if project.manager == "npm":
        return [*npm_command(context), "ci" if project.lock else "install", "--no-audit", "--no-fund"]
    if project.manager == "pnpm":
        return [_manager(context, project), "install", "--frozen-lockfile"]
    if not _is_berry(project.lock):
        return [_manager(context, project), "install", "--frozen-lockfile"]
    bundled = _yarn_path(project.directory)
    return (
        ["node", str(bundled), "install", "--immutable"]
        if bundled
        else [
            _manager(context, project),
            "install",
            "--immutable",
        ]
    )


def npm_difference(directory: Path) -> str | None:
    """How an installed node_modules differs from package.json and its lock file; None when it doesn't."""
    locked = _packages(directory / "package-lock.json") or _packages(directory / "npm-shrinkwrap.json")
    installed = _packages(directory / "node_modules" / ".package-lock.json")
    if locked is None or installed is None:
        return "node_modules was not installed by npm from a lock file"
    if not _same_wishes(locked.pop("", {}), manifest(directory)):
        return "package.json asks for something else than its lock file"
    installed.pop("", None)
    for path, entry in locked.items():
        have = installed.get(path)
        if have is None and "node_modules/" in path and not _may_be_absent(entry):
            return f"{path} is not installed"
        if have is not None and have.get("version") != entry.get("version"):
            return f"{path} is installed in another version"
    extra = next((path for path in installed if path not in locked), None)
    return f"{extra} is installed and not in the lock file" if extra else None


class Installed(Value, frozen=True):
    """What a look at a project's packages shows; `missing` and `difference` are sentences, None when all is well."""

    manager: str
    lock: str | None  # name of the lock file
    missing: str | None  # "react is", "react and 3 more are"
    difference: str | None


def look(directory: Path, root: Path) -> Installed:
    """Whether the packages of a directory are there, and those of its lock file. Asks files only."""
    project = find_project(directory, root)
    missing = _missing(directory, project)
    differs = npm_difference(project.directory) if not missing and project.lock and project.manager == "npm" else None
    return Installed(
        project.manager, project.lock.name if project.lock else None, _listed(missing) if missing else None, differs
    )


async def _situation(context: StepContext) -> _Situation:
    project = find_project(context.cwd, context.root)
    inputs = {
        "lock file": file_digest(project.lock),
        "package.json": text_digest(json.dumps(_wishes(manifest(project.directory)), sort_keys=True)),
        "Node": await node_major(context),
        "platform": sysconfig.get_platform(),
    }
    inside = project.directory.relative_to(context.root) if context.root in project.directory.parents else Path()
    return _Situation(project, f"node-packages:{inside.as_posix()}", inputs)


def _wishes(package: Mapping[str, Any]) -> dict[str, Any]:
    """What in a package.json decides what is installed."""
    sections = ("dependencies", "devDependencies", "optionalDependencies", "overrides", "resolutions", "workspaces")
    return {section: package[section] for section in sections if package.get(section)}


def _same_wishes(locked: Mapping[str, Any], package: Mapping[str, Any]) -> bool:
    return dependencies(locked) == dependencies(package)


def _packages(path: Path) -> dict[str, dict[str, Any]] | None:
    try:
        packages = json.loads(path.read_text(encoding="utf-8")).get("packages")
    except (OSError, ValueError, AttributeError):
        return None
    return packages if isinstance(packages, dict) else None


def _may_be_absent(entry: Mapping[str, Any]) -> bool:
    """Optional packages of other platforms, and peers nobody needs, are in the lock file but not on the disk."""
    return any(entry.get(kind) for kind in ("optional", "devOptional", "peer", "extraneous"))


def _missing(directory: Path, project: Project) -> list[str]:
    """Direct dependencies that are not installed: a deleted or half-deleted node_modules.

    Looked for up to the lock file's directory, not beyond: there node would find those of another project, a backend's
    for a storefront in its folder, in versions of its own.
    """
    package = manifest(directory)
    optional = package.get("optionalDependencies") or {}
    if any((above / ".pnp.cjs").is_file() for above in (directory, *directory.parents)):
        return []
    lineage = (directory, *directory.parents)
    places = lineage[: lineage.index(project.directory) + 1] if project.directory in lineage else lineage
    return [name for name in dependencies(package) if name not in optional and not _present(places, name)]


def _present(places: Iterable[Path], name: str) -> bool:
    return any((place / "node_modules" / name / "package.json").is_file() for place in places)


def _listed(names: list[str]) -> str:
    if len(names) == 1:
        return f"{names[0]} is"
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"{shown} are"


def _trace(project: Project) -> str:
    digests = (file_digest(project.directory / trace) for trace in _TRACES[project.manager])
    return next((digest for digest in digests if digest != ABSENT), ABSENT)


def _is_berry(lock: Path | None) -> bool:
    """Yarn 2 and later (berry) and Yarn 1 spell the reproducible install differently."""
    try:
        return lock is None or "__metadata:" in lock.read_text(encoding="utf-8")[:1000]
    except OSError:
        return True


def _yarn_path(directory: Path) -> Path | None:
    """The yarn that the repository carries, named by .yarnrc.yml."""
    try:
        lines = (directory / ".yarnrc.yml").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    named = next((line.partition(":")[2].strip().strip("'\"") for line in lines if line.startswith("yarnPath:")), None)
    return directory / named if named and (directory / named).is_file() else None


def _manager(context: StepContext, project: Project) -> str:
    found = find_tool(context, project.manager)
    if found is None:
        raise StepFailed(
            f"this project uses {project.manager} ({project.lock.name if project.lock else 'packageManager'}), "
            f"and no {project.manager} is on PATH",
            remedy=f"corepack enable {project.manager}, or npm install --global {project.manager}",
        )
    return str(found)


def _failure(project: Project, result: CommandResult) -> StepFailed:
    text = "\n".join(result.tail)
    lock = project.lock.name if project.lock else "the lock file"
    if any(sign in text for sign in (*_OUT_OF_STEP, _NPM_USAGE)):
        return StepFailed(
            f"package.json and {lock} do not agree",
            remedy=f"run `{project.manager} install` in {project.directory} and commit {lock}",
            tail=result.tail,
        )
    remedy = f"run `{project.manager} install` in {project.directory} to see all of it"
    if any(sign in text for sign in _NO_NETWORK):
        remedy = "the package registry cannot be reached: check the network, its proxy and .npmrc"
    elif "ENOSPC" in text:
        remedy = "the disk is full"
    elif "EACCES" in text or "EPERM" in text:
        remedy = (
            f"something in {project.directory / 'node_modules'} may not be written: whose is it, and who has it open?"
        )
    return StepFailed(f"{project.manager} ended with exit code {result.code}", remedy=remedy, tail=result.tail)
