"""Does a command exit with 0?"""

import asyncio
import contextlib
from typing import TYPE_CHECKING

from launcher.probes.contract import Answer, Probe

if TYPE_CHECKING:
    from launcher.stack.model import ProbeSpec

_SHOWN = 200


def probe(spec: "ProbeSpec") -> Probe:
    """Run the command; it is killed when it takes longer than `timeout`."""
    argv = spec.command or ()

    async def ask() -> Answer:
        try:
            process = await asyncio.create_subprocess_exec(
                *argv, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )  # fmt: skip
        except OSError as error:
            return Answer(False, f"{argv[0]}: {error.strerror}", "error", permanent=True)
        try:
            async with asyncio.timeout(spec.timeout):
                printed, _ = await process.communicate()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            return Answer(False, f"{argv[0]} did not end within {spec.timeout:g} s", "timeout")
        if process.returncode == 0:
            return Answer(True, f"{argv[0]} exited with code 0")
        said = " ".join(printed.decode("utf-8", "replace").split())[-_SHOWN:]
        return Answer(False, f"{argv[0]} exited with code {process.returncode}: {said}", "status")

    return ask
