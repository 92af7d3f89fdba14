"""Which Node and npm the stack uses: the system's when it is new enough, else the wheel's behind shims of ours."""

import os
import re
import shlex
import subprocess
from pathlib import Path

from launcher import native
from launcher.errors import ConfigError, Problem
from launcher.services import wheels
from launcher.values import Value

OLDEST = 20
_ASK_SECONDS = 15


class Toolchain(Value, frozen=True):
    """`path_entry` goes first on every unit's PATH; None when the PATH is right as it is."""

    path_entry: str | None
    version: str
    where: str  # "system" or "embedded"


def toolchain(path: str, shim_dir: Path, *, oldest: int = OLDEST) -> Toolchain:
    """The Node to use. Raises ConfigError when there is none that will do."""
    node, npm = native.executable("node", path), native.executable("npm", path)
    version = version_of(node) if node else None
    if node and npm and version and major(version) >= oldest:
        return Toolchain(None, version, "system")
    embedded = wheels.node()
    if embedded is not None:
        make_shims(embedded, shim_dir)
        found = version_of(str(embedded.node))
        if found:
            return Toolchain(_path_to(embedded, shim_dir), found, "embedded")
    raise ConfigError(
        [Problem("PATH", _what_is_wrong(node, npm, version, oldest))],
        title=f"Node.js {oldest} or newer with npm is needed",
        remedy=f"install Node.js from your system, or {wheels.INSTALL}",
    )


def _path_to(found: wheels.NodeBinaries, shims: Path) -> str:
    """On Windows node.exe is found where it lies: a batch file in its place would need a shell."""
    return os.pathsep.join([str(shims), str(found.node.parent)]) if native.IS_WINDOWS else str(shims)


def _what_is_wrong(node: str | None, npm: str | None, version: str | None, oldest: int) -> str:
    if node is None:
        return "there is no node"
    if version is None:
        return f"{node} does not run"
    if major(version) < oldest:
        return f"{node} is {version}, older than {oldest}"
    return f"there is a node ({version}), but no npm" if npm is None else "node cannot be used"


def version_of(node: str) -> str | None:
    """`v20.20.2`; None when it doesn't run."""
    try:
        done = subprocess.run(
            [node, "--version"], capture_output=True, text=True, timeout=_ASK_SECONDS, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    text = done.stdout.strip()
    return text if done.returncode == 0 and re.fullmatch(r"v\d+\.\d+\.\d+\S*", text) else None


def major(version: str) -> int:
    """20 of v20.20.2."""
    return int(version.lstrip("v").split(".")[0])


def make_shims(found: wheels.NodeBinaries, directory: Path) -> None:
    """Programs named node, npm and npx that lead to the wheel's; lifecycle scripts of npm find them by name."""
    scripts = {"npm": found.npm, "npx": found.npx}
    if native.IS_WINDOWS:
        for name, script in scripts.items():
            _write(directory / f"{name}.cmd", f'@"{found.node}" "{script}" %*\r\n')
        return
    for name, script in scripts.items():
        _write(directory / name, f'#!/bin/sh\nexec {shlex.quote(str(found.node))} {shlex.quote(str(script))} "$@"\n')
    link = directory / "node"
    if not (link.is_symlink() and link.readlink() == found.node):
        link.unlink(missing_ok=True)
        link.symlink_to(found.node)


def _write(path: Path, text: str) -> None:
    """Write a program, if it isn't there as it should be."""
    data = text.encode()
    if path.is_file() and path.read_bytes() == data:
        return
    native.write_private(path, data)
    path.chmod(0o700)
