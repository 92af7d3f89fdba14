"""`rxlaunch logs`: lines of the stack's log files, running or not. Reads files only."""

import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from launcher.app.opening import locate
from launcher.errors import NotRunning, UnknownUnit, UsageError
from launcher.paths import StackPaths
from launcher.values import Value

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class LogQuery(Value, frozen=True):
    """Which lines."""

    directory: Path
    units: tuple[str, ...]
    count: int
    since: str | None
    follow: bool = False


def lines(query: LogQuery, output: str, idle: Callable[[], None] | None = None) -> Iterator[str]:
    """The lines, ready to print: with the unit's name before each, or as NDJSON. `idle` may raise to end following."""
    import sys

    from launcher.dashboard.prefix import format_line
    from launcher.logs import read
    from launcher.logs.lines import plain

    where = locate(query.directory)
    files = log_files(where, query.units)
    width = max(len(name) for name in files)
    color = sys.stdout.isatty()
    since = parse_since(query.since)
    if query.follow:
        found = read.follow(files, query.count, since, idle=idle or _end_if_nobody_reads)
    else:
        found = read.last(files, query.count, since)
    for unit, line in found:
        if output == "json":
            yield json.dumps({"unit": unit, "line": plain(line)})
        else:
            yield format_line(unit, line if color else plain(line), width, color=color)


def _end_if_nobody_reads() -> None:
    """Raise BrokenPipeError once the reader of our output is gone: without a new line we would never notice."""
    import select
    import sys

    if not hasattr(select, "poll"):
        return  # Windows, where the next line tells
    poll = select.poll()
    try:
        poll.register(sys.stdout.fileno(), 0)
    except (OSError, ValueError):
        return
    if any(what & (select.POLLERR | select.POLLHUP) for _, what in poll.poll(0)):
        raise BrokenPipeError


def log_files(where: StackPaths, units: Sequence[str]) -> dict[str, Path]:
    """The log files of these units, or of all that have one."""
    there = {path.stem: path for path in sorted(where.logs.glob("*.log"))}
    if not there:
        raise NotRunning(f"nothing was ever started for {where.root}", remedy="rxlaunch up")
    unknown = [name for name in units if name not in there]
    if unknown:
        raise UnknownUnit(f"no log of {', '.join(map(repr, unknown))}; there are {', '.join(there)}")
    return {name: there[name] for name in units} or there


def parse_since(text: str | None) -> float | None:
    """Wall-clock seconds of `90s`, `10m`, `2h`, `1d` ago, or of an ISO time."""
    if text is None:
        return None
    ago = re.fullmatch(r"(\d+)([smhd])", text)
    if ago:
        return time.time() - int(ago.group(1)) * _UNITS[ago.group(2)]
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise UsageError(f"--since {text!r} is no time", remedy="90s, 10m, 2h, 1d, or 2026-01-31T12:00") from None
