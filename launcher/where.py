"""Where a stack's root and state are, as plain text: for `paths.py`, and for `glance.py`, which loads next to nothing.

No pathlib, no regular expressions, no third-party module here, and nothing is created.
"""

import os

STACK_FILE = "rxlaunch.toml"
_CONFIGS = tuple(f"medusa-config.{suffix}" for suffix in ("ts", "js", "mjs", "cjs"))
_READABLE = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
_LONGEST = 24


def find_root(start: str) -> str:
    """The directory the command is about: the nearest above `start` with a stack file, else with a project.

    Cheap on purpose (no TOML is parsed): `status` must find the state of a stack in milliseconds.
    A project is a package.json that names Medusa, so that a storefront's folder leads to its backend's.
    """
    start = os.path.realpath(start)
    lineage = _lineage(start)
    for directory in lineage:
        if _is_file(directory, STACK_FILE):
            return directory
    for directory in lineage:
        if any(_is_file(directory, name) for name in _CONFIGS):
            return _workspace_root(directory)
    return start


def _lineage(directory: str) -> list[str]:
    found = [directory]
    while (above := os.path.dirname(found[-1])) != found[-1]:
        found.append(above)
    return found


def _is_file(directory: str, name: str) -> bool:
    return os.path.isfile(os.path.join(directory, name))


def _workspace_root(backend: str) -> str:
    """The repository that holds the backend, when the backend is a folder of a workspace (`apps/backend`)."""
    for directory in _lineage(backend)[1:3]:
        if _is_file(directory, "pnpm-workspace.yaml") or _is_file(directory, "turbo.json"):
            return directory
        if _is_file(directory, "package.json") and _names_workspaces(os.path.join(directory, "package.json")):
            return directory
    return backend


def _names_workspaces(manifest: str) -> bool:
    import json

    try:
        with open(manifest, encoding="utf-8") as file:
            return "workspaces" in json.load(file)
    except (OSError, ValueError, TypeError):
        return False


def folder(root: str) -> str:
    """The name of the directory that holds the state of a checkout; `root` is its real path."""
    digest = _sha256(os.fsencode(os.path.normcase(root)))[:12]
    return f"{_readable(os.path.basename(root)) or 'stack'}-{digest}"


def _sha256(data: bytes) -> str:
    """Hexadecimal, by Python's own code: to load that of OpenSSL takes longer than a whole `status` may."""
    try:
        from _sha2 import sha256  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        try:
            from _sha256 import sha256  # type: ignore[import-not-found,unused-ignore]  # before 3.12
        except ImportError:
            from hashlib import sha256
    return str(sha256(data).hexdigest())


def _readable(name: str) -> str:
    """The name in lower case, each run of what isn't a letter or digit of ASCII as one dash, none at its ends."""
    spaced = "".join(letter if letter in _READABLE else " " for letter in name.lower())
    return "-".join(spaced.split())[:_LONGEST]
