"""Ends: how soon children are gone when they are told to go, and what is left when things end badly."""

import os
import signal
import time

from scripts.bench.peers.children import Child, Project, sleepers
from scripts.bench.peers.course import Bench
from scripts.bench.peers.running import Run, end
from scripts.bench.peers.watch import Watch


def stop(bench: Bench) -> None:
    """From the stop's beginning until all of 3 children that die at SIGTERM are gone."""
    for peer in bench.each(bench.peers("stop"), 8):
        for how in ("down", "sigterm"):
            with Run(peer, Project(sleepers(3)), bench.work) as run:
                run.up()
                if not run.wait_started(3):
                    bench.add(f"stop_{how}_ms", peer.name, None, error="not started")
                    continue
                bench.settle()
                record_stop(bench, run, how, f"stop_{how}_ms")


def stubborn(bench: Bench) -> None:
    """The same with one child of the three that ignores SIGTERM, and a grace of 2 s."""
    for peer in bench.each(bench.peers("stubborn"), 3):
        children = [Child("c0"), Child("c1", "stubborn"), Child("c2")]
        with Run(peer, Project(children, grace=2), bench.work) as run:
            run.up()
            if run.wait_started(3):
                bench.settle()
                record_stop(bench, run, "down", "stop_stubborn_ms", timeout=8)


def record_stop(bench: Bench, run: Run, how: str, metric: str, timeout: float = 5) -> None:
    """Stop the run, and record when its children and its supervisor were gone."""
    pids = [pid for _, pid, _ in run.started()]
    supervisor = run.peer.main_pid(run)
    watch = Watch([supervisor, *pids])
    begin = time.time()
    command = run.begin_down(how)
    gone = watch.wait(timeout, pids)
    watch.wait(3)
    took = (max(watch.ended[pid] for pid in pids) - begin) * 1000 if gone else None
    left = (watch.ended[supervisor] - begin) * 1000 if supervisor in watch.ended else None
    end(command, patience=2)
    grace = {"grace_set": run.peer.grace_is_set} if metric == "stop_stubborn_ms" else {}
    alive = sum(pid in watch.alive() for pid in pids)
    bench.add(metric, run.peer.name, took, alive=alive, supervisor_gone_ms=left and round(left), **grace)
    watch.close()


def leftovers(bench: Bench) -> None:
    """Processes alive after kill -9 of the supervisor (3 s), and after its own way of stopping (8 s).

    Three children, each with a server below it: 6 processes.  `family`: a shell that waits for a
    server in its background.  `wrapper`: sh -c '...' around a server in its foreground, as npm makes.
    `setsid`: the server is in a session of its own.
    """
    cases = (
        ("orphans_kill9", "family", "kill"),
        ("left_after_down_wrapper", "wrapper", "down"),
        ("left_after_down_setsid", "setsid", "down"),
    )
    peers = bench.peers("leftovers")
    for metric, kind, how in cases * (bench.rounds or 4):
        with bench.together(peers, Project(sleepers(3, kind))) as runs:
            for run in runs:
                run.wait_started(3, folder="kids")
            time.sleep(2)
            leave(bench, runs, metric, how)


def leave(bench: Bench, runs: list[Run], metric: str, how: str) -> None:
    """End all the runs at once, and count what each of them leaves."""
    watched = []
    for run in runs:
        shells, servers = Watch(pid for _, pid, _ in run.started()), Watch(run.kids())
        command = None
        if how == "kill":
            os.kill(run.peer.main_pid(run), signal.SIGKILL)
        else:
            command = run.begin_down("down")
        watched.append((run, shells, servers, command))
    time.sleep(3 if how == "kill" else 8)
    for run, shells, servers, command in watched:
        shells.wait(0.01)
        servers.wait(0.01)
        left = {"shells": len(shells.alive()), "servers": len(servers.alive())}
        bench.add(metric, run.peer.name, sum(left.values()), **left)
        shells.close()
        servers.close()
        end(command)
