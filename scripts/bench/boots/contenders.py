"""Who boots the sample: rxlaunch, the old launchers' way, and the floor. Each says where to ask, and stops again."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from scripts.bench.boots.checker import Target
from scripts.bench.boots.floor import Hands, Learned, commands
from scripts.bench.boots.market import REPOSITORY, Market, free_ports

OLD_LAUNCHER = REPOSITORY / "scripts" / "old_launcher.py"
OLD_WORK = {"first": "everything", "cold": "build", "warm": "nothing", "moved": "build"}  # a moved port is a rebuild
FIRST_WITH_COMPILE_CACHE = (22, 1)  # of Node
PATIENCE_SECONDS = 30


@dataclass
class Boot:
    """A boot that has begun."""

    where: Callable[[], Target | None]
    ended: Callable[[], str]  # why there is nothing to wait for; empty while there is
    stop: Callable[[], None]
    began: float = field(default_factory=time.monotonic)
    returned: Callable[[], float | None] = lambda: None  # seconds until the command came back


class Rxlaunch:
    """`rxlaunch up -d`, and `down`."""

    name = "rxlaunch"
    cases = ("first", "cold", "warm", "moved", "adopted")

    def __init__(self, mode: str) -> None:
        self.mode = mode

    def begin(self, market: Market, case: str) -> Boot:
        """Launch. A running stack is adopted: usable is what is asked after the command returned."""
        instance = str(market.kept("state.json").get("instance", ""))
        began = time.monotonic()
        command = market.popen("up", "-d", "--mode", self.mode)
        back = Return(command, began)
        if case == "adopted":
            back.seconds(PATIENCE_SECONDS)
            instance = ""
        return Boot(
            lambda: market.where(instance), back.failed, market.down, began, lambda: back.seconds(PATIENCE_SECONDS)
        )


class OldWay:
    """The sequence of the old launchers (scripts/old_launcher.py). Its servers run before it starts, uncounted."""

    name = "old way"
    cases = ("first", "cold", "warm", "moved")

    def __init__(self, mode: str) -> None:
        self.mode = mode  # it knows one only: the storefront is always a dev server

    def begin(self, market: Market, case: str) -> Boot:
        """Start the servers, then the sequence."""
        market.run("up", "-d", "postgres", "redis")
        backend, storefront = (
            free_ports(2) if case == "moved" else (market.ports["backend"], market.ports["storefront"])
        )
        key_file, settings = market.folder / "old-key", market.folder / "old.json"
        key_file.unlink(missing_ok=True)
        document = {
            "env": market.variables("backend"),
            "port": backend,
            "storefront_port": storefront,
            "work": OLD_WORK[case],
            "key_file": str(key_file),
            "stay": True,
        }
        settings.write_text(json.dumps(document), encoding="utf-8")
        began = time.monotonic()
        with market.log.open("ab") as log:
            sequence = subprocess.Popen(
                [sys.executable, str(OLD_LAUNCHER), str(market.root), str(settings)],
                env=market.env, stdin=subprocess.PIPE, stdout=log, stderr=log,
            )  # fmt: skip

        def where() -> Target | None:
            key = key_file.read_text(encoding="utf-8").strip() if key_file.exists() else ""
            return Target(f"http://127.0.0.1:{backend}", f"http://127.0.0.1:{storefront}", key)

        def ended() -> str:
            return "" if sequence.poll() is None else f"the sequence ended with {sequence.returncode}"

        return Boot(where, ended, lambda: self._stop(sequence, market), began)

    def _stop(self, sequence: "subprocess.Popen[bytes]", market: Market) -> None:
        """Its standard input ends: it kills its children and goes."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            sequence.communicate(timeout=PATIENCE_SECONDS)
        if sequence.poll() is None:
            sequence.send_signal(signal.SIGINT)
            sequence.wait(PATIENCE_SECONDS)
        market.down()


class Floor:
    """The same children by hand, everything prepared."""

    name = "floor"
    cases = ("warm", "moved")

    def __init__(self, mode: str) -> None:
        self.mode = mode
        self.learned = Learned({}, {}, "")

    def environment(self, _market: Market) -> dict[str, str]:
        """What its children get besides."""
        return {}

    def learn(self, market: Market) -> None:
        """Note what rxlaunch's stack runs with, while it runs: its ports may not be the preferred ones."""
        ports = {name: int(port) for name, port in market.kept("state.json")["ports"].items()}
        variables = {unit: market.variables(unit) for unit in ("backend", "storefront")}
        self.learned = Learned(variables, ports, str(market.kept("outputs.json")["publishable_key"]))

    def begin(self, market: Market, case: str) -> Boot:
        """Start all four."""
        ports = dict(self.learned.ports)
        if case == "moved":
            ports["backend"], ports["storefront"] = free_ports(2)
        extra = self.environment(market)
        lines = {
            name: (argv, cwd, {**env, **extra})
            for name, (argv, cwd, env) in commands(market, self.learned, self.mode, ports).items()
        }
        target = Target(
            f"http://127.0.0.1:{ports['backend']}", f"http://127.0.0.1:{ports['storefront']}", self.learned.key
        )
        hands = Hands(market.folder / "floor.log")
        began = time.monotonic()
        hands.start(lines, target.storefront)
        return Boot(lambda: target, hands.ended, hands.stop, began)


class CachedFloor(Floor):
    """The same with Node's own cache of compiled code, filled by a boot that is not counted."""

    name = "floor+NODE_COMPILE_CACHE"

    def environment(self, _market: Market) -> dict[str, str]:
        """Where the cache is."""
        return {"NODE_COMPILE_CACHE": str(_market.folder / "compile-cache")}


class Return:
    """Notes when a command has come back, by a thread that waits for it."""

    def __init__(self, command: "subprocess.Popen[bytes]", began: float) -> None:
        self._command, self._began = command, began
        self._seconds: float | None = None
        self._thread = threading.Thread(target=self._wait, daemon=True)
        self._thread.start()

    def _wait(self) -> None:
        self._command.wait()
        self._seconds = time.monotonic() - self._began

    def seconds(self, patience: float) -> float | None:
        """Seconds from the launch; None when it isn't back within the patience."""
        self._thread.join(patience)
        return self._seconds

    def failed(self) -> str:
        """Why it is no use to wait: it came back with an error."""
        code = self._command.poll()
        return f"the command ended with {code}" if code else ""


def has_compile_cache() -> bool:
    """Whether this machine's Node knows NODE_COMPILE_CACHE."""
    node = shutil.which("node")
    if node is None:
        return False
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False, env=dict(os.environ)).stdout
    parts = told.strip().removeprefix("v").split(".")
    return len(parts) > 1 and (int(parts[0]), int(parts[1])) >= FIRST_WITH_COMPILE_CACHE


Contender = Rxlaunch | OldWay | Floor
KNOWN: dict[str, type[Rxlaunch] | type[OldWay] | type[Floor]] = {
    kind.name: kind for kind in (Rxlaunch, OldWay, Floor, CachedFloor)
}
