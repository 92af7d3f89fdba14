"""The command line of the boots: who, in which cases, how often; the record and the table."""

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from scripts.bench import record
from scripts.bench.boots import contenders as known
from scripts.bench.boots.contenders import CachedFloor, Contender
from scripts.bench.boots.course import Course
from scripts.bench.boots.market import Failed
from scripts.bench.boots.table import CASES, table


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the boots to a parser."""
    parser.add_argument("--mode", choices=["production", "dev"], default="production")
    parser.add_argument("--cases", default=",".join(CASES), help=f"of {','.join(CASES)}")
    parser.add_argument("--contenders", default="", help=f"of {','.join(known.KNOWN)}; default: all that can")
    parser.add_argument("--runs", type=int, default=5, help="boots of each contender in each case")
    parser.add_argument("--out", type=Path, default=Path("boots.json"), help="the record, which later runs add to")
    parser.add_argument("--fresh", action="store_true", help="forget the earlier samples of what is measured")
    parser.add_argument("--packages", type=Path, help="an installed copy of the sample: nothing is installed then")
    parser.add_argument("--keep", action="store_true", help="keep the scratch directory")
    parser.add_argument("--prepared", type=Path, help="a scratch directory that was kept: it is used, and kept again")
    parser.add_argument("--work", type=Path, help="where the scratch directory is made")
    parser.add_argument("--table", action="store_true", help="boot nothing: print the table of --out")


def main(options: argparse.Namespace) -> int:
    """Boot, record, print the table."""
    stored = record.read(options.out)
    if options.table:
        print(table(stored["results"], stored["meta"]))
        return 0
    cases = [name for name in CASES if name in options.cases.split(",")]
    if unknown := sorted(set(options.cases.split(",")) - CASES.keys()):
        print(f"no such case: {', '.join(unknown)}; known are {', '.join(CASES)}", file=sys.stderr)
        return 2
    if unknown := sorted(set(filter(None, options.contenders.split(","))) - known.KNOWN.keys()):
        print(f"no such contender: {', '.join(unknown)}; known are {', '.join(known.KNOWN)}", file=sys.stderr)
        return 2
    if stored["results"] and stored["meta"].get("mode") != options.mode and not options.fresh:
        print(f"{options.out} is about mode {stored['meta'].get('mode')}; name another --out", file=sys.stderr)
        return 2
    describe(stored["meta"], options.mode)
    return run(options, cases, stored)


def run(options: argparse.Namespace, cases: list[str], stored: record.Stored) -> int:
    """The rounds; the record is written after each."""
    kept: Path | None = options.prepared
    if options.work is not None:
        options.work.mkdir(parents=True, exist_ok=True)
    scratch = kept.absolute() if kept else Path(tempfile.mkdtemp(prefix="rxlaunch-boots-", dir=options.work))
    logs = options.out.absolute().with_suffix(".logs")
    course = Course(scratch, options.mode, chosen(options), logs)
    fresh = options.fresh
    try:
        course.prepare(cases, options.packages)
        for _ in range(options.runs):
            stored["meta"]["load_average"] = dict.fromkeys(cases, os.getloadavg()[0])
            course.results = {}
            try:
                course.round(cases)
            finally:
                record.add(stored, course.results, fresh=fresh)
                record.save(options.out, stored)
                fresh = False
    except Failed as failed:
        course.main.keep_logs(logs / "preparation")
        print(f"could not prepare: {failed}\nlogs: {logs}", file=sys.stderr)
        return 1
    finally:
        course.close(keep=options.keep or options.prepared is not None)
    print(table(stored["results"], stored["meta"]))
    return 0


def chosen(options: argparse.Namespace) -> list[Contender]:
    """The contenders that were asked for, without those that cannot."""
    names = [name for name in options.contenders.split(",") if name] or list(known.KNOWN)
    if CachedFloor.name in names and not known.has_compile_cache():
        print(f"left out: {CachedFloor.name} (this Node has no compile cache: 22.1 or newer has)", file=sys.stderr)
        names.remove(CachedFloor.name)
    return [known.KNOWN[name](options.mode) for name in names]


def describe(meta: dict[str, object], mode: str) -> None:
    """Note the machine and what is measured."""
    node = shutil.which("node")
    meta["machine"] = f"{os.cpu_count()} cores, {platform.release()}"
    meta["mode"] = mode
    meta["finished"] = time.strftime("%Y-%m-%d %H:%M")
    if node:
        meta["node"] = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()
