"""What an adapter is: how to configure one supervisor, start it, ask it and stop it; and where peers are installed."""

# ruff: noqa: ARG002 - adapters are all asked alike, whether or not one needs what it is told

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

from scripts.bench.peers.running import Run, write


class Peer:
    """One supervisor.  An adapter says how to configure it, start it, ask it and stop it."""

    name = ""
    restarts = False  # can start an ended child again
    gates = False  # can hold a child back until another's port answers
    needs_terminal = False  # starts only on a terminal
    stops_by_interrupt = False  # its own way of stopping is Ctrl-C; else a command, else SIGTERM
    only: frozenset[str] | None = None  # a tuned variant: just these metrics
    grace_is_set = True  # Project.grace reaches it
    detaches = False  # `up` is a command that returns, and leaves the supervisor in the background
    rotates = False  # its log files are followed through rotations

    def __init__(self, root: Path) -> None:
        self.root = root

    def binary(self) -> Path:
        raise NotImplementedError

    def version(self) -> str:
        raise NotImplementedError

    def extra_env(self, folder: Path) -> dict[str, str]:
        return {}

    def configure(self, run: Run) -> None:
        """Write configuration into run.dir."""

    def up(self, run: Run) -> list[str]:
        raise NotImplementedError

    def status(self, run: Run) -> list[str] | None:
        return None

    def down(self, run: Run) -> list[str] | None:
        return None

    def main_pid(self, run: Run) -> int:
        if run.popen is None:
            raise ValueError("it was not launched")
        return run.popen.pid

    def log_files(self, run: Run) -> list[Path]:
        return [run.stdout]


class Pip(Peer):
    """A peer in a virtual environment ROOT/venv-NAME of its own."""

    package = ""

    def script(self, name: str) -> str:
        return str(self.root / f"venv-{self.package}" / "bin" / name)

    def version(self) -> str:
        code = f"import importlib.metadata as m; print(m.version({self.package!r}))"
        done = subprocess.run([self.script("python"), "-c", code], capture_output=True, text=True, check=False)
        return done.stdout.strip()


class Npm(Peer):
    """A peer in ROOT/npm/NAME/node_modules, started with node straight away, without npx."""

    package = ""

    @property
    def modules(self) -> Path:
        return self.root / "npm" / self.package / "node_modules"

    def script(self, name: str) -> list[str]:
        return [shutil.which("node") or "node", str(self.modules / ".bin" / name)]

    def binary(self) -> Path:
        return self.modules / self.package / "package.json"

    def version(self) -> str:
        return str(json.loads(self.binary().read_text())["version"])


class Go(Peer):
    """A peer that is one program, ROOT/bin/NAME."""

    def binary(self) -> Path:
        return self.root / "bin" / self.name

    def version(self) -> str:
        flag = "version" if self.name == "process-compose" else "--version"
        done = subprocess.run([self.binary(), flag], capture_output=True, text=True, check=False)
        found = re.search(r"\d+\.\d+\.\d+", done.stdout)
        return found.group() if found else "?"


def procfile(run: Run) -> None:
    """Write the Procfile that several of them read."""
    write(run.dir / "Procfile", "".join(f"{c.name}: {run.shell(c)}\n" for c in run.project.children))
