"""Starting a server that is installed already, where we may: an existing container, a system service.

Nothing is installed, created or stopped here, and each attempt is bounded to a few seconds.
"""

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable, Sequence

from launcher import native
from launcher.values import Value

_SECONDS = 10.0
_CONTAINER_WORDS = {"postgres": ("postgres",), "redis": ("redis", "valkey")}
_SYSTEM_SERVICES = {"postgres": ("postgresql",), "redis": ("redis-server", "redis", "valkey-server", "valkey")}
_WINDOWS_SERVICES = {"postgres": ("postgresql",), "redis": ("redis", "memurai", "valkey")}


class Wanted(Value, frozen=True):
    """What is to be started: `server` is postgres or redis; `port` is where it must listen."""

    server: str
    port: int
    usual_port: int  # a system service listens there, as far as anybody can tell from outside


Runner = Callable[[Sequence[str]], Awaitable[tuple[int, str]]]


async def run(argv: Sequence[str]) -> tuple[int, str]:
    """Exit code and output of a short command; 127 when it is not there or takes too long."""
    program = native.executable(argv[0], os.environ.get("PATH", ""))
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
        return 127, ""
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return process.returncode or 0, printed.decode("utf-8", "replace")


async def start_existing(wanted: Wanted, runner: Runner | None = None) -> str | None:
    """Start what exists and would listen on the wanted port; what was started, or None."""
    attempts: list[Callable[[Wanted, Runner], Awaitable[str | None]]] = [_container]
    if wanted.port == wanted.usual_port:
        attempts += [_system_service, _windows_service]
    for attempt in attempts:
        started = await attempt(wanted, runner or run)
        if started is not None:
            return started
    return None


async def _container(wanted: Wanted, runner: Runner) -> str | None:
    """A stopped container named after the server that publishes exactly this port."""
    stopped = ("--filter", "status=exited", "--filter", "status=created")
    for engine in ("docker", "podman"):
        code, listing = await runner([engine, "ps", "-a", *stopped, "--format", "{{.Names}}"])
        for name in listing.split() if code == 0 else ():
            if not any(word in name.lower() for word in _CONTAINER_WORDS[wanted.server]):
                continue
            code, ports = await runner([engine, "inspect", "-f", "{{json .HostConfig.PortBindings}}", name])
            if code == 0 and f'"HostPort":"{wanted.port}"' in ports.replace(" ", ""):
                code, _ = await runner([engine, "start", name])
                if code == 0:
                    return f"the {engine} container {name}"
    return None


async def _system_service(wanted: Wanted, runner: Runner) -> str | None:
    """An installed systemd unit: of the system when we are root, else of the user. Others ask for a password."""
    is_root = getattr(os, "geteuid", lambda: 1)() == 0
    systemctl = ["systemctl"] if is_root else ["systemctl", "--user"]
    for name in _SYSTEM_SERVICES[wanted.server]:
        code, state = await runner([*systemctl, "is-enabled", name])
        if code == 0 and state.strip():
            code, _ = await runner([*systemctl, "start", name])
            if code == 0:
                return f"the system service {name}"
    return None


async def _windows_service(wanted: Wanted, runner: Runner) -> str | None:
    """An installed Windows service whose name begins like the server's."""
    code, listing = await runner(["sc.exe", "query", "type=", "service", "state=", "inactive"])
    for line in listing.splitlines() if code == 0 else ():
        label, _, name = line.partition(":")
        if label.strip() == "SERVICE_NAME" and name.strip().lower().startswith(_WINDOWS_SERVICES[wanted.server]):
            code, _ = await runner(["sc.exe", "start", name.strip()])
            if code == 0:
                return f"the Windows service {name.strip()}"
    return None
