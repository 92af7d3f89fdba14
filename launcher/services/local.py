"""Starting a server that is installed already, where we may: an existing container, a system service.

Nothing is installed, created or stopped here, and each attempt is bounded to a few seconds.
"""

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable, Sequence

_SECONDS = 10.0
_SYSTEM_SERVICES = {"postgres": ("postgresql",), "redis": ("redis-server", "redis", "valkey-server", "valkey")}
_WINDOWS_SERVICES = {"postgres": "postgresql", "redis": "redis"}

Runner = Callable[[Sequence[str]], Awaitable[tuple[int, str]]]


async def run(argv: Sequence[str]) -> tuple[int, str]:
    """Exit code and output of a short command; 127 when it is not there or takes too long."""
    program = shutil.which(argv[0])
    if program is None:
        return 127, ""
    process = await asyncio.create_subprocess_exec(
        program, *argv[1:],
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(_SECONDS):
            printed, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return 127, ""
    return process.returncode or 0, printed.decode("utf-8", "replace")


async def start_existing(unit: str, port: int, runner: Runner = run) -> str | None:
    """Start what exists and would listen on `port`; what was started, or None."""
    for attempt in (_container, _system_service, _windows_service):
        started = await attempt(unit, port, runner)
        if started is not None:
            return started
    return None


async def _container(unit: str, port: int, runner: Runner) -> str | None:
    """A stopped container named after the server that publishes exactly this port."""
    for engine in ("docker", "podman"):
        code, listing = await runner([engine, "ps", "-a", "--filter", "status=exited", "--format", "{{.Names}}"])
        for name in listing.split() if code == 0 else ():
            if unit not in name.lower():
                continue
            code, ports = await runner([engine, "inspect", "-f", "{{json .HostConfig.PortBindings}}", name])
            if code == 0 and f'"HostPort":"{port}"' in ports.replace(" ", ""):
                code, _ = await runner([engine, "start", name])
                if code == 0:
                    return f"the {engine} container {name}"
    return None


async def _system_service(unit: str, _port: int, runner: Runner) -> str | None:
    """An installed systemd unit, when we are root: nobody else may start one without being asked for a password."""
    if getattr(os, "geteuid", lambda: 1)() != 0:
        return None
    for name in _SYSTEM_SERVICES[unit]:
        code, state = await runner(["systemctl", "is-enabled", name])
        if code == 0 and state.strip():
            code, _ = await runner(["systemctl", "start", name])
            if code == 0:
                return f"the system service {name}"
    return None


async def _windows_service(unit: str, _port: int, runner: Runner) -> str | None:
    """An installed Windows service whose name begins like the server's."""
    code, listing = await runner(["sc.exe", "query", "type=", "service", "state=", "inactive"])
    for line in listing.splitlines() if code == 0 else ():
        label, _, name = line.partition(":")
        if label.strip() == "SERVICE_NAME" and name.strip().lower().startswith(_WINDOWS_SERVICES[unit]):
            code, _ = await runner(["sc.exe", "start", name.strip()])
            if code == 0:
                return f"the Windows service {name.strip()}"
    return None
