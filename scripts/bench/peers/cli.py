"""The command line of the comparison: install peers, list them, run metrics, print the tables."""

import argparse
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil  # noqa: TID253 - this is no part of the program

from scripts.bench import record
from scripts.bench.peers import ends, install, known, output, rest, soon
from scripts.bench.peers.contract import Peer
from scripts.bench.peers.course import Bench
from scripts.bench.peers.table import table

METRICS: dict[str, Callable[[Bench], None]] = {
    "status": soon.cli_status,
    "up": soon.up,
    "gate": soon.gate,
    "restart": soon.restart,
    "idle": rest.idle,
    "logs": output.logs,
    "stop": ends.stop,
    "stubborn": ends.stubborn,
    "leftovers": ends.leftovers,
    "scale": rest.scale,
}
ALSO_CALLED = {"orphans": "leftovers"}
MEMORY = Path("/dev/shm")  # noqa: S108 - the disk is not to be measured


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verbs of the comparison to a parser."""
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("install", "list", "run"):
        sub = verbs.add_parser(verb)
        sub.add_argument("--root", type=Path, default=Path("peers"), help="where the peers are installed")
        sub.add_argument("--peers", default="", help="names, comma-separated; default: all there are")
        if verb == "run":
            sub.add_argument("--metrics", default=",".join(METRICS), help=f"of {','.join(METRICS)}")
            sub.add_argument("--rounds", type=int, help="in place of each metric's own number of rounds")
            sub.add_argument("--out", type=Path, default=Path("peers.json"))
            sub.add_argument("--fresh", action="store_true", help="drop these peers' earlier samples of these metrics")
            sub.add_argument("--work", type=Path, help="default: a new directory in memory, or in the temporary folder")
    sub = verbs.add_parser("table")
    sub.add_argument("json", type=Path)
    sub.add_argument("--out", type=Path, help="a file for the tables, instead of the standard output")


def main(options: argparse.Namespace) -> int:
    """Do what the verb says."""
    if options.verb == "table":
        stored = record.read(options.json)
        text = table(stored["results"], stored["meta"])
        if options.out:
            options.out.write_text(text, encoding="utf-8")
        else:
            print(text)
        return 0
    root = options.root.absolute()
    if options.verb == "install":
        return install.told(install.install(root, [name for name in options.peers.split(",") if name]))
    peers = known.installed(root, options.peers)
    if options.verb == "list":
        for name, version in versions(peers).items():
            print(f"{name:24} {version}")
        return 0
    return measure(options, peers)


def measure(options: argparse.Namespace, peers: list[Peer]) -> int:
    """Run the metrics; the file is written after each, so that an interruption costs one at most."""
    metrics = [ALSO_CALLED.get(name, name) for name in options.metrics.split(",")]
    if unknown := [name for name in metrics if name not in METRICS]:
        print(f"no such metric: {', '.join(unknown)}; known are {', '.join(METRICS)}", file=sys.stderr)
        return 2
    stored = record.read(options.out)
    describe(stored["meta"], peers)
    base = options.work or (MEMORY if os.access(MEMORY, os.W_OK) else None)
    if base is not None:
        base.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="pb", dir=base))
    try:
        for peer in peers:
            stored["meta"].setdefault("commands", {})[peer.name] = known.commands(peer, work)
        for metric in metrics:
            stored["meta"].setdefault("load_average", {})[metric] = os.getloadavg()[0]
            new: record.Results = {}
            try:
                METRICS[metric](Bench(peers, work, options.rounds, new))
            finally:
                record.add(stored, new, fresh=options.fresh)
                record.save(options.out, stored)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return 0


def versions(peers: list[Peer]) -> dict[str, str]:
    """The version of each peer; its variants are not told apart."""
    return {peer.name: peer.version() for peer in peers if "+" not in peer.name}


def describe(meta: dict[str, object], peers: list[Peer]) -> None:
    """Note the machine, the time and the versions."""
    meta["machine"] = f"{os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB, {platform.release()}"
    meta["python"] = platform.python_version()
    meta["finished"] = time.strftime("%Y-%m-%d %H:%M")
    earlier = meta.get("versions", {})
    meta["versions"] = {**(earlier if isinstance(earlier, dict) else {}), **versions(peers)}
