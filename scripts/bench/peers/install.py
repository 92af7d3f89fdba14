"""Where the peers come from: an environment each below one root, from the registries that pip and npm ask anyway."""

import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
FROM_PIP = {"honcho": "honcho", "circus": "circus", "supervisor": "supervisor", "rxlaunch": str(REPOSITORY)}
FROM_NPM = {
    "pm2": "pm2",
    "mprocs": "mprocs",
    "concurrently": "concurrently",
    "node-foreman": "foreman",
    "start-server-and-test": "start-server-and-test",
}
PROGRAMS = ("process-compose", "overmind", "hivemind")  # no registry has them; looked for in ROOT/bin
LIMIT_SECONDS = 900
RESULT_CHARACTERS = 300


def install(root: Path, names: Sequence[str]) -> dict[str, str]:
    """Install the named peers below the root; what came of each, in a word or a sentence."""
    root.mkdir(parents=True, exist_ok=True)
    return {name: _install(root, name) for name in names or (*FROM_PIP, *FROM_NPM, *PROGRAMS)}


def _install(root: Path, name: str) -> str:
    if name in FROM_PIP:
        return _from_pip(root / f"venv-{name}", FROM_PIP[name], again=name == "rxlaunch")
    if name in FROM_NPM:
        return _from_npm(root / "npm" / FROM_NPM[name], FROM_NPM[name])
    if name in PROGRAMS:
        there = (root / "bin" / name).exists()
        return "there" if there else f"unavailable: one program, in no registry; put it at {root / 'bin' / name}"
    return f"unknown; known are {', '.join((*FROM_PIP, *FROM_NPM, *PROGRAMS))}"


def _from_pip(folder: Path, package: str, *, again: bool) -> str:
    """A real interpreter's environment, not one of a shim: a shim's shell script would be measured too."""
    if not folder.exists():
        venv.EnvBuilder(with_pip=True, symlinks=True).create(folder)
    options = ["--force-reinstall", "--no-deps"] if again and (folder / "bin" / folder.name[5:]).exists() else []
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    return _run([*pip, *options, package], folder)


def _from_npm(folder: Path, package: str) -> str:
    if shutil.which("npm") is None:
        return "unavailable: there is no npm here"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text('{"private": true}', encoding="utf-8")
    return _run(["npm", "install", "--no-audit", "--no-fund", package], folder)


def _run(command: Sequence[str], folder: Path) -> str:
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, errors="replace", check=False, timeout=LIMIT_SECONDS
        )
    except subprocess.TimeoutExpired:
        return f"failed: not installed within {LIMIT_SECONDS} s"
    if done.returncode == 0:
        return "installed"
    return f"failed: {' '.join((done.stderr or done.stdout).split())[-RESULT_CHARACTERS:]}"


def told(outcome: dict[str, str]) -> int:
    """Print what came of each peer; 0 unless an installation failed."""
    for name, text in outcome.items():
        print(f"{name:24} {text}")
    failed = any(text.startswith(("failed", "unknown")) for text in outcome.values())
    if failed:
        print("the failed ones are left out of `peers run`", file=sys.stderr)
    return int(failed)
