"""What npm has installed, compared with its lock file and with the disk. Reads files only.

npm keeps a copy of what it installed in node_modules/.package-lock.json: the trace that this module reads.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from launcher.marketplace.project import dependencies, manifest


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
        if have is not None and _other_contents(have, entry):
            return f"{path} is installed from another source"
    extra = next((path for path in installed if path not in locked), None)
    return f"{extra} is installed and not in the lock file" if extra else None


def npm_deleted(directory: Path) -> str | None:
    """The first package that npm installed and that is not on the disk any more; None when all are."""
    for path, entry in (_packages(directory / "node_modules" / ".package-lock.json") or {}).items():
        if "node_modules/" in path and not entry.get("optional") and not (directory / path).exists():
            return path
    return None


def _same_wishes(locked: Mapping[str, Any], package: Mapping[str, Any]) -> bool:
    return dependencies(locked) == dependencies(package)


def _packages(path: Path) -> dict[str, dict[str, Any]] | None:
    try:
        packages = json.loads(path.read_text(encoding="utf-8")).get("packages")
    except (OSError, ValueError, AttributeError):
        return None
    return packages if isinstance(packages, dict) else None


def _other_contents(have: Mapping[str, Any], entry: Mapping[str, Any]) -> bool:
    """Another archive under the same version, or another commit. Registries have many hosts: addresses don't count."""
    pairs = ((have.get(name), entry.get(name)) for name in ("integrity", "link"))
    if any(one is not None and other is not None and one != other for one, other in pairs):
        return True
    commits = [str(each.get("resolved", "")).partition("#")[2] for each in (have, entry)]
    return commits[0] != commits[1]


def _may_be_absent(entry: Mapping[str, Any]) -> bool:
    """Optional packages of other platforms, and peers nobody needs, are in the lock file but not on the disk."""
    return any(entry.get(kind) for kind in ("optional", "devOptional", "peer", "extraneous"))
