"""A copy of the sample marketplace with a home of its own, and what is done to it between boots."""

import contextlib
import json
import os
import random
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from launcher.paths import for_root
from scripts.bench.boots.checker import Target

REPOSITORY = Path(__file__).resolve().parents[3]
RXLAUNCH = (sys.executable, "-P", "-m", "launcher")
LIMIT_SECONDS = 1800
PORTS = ("postgres", "redis", "backend", "storefront")
BUILT = (".medusa", "storefront/.next")
PACKAGES = ("node_modules", "storefront/node_modules")
NOT_INHERITED = ("RXLAUNCH_", "DATABASE_URL", "REDIS_URL", "CI", "NO_COLOR", "PORT", "NODE_COMPILE_CACHE")


class Failed(Exception):
    """Something that is needed for a measurement did not work; the end of what it printed."""


class Market:
    """A checkout, its RXLAUNCH_HOME, and ports that it prefers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "market"
        self.home = folder / "home"
        self.log = folder / "commands.log"
        self._ports = folder / "ports.json"
        known = json.loads(self._ports.read_text(encoding="utf-8")) if self._ports.exists() else None
        self.ports: dict[str, int] = known or dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(NOT_INHERITED)}
        self.env = {**inherited, "RXLAUNCH_HOME": str(self.home), "PYTHONPATH": str(REPOSITORY)}

    def make(self) -> None:
        """Write the sample, as a fresh clone is; its stack file prefers our ports."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.run("init", "--sample", str(self.root), cwd=self.folder)
        lines = "".join(f"{name} = {port}\n" for name, port in self.ports.items())
        with (self.root / "rxlaunch.toml").open("a", encoding="utf-8") as file:
            file.write(f"\n[ports]\n{lines}")
        self._ports.write_text(json.dumps(self.ports), encoding="utf-8")

    @property
    def is_made(self) -> bool:
        """Whether an earlier measurement made it, and kept it."""
        return self._ports.exists()

    def take_packages_of(self, other: Path) -> None:
        """The npm packages of another copy as hard links: Turbopack follows no symbolic ones beside Next."""
        for name in PACKAGES:
            shutil.copytree(other / name, self.root / name, copy_function=os.link, symlinks=True)

    def become_copy_of(self, other: "Market") -> None:
        """What the other is, database and builds included, on the same ports: the two never run at once.

        A build of the storefront is left out. The state goes by the checkout's path, and is renamed.
        """
        packages = {str(other.root / name) for name in PACKAGES}
        left_out = {str(other.root / "storefront" / ".next")}

        def ignored(folder: str, names: list[str]) -> set[str]:
            return {name for name in names if os.path.join(folder, name) in packages | left_out}  # noqa: PTH118

        shutil.copytree(other.root, self.root, symlinks=True, ignore=ignored)
        self.take_packages_of(other.root)
        shutil.copytree(other.home, self.home, symlinks=True, ignore=shutil.ignore_patterns("*.sock", "lock"))
        self.state_dir().rename(self.home / "stacks" / for_root(self.root).home.name)
        self.ports = other.ports
        self._ports.write_text(json.dumps(self.ports), encoding="utf-8")

    def run(self, *words: str, cwd: Path | None = None, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """Run rxlaunch to its end."""
        done = subprocess.run(
            [*RXLAUNCH, *words],
            cwd=cwd or self.root, env=self.env, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, errors="replace", check=False, timeout=LIMIT_SECONDS,
        )  # fmt: skip
        if check and done.returncode != 0:
            raise Failed(
                f"rxlaunch {' '.join(words)}: exit code {done.returncode}\n{(done.stdout + done.stderr)[-2000:]}"
            )
        return done

    def popen(self, *words: str) -> "subprocess.Popen[bytes]":
        """Start rxlaunch; what it prints goes to the log of this market."""
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [*RXLAUNCH, *words],
                cwd=self.root, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def down(self) -> None:
        """Stop whatever runs of it."""
        if self.root.is_dir():
            self.run("down", check=False)

    def unbuild(self) -> None:
        """Installed, nothing built."""
        for name in BUILT:
            shutil.rmtree(self.root / name, ignore_errors=True)

    def variables(self, unit: str) -> dict[str, str]:
        """What rxlaunch sets for a unit."""
        document = json.loads(self.run("env", unit, "--reveal", "-o", "json").stdout)
        return {name: row["value"] for name, row in document["units"][unit].items() if row["value"] is not None}

    def kept(self, name: str) -> dict[str, Any]:
        """A file of the stack's state; empty while there is none."""
        for file in self.home.glob(f"stacks/*/{name}"):
            with contextlib.suppress(ValueError, OSError):
                found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
                return found
        return {}

    def state_dir(self) -> Path:
        """Where rxlaunch keeps the stack's data."""
        return next(self.home.glob("stacks/*"))

    def where(self, instance: str = "") -> Target | None:
        """Where the running stack can be asked; None while it hasn't said, or is the instance that ran before."""
        state = self.kept("state.json")
        ports, key = state.get("ports", {}), self.kept("outputs.json").get("publishable_key")
        if not key or not {"backend", "storefront"} <= ports.keys() or state.get("instance") == instance:
            return None
        return Target(f"http://127.0.0.1:{ports['backend']}", f"http://127.0.0.1:{ports['storefront']}", str(key))

    def keep_logs(self, folder: Path) -> None:
        """Copy what tells why a boot failed."""
        folder.mkdir(parents=True, exist_ok=True)
        for file in (
            *self.folder.glob("*.log"),
            *self.home.glob("stacks/*/logs/*.log"),
            *self.home.glob("stacks/*/*.log"),
        ):
            shutil.copy(file, folder / file.name)
        for file in self.home.glob("stacks/*/events.ndjson"):
            shutil.copy(file, folder / file.name)

    def remove(self) -> None:
        """Stop it, and take it away."""
        self.down()
        shutil.rmtree(self.folder, ignore_errors=True)


def free_ports(count: int) -> list[int]:
    """Ports below those that the kernel gives to whoever asks, which nobody has right now."""
    found: list[int] = []
    while len(found) < count:
        port = random.randrange(20_000, 30_000)  # noqa: S311 - no secret
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            if port not in found:
                found.append(port)
    return found


@contextlib.contextmanager
def strangers(ports: list[int]) -> Iterator[None]:
    """Somebody else has these ports."""
    with contextlib.ExitStack() as stack:
        for port in ports:
            stack.enter_context(socket.create_server(("127.0.0.1", port)))
        yield
