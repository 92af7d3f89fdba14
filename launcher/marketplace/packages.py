"""Action node-packages: the packages of the lock file are installed, once per lock file, Node major and platform.

Which package manager, and what its lock file and its traces in node_modules mean. No version is chosen here.
"""

import asyncio
import json
import sysconfig
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from launcher.marketplace import stamps
from launcher.marketplace.fingerprint import ABSENT, changed, file_digest, text_digest, why_stale
from launcher.marketplace.npm_tree import npm_deleted, npm_difference
from launcher.marketplace.project import (
    Project,
    dependencies,
    find_project,
    find_tool,
    is_workspace,
    manifest,
    node_major,
    npm_command,
)
from launcher.marketplace.surroundings import patches_digest
from launcher.plan.step import CommandResult, Outcome, Run, Skip, StepContext, StepFailed
from launcher.values import Value

_TRACES = {  # what each manager leaves when it has finished
    "npm": ("node_modules/.package-lock.json",),
    "yarn": ("node_modules/.yarn-state.yml", "node_modules/.yarn-integrity", ".pnp.cjs"),
    "pnpm": ("node_modules/.modules.yaml",),
}
_BY_HAND = frozenset({"lock file", "package.json", "installed"})  # what changes when somebody runs npm
_OUT_OF_STEP = ("package.json and package-lock.json", "ERR_PNPM_OUTDATED_LOCKFILE", "YN0028", "needs to be updated")
_NPM_USAGE = "npm help ci"  # npm ends its complaint about the lock file with a page of usage
_NO_NETWORK = ("ENOTFOUND", "ECONNREFUSED", "ETIMEDOUT", "EAI_AGAIN", "ECONNRESET", "ERR_SOCKET_TIMEOUT")


_RUN_BY_INSTALL = ("preinstall", "install", "postinstall", "preprepare", "prepare", "postprepare")


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
        current = {**now.inputs, "installed": _trace(now.project)}
        stamp = stamps.read(now.project.directory / "node_modules")
        travelled = stamp.value if stamp and stamp.key == now.key else None
        stale = why_stale(context, now.key, current, travelled)
        if stale is None:
            return Skip("packages, lock file and Node are unchanged")
        known = context.fingerprints.get(now.key) or travelled
        if context.fresh or now.project.manager != "npm" or not _could_be_by_hand(known, current):
            return Run(stale)
        differs = await asyncio.to_thread(npm_difference, now.project.directory)
        if differs is not None:
            return Run(differs if known is None else stale)
        context.fingerprints.put(now.key, current)  # from now on another Node is seen
        return Skip("installed already, exactly as the lock file says")

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
        made = {**now.inputs, "installed": _trace(now.project)}
        context.fingerprints.put(now.key, made)
        stamps.write(now.project.directory / "node_modules", stamps.Stamp(now.key, made))
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


def _could_be_by_hand(known: Mapping[str, str] | None, current: Mapping[str, str]) -> bool:
    """Whether what changed since is what somebody changes who runs npm: what it installed, and nothing but that.

    Then the trace says what is there. A lock file or manifest that changed alone was not installed yet; modules that
    another Node compiled are not seen from the trace.
    """
    if known is None:
        return True
    different = set(changed(known, current))
    return "installed" in different and different <= _BY_HAND


async def _situation(context: StepContext) -> _Situation:
    project = find_project(context.cwd, context.root)
    found = await asyncio.to_thread(inputs, project, await node_major(context))
    inside = project.directory.relative_to(context.root) if context.root in project.directory.parents else Path()
    return _Situation(project, f"node-packages:{inside.as_posix()}", found)


def inputs(project: Project, node: str) -> dict[str, str]:
    """The fingerprint of what decides which packages are installed."""
    wishes = [_wishes(found) for found in _manifests(project)]
    patches = patches_digest(project)
    return {
        "lock file": file_digest(project.lock),
        "package.json": text_digest(*(json.dumps(each, sort_keys=True) for each in wishes)),
        "Node": node,
        "platform": sysconfig.get_platform(),
        **({"patches": patches} if patches else {}),
    }


def _wishes(package: Mapping[str, Any]) -> dict[str, Any]:
    """What in a package.json decides what is installed."""
    sections = ("dependencies", "devDependencies", "optionalDependencies", "overrides", "resolutions", "workspaces")
    scripts = package.get("scripts")
    run = {name: scripts[name] for name in _RUN_BY_INSTALL if scripts.get(name)} if isinstance(scripts, dict) else {}
    wished = {section: package[section] for section in sections if package.get(section)}
    return {**wished, "scripts": run} if run else wished


def _manifests(project: Project) -> list[Mapping[str, Any]]:
    """The manifest, and those of a workspace's members: they wish too."""
    found: list[Mapping[str, Any]] = [manifest(project.directory)]
    if is_workspace(project.directory):
        for pattern in ("*/package.json", "*/*/package.json"):
            members = sorted(project.directory.glob(pattern))
            found += [manifest(path.parent) for path in members if "node_modules" not in path.parts]
    return found


def _missing(directory: Path, project: Project) -> list[str]:
    """Direct dependencies that are not installed, or one of theirs: a deleted or half-deleted node_modules.

    Looked for up to the lock file's directory, not beyond: there node would find those of another project, a backend's
    for a storefront in its folder, in versions of its own.
    """
    package = manifest(directory)
    optional = package.get("optionalDependencies") or {}
    if any((above / ".pnp.cjs").is_file() for above in (directory, *directory.parents)):
        return []
    lineage = (directory, *directory.parents)
    places = lineage[: lineage.index(project.directory) + 1] if project.directory in lineage else lineage
    missing = [name for name in dependencies(package) if name not in optional and not _present(places, name)]
    deleted = npm_deleted(project.directory) if not missing and project.manager == "npm" else None
    return [deleted.removeprefix("node_modules/")] if deleted else missing


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
