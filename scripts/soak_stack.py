"""The stack a soak runs: `rxlaunch` run on it as a user would, who is who in it, and what is left of it."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from launcher import native
from launcher.native import containment
from launcher.native.contract import Identity
from launcher.native.shim import children
from launcher.paths import StackPaths
from scripts import soak_programs
from scripts.soak_programs import NUMBER_BYTES
from tests.support import processes

REPOSITORY = Path(__file__).resolve().parent.parent
UNSETTLED = frozenset({"crasher"})  # it is always on its way down or up again
GONE_SECONDS = 2.0  # after an orderly end, for whatever still collects its dead
NOT_INHERITED = ("RXLAUNCH_", "DATABASE_URL", "REDIS_URL", "CI", "NO_COLOR")


class Unexpected(Exception):
    """Something is not as it should be; the sentence that says what."""


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command of rxlaunch ended."""

    argv: tuple[str, ...]
    code: int
    text: str


class SoakStack:
    """A project directory with its own RXLAUNCH_HOME, and a tag that finds everything ever started for it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.root = directory / "project"
        self.home = directory / "home"
        (self.root / "watched").mkdir(parents=True)
        self.marks = processes.Marks(self.root / "beat", tag=f"soak-{uuid.uuid4().hex[:12]}")
        self.instances: set[str] = set()
        self._clients: list[subprocess.Popen[str]] = []
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(NOT_INHERITED)}
        self.env = inherited | {
            "RXLAUNCH_HOME": str(self.home),
            "PYTHONPATH": str(REPOSITORY),
            "PYTHONDONTWRITEBYTECODE": "1",
            "RX_SOAK": self.marks.tag,
        }
        self._write()

    def _write(self) -> None:
        words = {"PYTHON": sys.executable, "TAG": self.marks.tag, "HEARTBEAT": str(self.marks.heartbeat)}
        for name, source in soak_programs.files(words).items():
            (self.root / name).write_text(source, encoding="utf-8")

    # --- commands ---------------------------------------------------------------------------------------------

    def popen(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start a command of rxlaunch."""
        started = subprocess.Popen(
            [sys.executable, "-P", "-m", "launcher", *arguments],
            cwd=self.root, env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace", start_new_session=True,
        )  # fmt: skip
        self._clients.append(started)
        return started

    def drop_clients(self) -> None:
        """End the commands that nobody will wait for, because something went wrong meanwhile."""
        for client in self._clients:
            if client.returncode is None:
                client.kill()
                client.communicate()
        self._clients.clear()

    def finish(self, started: "subprocess.Popen[str]", *arguments: str, seconds: float = 120) -> Ran:
        """Wait for a command that was started. Raises Unexpected for a traceback, or one that never ends."""
        self._clients.remove(started)
        try:
            text, _ = started.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            started.kill()
            text, _ = started.communicate()
            raise Unexpected(
                f"rxlaunch {' '.join(arguments)} did not end within {seconds:g} s: {text[-2000:]}"
            ) from None
        if "Traceback" in text:
            raise Unexpected(f"rxlaunch {' '.join(arguments)} ended with a traceback:\n{text}")
        return Ran(arguments, started.returncode, text)

    def run(self, *arguments: str, code: int | None = 0, seconds: float = 120) -> Ran:
        """Run a command of rxlaunch to its end; its exit code must be this one, if any."""
        ran = self.finish(self.popen(*arguments), *arguments, seconds=seconds)
        if code is not None and ran.code != code:
            raise Unexpected(f"rxlaunch {' '.join(arguments)} gave {ran.code} instead of {code}:\n{ran.text}")
        return ran

    def together(self, times: int, *arguments: str) -> None:
        """Run a command several times at once; each must succeed."""
        started = [self.popen(*arguments) for _ in range(times)]
        ended = [self.finish(one, *arguments) for one in started]
        for ran in ended:
            if ran.code != 0:
                raise Unexpected(f"one of {times} rxlaunch {' '.join(arguments)} gave {ran.code}:\n{ran.text}")

    def status(self) -> dict[str, Any]:
        """What `rxlaunch status` tells programs."""
        ran = self.run("status", "-o", "json", code=None, seconds=30)
        try:
            told: dict[str, Any] = json.loads(ran.text)
        except ValueError:
            raise Unexpected(f"rxlaunch status -o json printed no JSON (exit code {ran.code}):\n{ran.text}") from None
        if told.get("instance"):
            self.instances.add(told["instance"])
        return told

    # --- files ------------------------------------------------------------------------------------------------

    def paths(self) -> StackPaths:
        """Where the state of this stack is."""
        (home,) = (self.home / "stacks").iterdir()
        return StackPaths(self.root, home)

    def state(self) -> dict[str, Any]:
        """The state file as it is now; empty when there is none. Cheaper than `status`."""
        try:
            found: dict[str, Any] = json.loads(self.paths().state.read_bytes())
        except (OSError, ValueError):
            return {}
        return found

    def supervisor(self) -> Identity | None:
        """The living supervisor."""
        told = self.state().get("supervisor")
        who = Identity(told["pid"], told["started"], told["boot"]) if told else None
        return who if who is not None and native.alive(who) else None

    def acknowledged(self) -> list[int]:
        """The numbers whose transaction is known to be committed."""
        return numbers(self.root / "acknowledged")

    def size(self, name: str) -> int:
        """Bytes of a file of the project; 0 when it is not there."""
        try:
            return (self.root / name).stat().st_size
        except OSError:
            return 0

    # --- processes, by identity ---------------------------------------------------------------------------------

    def main(self, unit: str) -> Identity | None:
        """The main process of a unit, if it is one of ours."""
        pid = self.state().get("units", {}).get(unit, {}).get("pid")
        return self.ours(pid) if pid else None

    def shim(self, unit: str) -> Identity | None:
        """What holds the unit's processes: of those that hold something, the one above its main process."""
        main = self.main(unit)
        return next(
            (who for who in self.shims() if main and main.pid in native.tree(who.pid) and self._holds(who)), None
        )

    def warden(self) -> Identity | None:
        """What forks the shims, if anything does."""
        return next((who for who in self.shims() if not self._holds(who)), None)

    def _holds(self, who: Identity) -> bool:
        """Whether it is the parent of a main process."""
        mains = {unit.get("pid") for unit in self.state().get("units", {}).values()}
        return bool(mains & set(children(who.pid)))

    def shims(self) -> list[Identity]:
        """All that hold processes for the running instance."""
        instance = self.state().get("instance")
        return containment.shims_of(instance) if instance else []

    def below(self, who: Identity) -> list[Identity]:
        """All descendants of a process."""
        found = [native.identity(pid) for pid in sorted(native.tree(who.pid))]
        return [one for one in found if one is not None]

    def ours(self, pid: int) -> Identity | None:
        """The process with this pid, if the running supervisor is above it."""
        supervisor, who = self.supervisor(), native.identity(pid)
        if supervisor is None or who is None or pid not in native.tree(supervisor.pid):
            return None
        return who

    # --- the end --------------------------------------------------------------------------------------------------

    def survivors(self) -> dict[int, str]:
        """Whatever still lives of this stack: by tag (environment, argv), by directory, by the instances' marks."""
        found = self.marks.survivors()
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError, ValueError):
                if (entry / "cwd").readlink().is_relative_to(self.directory) and processes.state(
                    int(entry.name)
                ) != "Z":
                    found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()[-80:]
        for instance in self.instances:
            for who in native.find_marked(instance):
                found.setdefault(who.pid, f"marked by instance {instance}")
        return found

    def nothing_left(self, seconds: float = GONE_SECONDS) -> None:
        """Nothing of the stack lives any more. Raises Unexpected."""
        deadline = time.monotonic() + seconds
        while left := self.survivors():
            if time.monotonic() > deadline:
                raise Unexpected(f"still alive after an orderly end: {left}")
            time.sleep(0.05)

    def clean_up(self) -> None:
        """End whatever is left, by what found it, and nothing else."""
        self.drop_clients()
        with contextlib.suppress(Unexpected, OSError):
            self.run("down", "--timeout", "20", code=None, seconds=60)
        deadline = time.monotonic() + 10
        while (left := self.survivors()) and time.monotonic() < deadline:
            for pid in left:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.02)

    def remove(self) -> None:
        """Remove the directory."""
        shutil.rmtree(self.directory, ignore_errors=True)


def numbers(path: Path) -> list[int]:
    """The whole numbers of a file of the writer; one that was cut short by a kill is left out."""
    try:
        data = path.read_bytes()
    except OSError:
        return []
    whole = len(data) // NUMBER_BYTES * NUMBER_BYTES
    return [int(data[at : at + NUMBER_BYTES]) for at in range(0, whole, NUMBER_BYTES)]


def wait_until(true: Callable[[], object], seconds: float, what: str) -> float:
    """Wait for a condition; how long it took. Raises Unexpected when time is up."""
    begun = time.monotonic()
    while not true():
        if time.monotonic() - begun > seconds:
            raise Unexpected(f"not within {seconds:g} s: {what}")
        time.sleep(0.05)
    return time.monotonic() - begun
