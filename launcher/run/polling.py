"""Seeing changes of files by looking at them again and again: for systems where nothing can tell us."""

import asyncio
import os
from collections.abc import AsyncIterator, Collection, Iterable
from pathlib import Path

PERIOD_SECONDS = 0.5
LONGEST_SECONDS = 10.0  # what never comes to rest is told after this time
Seen = dict[Path, tuple[int, int]]


async def changes(
    paths: Iterable[Path], ignored: Collection[str], *, quiet: float, period: float = PERIOD_SECONDS
) -> AsyncIterator[set[Path]]:
    """Sets of changed files, each once nothing has changed for `quiet` seconds. Looks every `period` seconds."""
    watched = tuple(paths)
    before = await asyncio.to_thread(look, watched, ignored)
    while True:
        await asyncio.sleep(period)
        now = await asyncio.to_thread(look, watched, ignored)
        if now == before:
            continue
        changed = _different(before, now)
        for _ in range(int(LONGEST_SECONDS / quiet)):
            before = now
            await asyncio.sleep(quiet)
            now = await asyncio.to_thread(look, watched, ignored)
            if now == before:
                break
            changed |= _different(before, now)
        before = now
        yield changed


def look(paths: Iterable[Path], ignored: Collection[str]) -> Seen:
    """Size and time of change of each file, below directories too; what vanishes meanwhile is left out."""
    seen: Seen = {}
    for path in paths:
        for file in _files(path, ignored):
            try:
                found = file.stat()
            except OSError:
                continue
            seen[file] = (found.st_mtime_ns, found.st_size)
    return seen


def _files(path: Path, ignored: Collection[str]) -> Iterable[Path]:
    if not path.is_dir():
        return [path]
    found = []
    for directory, names, files in os.walk(path):
        names[:] = [name for name in names if name not in ignored]
        found += [Path(directory, file) for file in files]
    return found


def _different(before: Seen, now: Seen) -> set[Path]:
    return {path for path in before.keys() | now.keys() if before.get(path) != now.get(path)}
