"""Which address a URL names, whether that is this machine, and whether anybody listens there. Asks no server."""

import asyncio
import ipaddress
from urllib.parse import urlsplit

from launcher import native


def address(url: str, default_port: int) -> tuple[str, int] | None:
    """Host and port of a URL; None when it cannot be read."""
    try:
        parts = urlsplit(url)
        found = parts.hostname or "localhost", parts.port or default_port
    except ValueError:
        return None
    return found


def is_local(host: str) -> bool:
    """Whether a host name or address means this machine."""
    if host in ("", "localhost") or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def refuses_slowly(url: str, default_port: int) -> bool:
    """Whether what looks like a hanging server of this machine is nobody at all.

    Windows takes 2 s to refuse a connection, longer than a probe may take. Elsewhere a refusal comes at once, and a
    timeout is a server that hangs: it must never be taken for an absent one.
    """
    found = address(url, default_port)
    if not native.IS_WINDOWS or found is None or not is_local(found[0]):
        return False
    return not await asyncio.to_thread(native.listeners, found[1])
