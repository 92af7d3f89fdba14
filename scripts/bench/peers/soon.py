"""How soon: the status command, the start of children, a gate, a restart."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from scripts.bench.peers.children import Child, Project, sleepers
from scripts.bench.peers.contract import Peer
from scripts.bench.peers.course import Bench
from scripts.bench.peers.running import Run
from scripts.bench.peers.watch import free_port


def children_cpu() -> float:
    """CPU seconds of the commands waited for so far."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def timed(bench: Bench, name: str, argv: Sequence[str], run: Run | None = None) -> None:
    """Record wall and CPU time of one status command, or of a floor when there is no run."""
    cpu, begin = children_cpu(), time.perf_counter()
    if run is None:
        subprocess.run(argv, env={"PATH": os.defpath}, stdout=subprocess.DEVNULL, check=False)
        done = None
    else:
        done = run.ask(list(argv))
    took, cpu = (time.perf_counter() - begin) * 1000, round((children_cpu() - cpu) * 1000)
    if run is None or done is None:
        bench.add("cli_status_ms", name, took, cpu_ms=cpu)
        return
    named = all(child.name.encode() in done.stdout for child in run.project.children)
    bench.add("cli_status_ms", name, took, cpu_ms=cpu, names_all=named)


def cli_status(bench: Bench) -> None:
    """Wall time of the status command, all daemons up at once, each with 3 children."""
    peers = [peer for peer in bench.peers("status") if type(peer).status is not Peer.status]
    floors = {
        "floor: python3 -c pass": [sys.executable, "-c", "pass"],
        "floor: python3 -I -S -c pass": [sys.executable, "-I", "-S", "-c", "pass"],
        "floor: node -e 0": [shutil.which("node") or "node", "-e", "0"],
    }
    with bench.together(peers, Project(sleepers(3))) as runs:
        time.sleep(3)
        for _ in range(bench.rounds or 20):
            for run in bench.shuffled_runs(runs):
                timed(bench, run.peer.name, run.peer.status(run) or [], run)
            for name, argv in floors.items():
                if Path(argv[0]).exists():
                    timed(bench, name, argv)


def up(bench: Bench) -> None:
    """From launching the supervisor to the last of 3 children starting; and until a command that detaches is back."""
    for peer in bench.each(bench.peers("up", floor=True), 12):
        with Run(peer, Project(sleepers(3)), bench.work) as run:
            run.up()
            whole = run.wait_started(3)
            last = run.started()[-1][2] if whole else None
            bench.add("up_ms", peer.name, last and (last - run.launched) * 1000)
            if peer.detaches:
                bench.add("up_returned_ms", peer.name, run.returned_after_ms(60))


def gate(bench: Bench) -> None:
    """From A's port opening, 1.000 s after A's start, to B's start; and over other phases."""
    for delay in (1.000, None):
        for peer in bench.each(bench.peers("gate", having="gates"), 8):
            wait = delay or 1 + bench.random.random()
            took = gate_once(bench, peer, wait)
            metric = "gate_latency_ms" if delay else "gate_latency_any_phase_ms"
            bench.add(metric, peer.name, took, opened_after=wait)


def gate_once(bench: Bench, peer: Peer, wait: float) -> float | None:
    """One project of two, and how long the second was held back too long."""
    port = free_port()
    children = [Child("a", "listen", (str(port), f"{wait:.3f}")), Child("b")]
    with Run(peer, Project(children, gate_port=port), bench.work) as run:
        run.up()
        if not run.wait_started(2, 30):
            return None
        opened = float((run.dir / "opened").read_text())
        return (run.started()[-1][2] - opened) * 1000


def restart(bench: Bench) -> None:
    """From kill -9 of a child that has run a while to its replacement's start."""
    peers = bench.peers("restart", having="restarts")
    with bench.together(peers, Project(sleepers(3), restart=True)) as runs:
        for turn in range(bench.rounds or 8):
            time.sleep(2 + bench.random.random())  # long enough up to count as started, at any phase
            for run in bench.shuffled_runs(runs):
                bench.add("restart_latency_ms", run.peer.name, restart_once(run, f"c{turn % 3}"))


def restart_once(run: Run, name: str) -> float | None:
    """Kill the child of that name; milliseconds until its replacement has started."""
    before = [mark for mark in run.started() if mark[0] == name]
    killed = time.time()
    os.kill(before[-1][1], signal.SIGKILL)
    deadline, after = killed + 20, before
    while len(after) == len(before) and time.time() < deadline:
        time.sleep(0.005)
        after = [mark for mark in run.started() if mark[0] == name]
    return (after[-1][2] - killed) * 1000 if len(after) > len(before) else None
