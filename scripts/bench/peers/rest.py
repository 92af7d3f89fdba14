"""How much: memory and CPU of the supervisor alone, at rest with few children and with many."""

import contextlib
import re
import time
from pathlib import Path

import psutil  # noqa: TID253 - this is no part of the program

from scripts.bench.peers.children import Project, sleepers
from scripts.bench.peers.course import Bench
from scripts.bench.peers.programs import Floor
from scripts.bench.peers.running import Run


def cpu_seconds(processes: list[psutil.Process]) -> float:
    """CPU time so far, ended threads included, by each process's CPU clock: see clock_getcpuclockid(3)."""
    total = 0.0
    for process in processes:
        with contextlib.suppress(OSError):
            total += time.clock_gettime((~process.pid << 3) | 2)
    return total


def memory_mb(processes: list[psutil.Process]) -> tuple[float, dict[str, float]]:
    """RSS of the processes together; and PSS and USS.

    RSS counts shared pages once a process, so forks of one another look bigger than they are; PSS counts each page
    once in all, USS not at all when it is shared.
    """
    rss = uss = pss = 0
    for process in processes:
        with contextlib.suppress(psutil.Error):
            full = process.memory_full_info()
            rss, uss, pss = rss + full.rss, uss + full.uss, pss + full.pss
    return rss / 1e6, {"pss_mb": round(pss / 1e6, 1), "uss_mb": round(uss / 1e6, 1)}


def idle(bench: Bench) -> None:
    """Memory and CPU of the supervisor alone, over 20 s, with 3 and with 100 sleeping children."""
    for count in (3, 100):
        for _ in range(bench.rounds or 3):
            with bench.together(bench.peers("idle"), Project(sleepers(count))) as runs:
                time.sleep(5)
                idle_together(bench, runs, count)


def idle_together(bench: Bench, runs: list[Run], count: int) -> None:
    """Record what each of the runs used while all of them did nothing."""
    own = {run: run.own_processes() for run in runs}
    before = {run: (time.time(), cpu_seconds(own[run][0])) for run in runs}
    time.sleep(20)
    for run in runs:
        processes, shells = own[run]
        now, cpu = time.time(), cpu_seconds(processes)
        percent = 100 * (cpu - before[run][1]) / (now - before[run][0])
        rss, shares = memory_mb(processes)
        alive = sum(psutil.pid_exists(pid) for _, pid, _ in run.started())
        bench.add(f"idle_cpu_pct_{count}", run.peer.name, percent, children_alive=alive)
        more = {**shares, "processes": len(processes), "shells": shells}
        bench.add(f"idle_rss_mb_{count}", run.peer.name, rss, **more)


def peak_rss_mb(process: psutil.Process) -> float:
    """The most memory that a process ever had."""
    try:
        found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text())
    except OSError:
        return 0
    return int(found[1]) / 1000 if found else 0


def scale(bench: Bench, count: int = 300) -> None:
    """From launching the supervisor to the start of the last of 300 children; memory 3 s later."""
    for peer in bench.each(bench.peers("scale", floor=True), 3):
        with Run(peer, Project(sleepers(count)), bench.work) as run:
            run.up()
            whole = run.wait_started(count, 180)
            begun = run.started()
            took = begun[-1][2] - run.launched if whole else None
            time.sleep(3)
            own, shells = run.own_processes()
            rss, shares = memory_mb(own)
            error = {} if whole else {"error": run.last_words()}
            bench.add("scale_300_s", peer.name, took, started=len(begun), **error)
            if whole and type(peer) is not Floor:
                more = {**shares, "processes": len(own), "shells": shells}
                bench.add("scale_300_rss_mb", peer.name, rss, **more)
