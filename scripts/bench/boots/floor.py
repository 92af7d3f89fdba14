"""The fastest way known to start the same children: all at once, by hand, everything prepared, nothing supervised.

Postgres, Redis, backend and storefront start in the same moment: Medusa loads for seconds before it asks the database,
and the storefront loads (in dev mode: compiles) meanwhile. The programs, the data and the settings are those of
rxlaunch's own stack, which is down while this runs.
"""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from launcher.services import wheels
from scripts.bench.boots import checker
from scripts.bench.boots.market import Failed, Market

GRACE_SECONDS = 10
POSTGRES_SETTINGS = (
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "shared_buffers=64MB",
    "io_method=sync",
    "max_logical_replication_workers=0",
)
VALKEY_OPTIONS = ("--bind", "127.0.0.1", "--appendonly", "yes", "--appendfsync", "everysec", "--logfile", "")
NEW_USER_NAMESPACE = 0x10000000
Command = tuple[Sequence[str], Path, Mapping[str, str]]


class Hands:
    """The children, started and ended by hand."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.children: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, commands: Mapping[str, Command], warm_up: str) -> None:
        """Start all of them, and ask for a page of the storefront as soon as it listens."""
        for name, (argv, cwd, env) in commands.items():
            as_root = name == "postgres" and os.geteuid() == 0
            with self.log.open("ab") as log:
                self.children[name] = subprocess.Popen(
                    argv, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                    preexec_fn=be_nobody if as_root else None,  # noqa: PLW1509 - no thread of ours holds a lock here
                )  # fmt: skip
        threading.Thread(target=self._warm_up, args=(warm_up,), daemon=True).start()

    def ended(self) -> str:
        """Which child is gone; empty while all live."""
        gone = [f"{name} ended with {code}" for name, c in self.children.items() if (code := c.poll()) is not None]
        return ", ".join(gone)

    def stop(self) -> None:
        """End them in order, the servers last. They are our children: no pid is used again before we waited."""
        for name in reversed(list(self.children)):
            child = self.children[name]
            if child.poll() is None:
                child.send_signal(signal.SIGINT if name == "postgres" else signal.SIGTERM)
        for child in self.children.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(GRACE_SECONDS)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()

    def _warm_up(self, url: str) -> None:
        while not self.ended():
            with contextlib.suppress(OSError), checker.DIRECT.open(url, timeout=checker.ANSWER_SECONDS):
                return
            time.sleep(checker.POLL_SECONDS)


@dataclass(frozen=True, slots=True)
class Learned:
    """What rxlaunch's own stack ran with: the variables of backend and storefront, the ports they name, the key."""

    variables: Mapping[str, Mapping[str, str]]
    ports: Mapping[str, int]
    key: str


def commands(market: Market, learned: Learned, mode: str, ports: Mapping[str, int]) -> dict[str, Command]:
    """The command lines of all four; `ports` is where they go this time."""
    node, postgres, valkey = shutil.which("node"), wheels.postgres(), wheels.valkey()
    if node is None or postgres is None or valkey is None:
        raise Failed("the floor needs a node on the PATH, and the extra `embedded`")
    state, root = market.state_dir(), market.root
    envs = {
        unit: market.env | moved(learned.variables[unit], learned.ports, ports) for unit in ("backend", "storefront")
    }
    serve = ("dev", "--turbopack") if mode == "dev" else ("start",)
    words = [word for setting in POSTGRES_SETTINGS for word in ("-c", setting)]
    data = next((state / "data").glob("pg*"))
    cli, next_cli = root / "node_modules/@medusajs/cli/cli.js", root / "storefront/node_modules/next/dist/bin/next"
    address = ("-H", "127.0.0.1", "-p")
    return {
        "postgres": (
            (str(postgres.postgres), "-D", str(data), "-p", str(ports["postgres"]), *words),
            state,
            market.env,
        ),
        "redis": (
            (str(valkey), "--port", str(ports["redis"]), "--dir", str(state / "data" / "redis"), *VALKEY_OPTIONS),
            state / "data" / "redis",
            market.env,
        ),
        "backend": (
            (node, str(cli), "start", *address, str(ports["backend"])),
            root / ".medusa" / "server",
            envs["backend"],
        ),
        "storefront": (
            (node, str(next_cli), *serve, *address, str(ports["storefront"])),
            root / "storefront",
            envs["storefront"],
        ),
    }


def moved(variables: Mapping[str, str], old: Mapping[str, int], new: Mapping[str, int]) -> dict[str, str]:
    """The variables with other ports in them: as numbers of their own, and behind a colon."""
    found = {}
    for name, value in variables.items():
        text = value
        for port, number in old.items():
            text = str(new[port]) if text == str(number) else text.replace(f":{number}", f":{new[port]}")
        found[name] = text
    return found


def be_nobody() -> None:
    """Postgres refuses to run as root: in a user namespace of its own it is nobody, and its files stay ours."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(NEW_USER_NAMESPACE) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    for name, text in (("setgroups", "deny"), ("gid_map", "65534 0 1"), ("uid_map", "65534 0 1")):
        Path("/proc/self", name).write_text(text, encoding="ascii")
