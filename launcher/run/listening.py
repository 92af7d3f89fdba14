"""Who listens where: whether a port is really our service's, and what to tell when it is not."""

import asyncio
from collections.abc import Callable

from launcher import native
from launcher.native.contract import Child

UNSEEN_FOR = 0.5  # seconds in which a service that lost its port to somebody unseen says so, or is gone
_IN_USE = r"(?:EADDRINUSE|address already in use|only one usage of each socket address)"
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - looked for, not bound


class PortStolen(Exception):
    """A stranger listens where the service should."""

    def __init__(self, port: int, holder: str) -> None:
        super().__init__(f"port {port} was taken by {holder}")
        self.holder = holder


def raise_if_stolen(port: int, child: Child | None, *, missed: bool) -> bool:
    """Raise PortStolen when whoever listens on the port is not of the child's tree; False if that is unknown.

    A listener whose process may not be seen (another user's, a container's, or any under Wine) counts as a stranger's
    only if the service is known to have `missed` its port: it said so, or is gone.
    """
    found = native.listeners(port, [child.pid] if child else [])
    for listener in found:
        if listener.pid is None:
            if missed:
                raise PortStolen(port, "a process that cannot be seen")
        elif not (child and child.owns(listener.pid)):
            raise PortStolen(port, f"{listener.name} (pid {listener.pid})")
    return any(listener.pid is not None for listener in found)


def said_taken(port: int, seen: Callable[[str], bool]) -> bool:
    """Whether the service printed that its port is in use: of this port, or without telling which.

    Whoever had it may have only held it, without listening, and may have let go of it since.
    """
    return seen(rf"(?i){_IN_USE}.*\b{port}\b") or seen(rf"(?i){_IN_USE}\W*$")


async def whereabouts(child: Child, port: int) -> str:
    """What to add to "not ready": where the service listens instead of on its port; empty if nowhere else."""
    places = await asyncio.to_thread(native.listening, child.family())
    ports = sorted({there for _, there in places})
    return "" if port in ports or not ports else f"; it listens on port {_listed(ports)} instead of {port}"


async def exposed(child: Child, port: int) -> bool:
    """Whether the service can be reached from other machines on its port."""
    places = await asyncio.to_thread(native.listening, child.family())
    return any(there == port and address in _EVERYWHERE for address, there in places)


def _listed(ports: list[int]) -> str:
    return " and ".join(map(str, ports))
