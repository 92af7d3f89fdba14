"""Did the unit print a line that matches?"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from launcher.probes.contract import Answer, Probe

if TYPE_CHECKING:
    from launcher.stack.model import ProbeSpec


def probe(spec: "ProbeSpec", seen: Callable[[str], bool]) -> Probe:
    """Ask the unit's log."""
    pattern = spec.log_line or ""

    async def ask() -> Answer:
        if seen(pattern):
            return Answer(True, f"printed a line like {pattern!r}")
        return Answer(False, f"has not printed a line like {pattern!r}", "body")

    return ask
