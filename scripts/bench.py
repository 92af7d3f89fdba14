#!/usr/bin/env python3
"""Measure rxlaunch: `status` against a bare interpreter, boots of the sample against the old launchers' way.

Run it with the environment of scripts/dev.py: `.venv/bin/python scripts/bench.py status|boot|idle|survivors|spawn|all`.
Figures of one run stand beside each other as ratios; nothing here asserts.
"""

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from scripts import survivors  # noqa: E402 - the line above makes it importable when this file is run as a script

RXLAUNCH = (sys.executable, "-m", "launcher")
BOOT_LIMIT_SECONDS = 1800
OLD_CASES = (  # name, backend port, what is done before the launch
    ("cold (nothing installed)", 9101, "everything"),
    ("warm, as built", 9101, "nothing"),
    ("warm, port moved: rebuild", 9102, "build"),
)


def main() -> None:
    """Run the chosen measurements and print a table each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["status", "boot", "idle", "survivors", "spawn", "all"])
    parser.add_argument("--runs", type=int, default=5, help="runs of each short measurement, and of warm boots")
    parser.add_argument("--mode", choices=["dev", "production"], default="dev")
    parser.add_argument("--without-old", action="store_true", help="leave out the old launchers' way")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rxlaunch-bench-") as scratch:
        bench = Bench(Path(scratch), options.mode, options.runs)
        try:
            if options.what in ("status", "all"):
                bench.status()
            if options.what in ("survivors", "all"):
                table(("tree", "killed", "left", "time to none", "left without rxlaunch"), survivors.rows(options.runs))
            if options.what in ("spawn", "all"):
                table(("spawn", "wall", "CPU"), survivors.spawn_cost())
            if options.what in ("boot", "idle", "all"):
                bench.boot(idle=options.what != "boot", old=options.what != "idle" and not options.without_old)
        finally:
            bench.run("down", check=False)


class Bench:
    """One scratch home and one copy of the sample, shared by all measurements of a run."""

    def __init__(self, scratch: Path, mode: str, runs: int) -> None:
        self.market = scratch / "market"
        self.mode = mode
        self.runs = runs
        self.env = {**os.environ, "RXLAUNCH_HOME": str(scratch / "home"), "PYTHONPATH": str(ROOT)}

    def run(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run rxlaunch in the sample (or beside it, while there is none)."""
        cwd = self.market if self.market.is_dir() else ROOT
        return subprocess.run(
            [*RXLAUNCH, *arguments],
            cwd=cwd, env=self.env, check=check, capture_output=True, text=True, timeout=BOOT_LIMIT_SECONDS,
        )  # fmt: skip

    # --- short ones -----------------------------------------------------------------------------------------

    def status(self) -> None:
        """Wall time of `status`, of `--help` and of `python -c pass`, interleaved."""
        commands: dict[str, Sequence[str]] = {
            "python -c pass": (sys.executable, "-c", "pass"),
            "rxlaunch status": (*RXLAUNCH, "status"),
            "rxlaunch --help": (*RXLAUNCH, "--help"),
        }
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(max(self.runs, 10)):
            for name, command in commands.items():
                times[name].append(timed(lambda command=command: self._quiet(command)))  # type: ignore[misc]
        bare = statistics.median(times["python -c pass"])
        rows = [
            (n, f"{statistics.median(t) * 1000:.0f} ms", f"{statistics.median(t) / bare:.1f}") for n, t in times.items()
        ]
        table(("command", "median", "ratio"), rows)

    def _quiet(self, command: Sequence[str]) -> None:
        subprocess.run(command, cwd=ROOT, env=self.env, check=False, capture_output=True)

    # --- boots ----------------------------------------------------------------------------------------------

    def boot(self, *, idle: bool, old: bool) -> None:
        """Cold and warm boots of the sample, the supervisor at rest, and the old launchers' way."""
        self.run("init", "--sample", str(self.market))
        cold = self.up("cold")
        if idle:
            self.idle()
        self.run("down")
        warm = []
        for number in range(self.runs):
            warm.append(self.up(f"warm {number + 1}", timeline=number == 0))
            self.run("down")
        rows: list[tuple[str, ...]] = [
            ("rxlaunch cold (nothing installed)", f"{cold:.1f} s"),
            ("rxlaunch warm", spread(warm)),
            ("rxlaunch warm, both ports taken by strangers", f"{self.moved():.1f} s"),
        ]
        if old:
            rows += self.old_way()
        table(("boot to verified usable", "time"), rows)

    def up(self, name: str, *, timeline: bool = True) -> float:
        """Seconds that `up -d` takes; prints when each unit began and was ready."""
        seconds = timed(lambda: self.run("up", "-d", "--mode", self.mode))
        print(f"{name}: {seconds:.1f} s", flush=True)
        if timeline:
            self.timeline()
        return seconds

    def moved(self) -> float:
        """Seconds of a warm boot whose preferred ports are taken."""
        book = next(Path(self.env["RXLAUNCH_HOME"]).glob("stacks/*/ports.json"))
        known = json.loads(book.read_text(encoding="utf-8"))
        strangers = [socket.create_server(("127.0.0.1", known[name])) for name in ("backend", "storefront")]
        try:
            return self.up("warm, ports moved", timeline=False)
        finally:
            self.run("down")
            for stranger in strangers:
                stranger.close()

    def timeline(self) -> None:
        """The last boot from its event log."""
        begun: dict[str, float] = {}
        rows: list[tuple[str, ...]] = []
        zero = None
        for event in self.events():
            zero = zero or event["at"]
            if event["type"] == "UnitStarting":
                begun[event["unit"]] = event["at"]
            if event["type"] in ("UnitReady", "UnitDone", "UnitSkipped") and event["unit"] in begun:
                start = begun.pop(event["unit"])
                what = "skipped" if event["type"] == "UnitSkipped" else f"{event['at'] - start:.2f} s"
                rows.append((event["unit"], f"{start - zero:.2f}", f"{event['at'] - zero:.2f}", what))
        table(("unit", "begun", "ready", "took"), rows)

    def events(self) -> list[dict[str, Any]]:
        """Events of the last instance."""
        files = list(Path(self.env["RXLAUNCH_HOME"]).glob("stacks/*/events.ndjson"))
        return [json.loads(line) for line in files[0].read_text(encoding="utf-8").splitlines()] if files else []

    def idle(self, seconds: float = 30.0) -> None:
        """RSS and CPU of the supervisor with the whole stack up and nobody asking."""
        import psutil

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

    # --- the old way ----------------------------------------------------------------------------------------

    def old_way(self) -> list[tuple[str, ...]]:
        """A fresh sample booted one step after another as the old launchers did, on servers that run already."""
        self.market = self.market.parent / "old"
        self.run("init", "--sample", str(self.market))
        self.run("up", "-d", "postgres", "redis")
        document = json.loads(self.run("env", "backend", "--reveal", "-o", "json").stdout)
        env = {name: row["value"] for name, row in document["units"]["backend"].items() if row["value"] is not None}
        settings = self.market.parent / "old.json"
        script = ROOT / "scripts" / "old_launcher.py"
        rows: list[tuple[str, ...]] = []
        try:
            for name, port, work in OLD_CASES:
                settings.write_text(json.dumps({"env": env, "port": port, "work": work}), encoding="utf-8")
                command = [sys.executable, str(script), str(self.market), str(settings)]
                done = subprocess.run(command, env=self.env, capture_output=True, text=True, check=False)
                print(done.stdout, done.stderr[-2000:], flush=True)
                rows.append((f"old way, {name}", done.stdout.strip().splitlines()[-1] if done.stdout else "failed"))
        finally:
            self.run("down", check=False)
        return rows


def timed(work: Callable[[], object]) -> float:
    """Wall seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def spread(values: Sequence[float]) -> str:
    """Median and extremes."""
    return f"{statistics.median(values):.1f} s ({min(values):.1f}-{max(values):.1f}, n={len(values)})"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table."""
    lines = [list(head), *[list(row) for row in rows]]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    print(flush=True)


if __name__ == "__main__":
    if shutil.which("node") is None:
        print("note: no node on the PATH; the old way needs one", file=sys.stderr)
    main()
