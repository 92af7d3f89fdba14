"""What outlives a killed supervisor, by kill method: rxlaunch, and the same trees without it. Used by bench.py.

Counts by three marks at once: a variable in the environment, a word in the arguments, a file that grows.
"""

import asyncio
import contextlib
import json
import os
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from launcher import native  # noqa: E402
from launcher.native import containment, proc  # noqa: E402
from tests.support.processes import WORST_TREE, Marks, marks  # noqa: E402 - the line above makes it importable

GRACE = 1.0
PATIENCE = 8.0
POLITE = ("plain", "session", "daemon")
HOPPERS = (*WORST_TREE, "daemon+deaf+bare", "daemon+deaf+hopper")
TREES = {"polite": POLITE, "worst": WORST_TREE, "worst, bare, hopping": HOPPERS}
SUPERVISOR = """
import asyncio, json, sys
from launcher import native
argv, env, grace = json.loads(sys.argv[1])
async def main():
    native.become_guardian()
    spec = native.LaunchSpec(tuple(argv), "/", env, grace_seconds=grace)
    await native.spawn(spec, lambda chunk: print(chunk.decode(), end="", flush=True))
    await asyncio.sleep(60)
asyncio.run(main())
"""
BARE = """
import json, subprocess, sys, time
argv, env, grace = json.loads(sys.argv[1])
subprocess.Popen(argv, env=env)
time.sleep(60)
"""
KILLS = ("supervisor", "its process group", "the shim", "supervisor, warden, shim")
Row = tuple[str, ...]


def rows(runs: int) -> list[Row]:
    """A row a tree and kill method: survivors and seconds to zero with rxlaunch, survivors without."""
    found: list[Row] = []
    for tree in TREES:
        for kill in KILLS:
            ours = [_once(SUPERVISOR, tree, kill) for _ in range(runs)]
            left = sorted({str(count) for count, _ in ours})
            times = [seconds for _, seconds in ours]
            bare = str(_once(BARE, tree, kill)[0]) if kill in KILLS[:2] else "-"  # it has no shims
            spread = f"{statistics.median(times):.2f} s ({min(times):.2f}-{max(times):.2f})"
            found.append((tree, kill, "/".join(left), spread, bare))
    return found


def _once(source: str, tree: str, kill: str) -> tuple[int, float]:
    """How many processes are left for good, and after how many seconds the last of the others was gone."""
    with (
        tempfile.TemporaryDirectory() as scratch,
        marks(Path(scratch)) as made,
        _running(source, made, tree) as process,
    ):
        _kill(process, made, kill)
        began = last = time.monotonic()
        if kill == KILLS[-1]:
            native.kill_marked(made.instance)  # what the next status, down or up does; it looks on for a while
            last = time.monotonic()

        def still_there() -> set[int]:
            return made.survivors().keys() - {process.pid}  # its arguments carry the tag, too

        left = still_there()
        while left and time.monotonic() - began < PATIENCE:
            time.sleep(0.002)
            now = still_there()
            last = time.monotonic() if len(now) < len(left) else last
            left = now
            if source == BARE and time.monotonic() - last > GRACE:
                break
        before = made.heartbeats()
        time.sleep(0.2)
        return len(left) + (not left and made.heartbeats() > before), last - began


def _kill(process: "subprocess.Popen[str]", made: Marks, kill: str) -> None:
    shims = {who.pid for who in containment.shims_of(made.instance)}
    holding = {pid for pid in shims if proc.parent(pid) in shims}  # the warden forked them
    if kill == "its process group":
        os.killpg(process.pid, signal.SIGKILL)
    victims = {"supervisor": {process.pid}, "the shim": holding, KILLS[-1]: {process.pid, *shims}}.get(kill, set())
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in victims:
            os.kill(pid, number)


@contextlib.contextmanager
def _running(source: str, made: Marks, tree: str) -> Iterator["subprocess.Popen[str]"]:
    order = json.dumps([made.tree(*TREES[tree]), made.env, GRACE])
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-c", source, order], env=env, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        while process.stdout and not process.stdout.readline().startswith("READY"):
            pass
        yield process
    finally:
        process.kill()
        process.communicate()


def spawn_cost(count: int = 50) -> list[Row]:
    """What a contained child costs beside a plain one, and what its shim keeps: milliseconds and kilobytes."""
    return asyncio.run(_spawn_cost(count))


async def _spawn_cost(count: int) -> list[Row]:
    env = {"PATH": os.environ["PATH"], native.INSTANCE_MARK: "bench", native.UNIT_MARK: "bench"}
    keep = await native.spawn(native.LaunchSpec(("sleep", "60"), "/", env), lambda _chunk: None)
    shim = proc.parent(keep.pid)
    lines = Path(f"/proc/{shim}/smaps_rollup").read_text(encoding="ascii").splitlines()
    sizes = {
        line.split(":")[0]: int(line.split()[1]) for line in lines if line.startswith(("Rss", "Pss:", "Private_D"))
    }

    async def contained() -> None:
        child = await native.spawn(native.LaunchSpec(("true",), "/", env), lambda _chunk: None)
        await child.wait()

    began, before = time.perf_counter(), _cpu()
    for _ in range(count):
        await contained()
    wall = (time.perf_counter() - began) / count
    keep.kill()
    await keep.wait()  # the warden goes with its last child, and only then its shims' time is counted
    cpu = (_cpu() - before) / count
    began, before = time.perf_counter(), _cpu()
    for _ in range(count):
        await (await asyncio.create_subprocess_exec("true", stdout=subprocess.PIPE)).wait()
    plain, plain_cpu = (time.perf_counter() - began) / count, (_cpu() - before) / count
    return [
        ("contained: spawn to end of `true`", f"{wall * 1000:.1f} ms", f"{cpu * 1000:.1f} ms CPU"),
        ("plain asyncio: the same", f"{plain * 1000:.1f} ms", f"{plain_cpu * 1000:.1f} ms CPU"),
        ("a shim's memory", f"RSS {sizes['Rss']} kB, PSS {sizes['Pss']} kB", f"private {sizes['Private_Dirty']} kB"),
    ]


def _cpu() -> float:
    """CPU seconds of this process and of its children that ended."""
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in both)
