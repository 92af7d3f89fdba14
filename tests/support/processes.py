"""Real process trees for tests, and the oracle that says whether anything of them is left.

Every tree carries three marks, since each can be escaped alone: a variable in the environment (a child may clear it),
a tag in argv (a child may rewrite it) and heartbeat files that grow while a process lives. Every process of these
trees ends by itself after CAP_SECONDS, whatever a failing test leaves behind.
"""

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from launcher.native.contract import INSTANCE_MARK, UNIT_MARK

CAP_SECONDS = 60
REPOSITORY = Path(__file__).resolve().parents[2]
PATH = os.environ["PATH"]

# One member of a tree: `python -c LEAF TAG HEARTBEAT BEHAVIOUR...`; "beat" appends a byte every 20 ms.
LEAF = textwrap.dedent(
    """
    import os, signal, sys, time
    tag, heartbeat, *behaviour = sys.argv[1:]
    if "deaf" in behaviour:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
    if "session" in behaviour:
        os.setsid()
    if "daemon" in behaviour:
        if os.fork(): os._exit(0)
        os.setsid()
        if os.fork(): os._exit(0)
    if "hopper" in behaviour:
        for hop in range(2000):
            if os.fork(): os._exit(0)
            with open(f"{heartbeat}.hops", "a") as file: file.write(".")
    end = time.monotonic() + CAP
    while time.monotonic() < end:
        with open(f"{heartbeat}.{os.getpid()}", "a") as file: file.write(".")
        time.sleep(0.02)
    """
).replace("CAP", str(CAP_SECONDS))

# The main process of a tree: starts one leaf for each description, waits for their first beats, says READY.
ROOT = textwrap.dedent(
    """
    import glob, os, subprocess, sys, time
    leaf, tag, heartbeat, *members = sys.argv[1:]
    for member in members:
        env = {} if "bare" in member else None
        subprocess.Popen([sys.executable, "-I", "-S", "-c", leaf, tag, heartbeat, *member.split("+")], env=env)
    while len(glob.glob(heartbeat + ".*")) < len(members): time.sleep(0.01)
    print("READY", flush=True)
    time.sleep(CAP)
    """
).replace("CAP", str(CAP_SECONDS))

WORST_TREE = ("plain", "deaf", "session", "daemon", "daemon+deaf", "session+deaf+bare")


@dataclass
class Marks:
    """What a test's processes can be recognised by."""

    heartbeat: Path
    instance: str = field(default_factory=lambda: uuid.uuid4().hex)
    tag: str = field(default_factory=lambda: f"tag-{uuid.uuid4().hex}")
    unit: str = "tree"

    @property
    def env(self) -> dict[str, str]:
        """A complete environment with the marks in it."""
        return {"PATH": PATH, INSTANCE_MARK: self.instance, UNIT_MARK: self.unit}

    def tree(self, *members: str) -> tuple[str, ...]:
        """The command line of a tree with these members."""
        return (sys.executable, "-I", "-S", "-c", ROOT, LEAF, self.tag, str(self.heartbeat), *members)

    def leaf(self, *behaviour: str) -> tuple[str, ...]:
        """The command line of a single process."""
        return (sys.executable, "-I", "-S", "-c", LEAF, self.tag, str(self.heartbeat), *behaviour)

    def survivors(self) -> dict[int, str]:
        """Living processes with our environment mark or our tag in argv: pid and command line."""
        needles = (f"{INSTANCE_MARK}={self.instance}".encode(), self.tag.encode())
        found = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            with contextlib.suppress(OSError):
                text = (entry / "environ").read_bytes() + b"\0" + (entry / "cmdline").read_bytes()
                if any(needle in text for needle in needles) and state(int(entry.name)) not in ("", "Z"):
                    found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()[-80:]
        return found

    def heartbeats(self) -> int:
        """How often anything of the tree has beaten; grows as long as anything lives."""
        return sum(file.stat().st_size for file in self.heartbeat.parent.glob(f"{self.heartbeat.name}.*"))

    def clean(self) -> None:
        """Kill what is left, by pid, until nothing is."""
        deadline = time.monotonic() + 10
        while (left := self.survivors()) and time.monotonic() < deadline:
            for pid in left:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.005)


@contextlib.contextmanager
def marks(directory: Path) -> Iterator[Marks]:
    """Marks for one test; whatever carries them afterwards is killed."""
    made = Marks(directory / "beat")
    try:
        yield made
    finally:
        made.clean()


def state(pid: int) -> str:
    """The state letter of a process; empty when there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def until(true: Callable[[], object], seconds: float = 10.0, what: str = "") -> float:
    """Wait for a condition; how long it took. Fails the test when time is up."""
    begun = time.monotonic()
    while not true():
        assert time.monotonic() - begun < seconds, f"not within {seconds} s: {what or true}"
        time.sleep(0.005)
    return time.monotonic() - begun


def assert_no_survivors(left: Marks, within: float) -> float:
    """Nothing with these marks lives after this time, and no heart beats on; how long it took."""
    begun = time.monotonic()
    while survivors := left.survivors():
        assert time.monotonic() - begun < within, f"still alive after {within} s: {survivors}"
        time.sleep(0.005)
    took = time.monotonic() - begun
    before = left.heartbeats()
    time.sleep(0.08)  # four beats
    assert left.heartbeats() == before, "something beats on that no longer shows its marks"
    return took


@contextlib.contextmanager
def script(source: str, *arguments: str, new_group: bool = False) -> Iterator[subprocess.Popen[str]]:
    """A Python program of its own that can import the package; waits for its line READY."""
    command = [sys.executable, "-W", "error", "-c", textwrap.dedent(source), *arguments]
    env = {"PATH": PATH, "PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1"}
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True, start_new_session=new_group)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("READY"):
                break
        else:
            raise AssertionError(f"the script ended with {process.wait()} before it was ready")
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
