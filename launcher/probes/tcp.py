"""Does anything listen? A weak question: prefer http, postgres or redis where they apply."""

import asyncio
import contextlib
from typing import TYPE_CHECKING

from launcher.probes.contract import Answer, Probe

if TYPE_CHECKING:
    from launcher.stack.model import ProbeSpec


def probe(spec: "ProbeSpec") -> Probe:
    """Connect to host:port within `timeout` seconds."""
    host, _, port = (spec.tcp or "").rpartition(":")

    async def ask() -> Answer:
        try:
            number = int(port).to_bytes(2)  # Windows would take the last 16 bits of a larger one
            async with asyncio.timeout(spec.timeout):
                _, writer = await asyncio.open_connection(host.strip("[]"), int.from_bytes(number))
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
        except TimeoutError:
            return Answer(False, f"{spec.tcp} does not accept a connection within {spec.timeout:g} s", "timeout")
        except OSError as error:
            return Answer(False, f"{spec.tcp}: {error.strerror or error}", "refused")
        except (ValueError, OverflowError):
            return Answer(False, f"{spec.tcp!r} is not host:port", "error", permanent=True)
        return Answer(True, f"{spec.tcp} accepts connections")

    return ask
