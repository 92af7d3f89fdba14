"""Does a command exit with 0? It runs contained, like any child of ours, and never longer than its timeout."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from launcher import native
from launcher.native.contract import LaunchSpec
from launcher.probes.contract import Answer, Probe

if TYPE_CHECKING:
    from launcher.stack.model import ProbeSpec

_SHOWN = 200
_KEPT = 4096  # bytes of what it printed last


def probe(spec: "ProbeSpec", redact: Callable[[str], str]) -> Probe:
    """Run the command; it and all it started are killed when it takes longer than `timeout`."""
    argv = spec.command or ()

    async def ask() -> Answer:
        printed = bytearray()

        def keep(chunk: bytes) -> None:
            printed.extend(chunk)
            del printed[:-_KEPT]

        child = await native.spawn(LaunchSpec(argv=argv, cwd=str(Path.cwd()), env=dict(os.environ)), keep)
        ending = asyncio.ensure_future(child.wait())
        try:
            in_time, _ = await asyncio.wait({ending}, timeout=spec.timeout)
        finally:
            if not ending.done():
                child.kill()
                await asyncio.wait({ending})
        if not in_time:
            return Answer(False, f"{argv[0]} did not end within {spec.timeout:g} s", "timeout")
        ended = ending.result()
        if ended.error is not None:
            return Answer(False, f"{argv[0]} {ended}", "error", permanent=True)
        if ended.ok:
            return Answer(True, f"{argv[0]} exited with code 0")
        return Answer(False, f"{argv[0]} {ended}: {_last_words(printed, redact)}".rstrip(": "), "status")

    return ask


def _last_words(printed: bytearray, redact: Callable[[str], str]) -> str:
    """The end of what it printed, without a word that was cut."""
    words = printed.decode("utf-8", "replace").split()
    if len(printed) == _KEPT:
        del words[:1]
    return redact(" ".join(words))[-_SHOWN:]
