"""rxlaunch alone: what `status` and a contained child cost, what it uses at rest, and what outlives it when killed."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from scripts import survivors

REPOSITORY = Path(__file__).resolve().parents[2]
RXLAUNCH = (sys.executable, "-m", "launcher")
BOOT_LIMIT_SECONDS = 1800
MEASUREMENTS = {
    "status": "wall time of `status` and `--help` against `python -c pass`",
    "idle": "the supervisor of the whole sample at rest: memory and CPU",
    "survivors": "what is left of a process tree by each way to kill its supervisor",
    "spawn": "what a contained child costs",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of these measurements to a parser."""
    parser.add_argument("--runs", type=int, default=5, help="runs of each measurement")
    parser.add_argument("--mode", choices=["dev", "production"], default="dev")


def main(options: argparse.Namespace) -> int:
    """Run the chosen measurement and print its table."""
    if options.kind == "survivors":
        table(("tree", "killed", "left", "time to none", "left without rxlaunch"), survivors.rows(options.runs))
    elif options.kind == "spawn":
        table(("spawn", "wall", "CPU"), survivors.spawn_cost())
    else:
        with tempfile.TemporaryDirectory(prefix="rxlaunch-bench-") as scratch:
            bench = Bench(Path(scratch), options.mode)
            if options.kind == "status":
                bench.status(options.runs)
            else:
                bench.idle()
    return 0


class Bench:
    """One scratch home and one copy of the sample."""

    def __init__(self, scratch: Path, mode: str) -> None:
        self.market = scratch / "market"
        self.mode = mode
        self.env = {**os.environ, "RXLAUNCH_HOME": str(scratch / "home"), "PYTHONPATH": str(REPOSITORY)}

    def run(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run rxlaunch in the sample (or beside it, while there is none)."""
        cwd = self.market if self.market.is_dir() else REPOSITORY
        return subprocess.run(
            [*RXLAUNCH, *words],
            cwd=cwd, env=self.env, check=check, capture_output=True, text=True, timeout=BOOT_LIMIT_SECONDS,
        )  # fmt: skip

    def status(self, runs: int) -> None:
        """Wall time of `status`, of `--help` and of `python -c pass`, interleaved."""
        commands: dict[str, Sequence[str]] = {
            "python -c pass": (sys.executable, "-c", "pass"),
            "rxlaunch status": (*RXLAUNCH, "status"),
            "rxlaunch --help": (*RXLAUNCH, "--help"),
        }
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(max(runs, 10)):
            for name, command in commands.items():
                times[name].append(timed(lambda command=command: self._quiet(command)))  # type: ignore[misc]
        bare = statistics.median(times["python -c pass"])
        rows = [
            (n, f"{statistics.median(t) * 1000:.0f} ms", f"{statistics.median(t) / bare:.1f}") for n, t in times.items()
        ]
        table(("command", "median", "ratio"), rows)

    def _quiet(self, command: Sequence[str]) -> None:
        subprocess.run(command, cwd=REPOSITORY, env=self.env, check=False, capture_output=True)

    def idle(self, seconds: float = 30.0) -> None:
        """RSS and CPU of the supervisor with the whole stack up and nobody asking."""
        import psutil

        self.run("init", "--sample", str(self.market))
        try:
            self.run("up", "-d", "--mode", self.mode)
            supervisor = psutil.Process(json.loads(self.run("status", "-o", "json").stdout)["pid"])
            time.sleep(5)
            before = supervisor.cpu_times()
            time.sleep(seconds)
            after = supervisor.cpu_times()
            used = (after.user + after.system) - (before.user + before.system)
            shims = [p for p in supervisor.children(recursive=True) if "shim_warden.py" in " ".join(p.cmdline())]
            shim_rss = sum(p.memory_info().rss for p in shims)
            rows = [
                ("supervisor RSS", f"{supervisor.memory_info().rss / 1e6:.1f} MB"),
                (f"shims RSS ({len(shims)})", f"{shim_rss / 1e6:.1f} MB"),
                ("supervisor CPU at rest", f"{100 * used / seconds:.2f} %"),
            ]
            table(("at rest", "value"), rows)
        finally:
            self.run("down", check=False)


def timed(work: Callable[[], object]) -> float:
    """Wall seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table."""
    lines = [list(head), *[list(row) for row in rows]]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    print(flush=True)
