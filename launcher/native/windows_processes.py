"""Who is who on Windows: identities, names, trees and listeners. A pid counts only with its creation time."""

import sys

if sys.platform != "win32":
    raise ImportError("for Windows only")

import contextlib
import ctypes
import os
from collections.abc import Iterable, Iterator
from ctypes import wintypes
from pathlib import Path, PureWindowsPath

from launcher.native.contract import Identity, Listener
from launcher.native.windows_api import (
    PROCESS_QUERY_LIMITED_INFORMATION,
    PROCESS_TERMINATE,
    SYNCHRONIZE,
    WAIT_TIMEOUT,
    kernel32,
)

_EPOCH_AS_FILETIME = 116_444_736_000_000_000  # 1970, in units of 100 ns since 1601


@contextlib.contextmanager
def opened(pid: int, rights: int = 0) -> Iterator[int]:
    """A handle of a process with these rights and those to look at it; 0 if there is none (or none for us)."""
    wanted = PROCESS_QUERY_LIMITED_INFORMATION | SYNCHRONIZE | rights
    handle = kernel32.OpenProcess(wanted, False, pid) or 0
    try:
        yield handle
    finally:
        if handle:
            kernel32.CloseHandle(handle)


def _identity(handle: int, pid: int) -> Identity | None:
    """Who is behind a handle; None when it has ended (its handle outlives it)."""
    if not handle or kernel32.WaitForSingleObject(handle, 0) != WAIT_TIMEOUT:
        return None
    times = [wintypes.FILETIME() for _ in range(4)]
    if not kernel32.GetProcessTimes(handle, *map(ctypes.byref, times)):
        return None
    # An absolute time needs no boot to be told from an earlier one's.
    return Identity(pid, (times[0].dwHighDateTime << 32) + times[0].dwLowDateTime, boot="")


def identity(pid: int) -> Identity | None:
    """Who has this pid now."""
    with opened(pid) as handle:
        return _identity(handle, pid)


def my_identity() -> Identity:
    """Who we are."""
    who = identity(os.getpid())
    assert who is not None  # noqa: S101 - we live
    return who


def wall_clock(who: Identity) -> float:
    """When a process began, in seconds since 1970."""
    return (who.started - _EPOCH_AS_FILETIME) / 1e7


def alive(who: Identity) -> bool:
    """Whether this very process still runs."""
    return identity(who.pid) == who


def signal_process(who: Identity, name: str) -> bool:
    """End this very process (SIGKILL); whether that was done. Windows knows no other signal for a stranger."""
    if name != "SIGKILL":
        return False
    with opened(who.pid, PROCESS_TERMINATE) as handle:
        return _identity(handle, who.pid) == who and bool(kernel32.TerminateProcess(handle, 1))


def command_name(pid: int) -> str:
    """The file name of a process's program; empty if unknown."""
    with opened(pid) as handle:
        buffer = ctypes.create_unicode_buffer(32_768)
        length = wintypes.DWORD(len(buffer))
        if not handle or not kernel32.QueryFullProcessImageNameW(handle, 0, buffer, ctypes.byref(length)):
            return ""
        return PureWindowsPath(buffer.value).name


def tree(pid: int) -> set[int]:
    """All processes below this one, as far as their parents live; a job's list is the reliable one."""
    import psutil

    try:
        return {child.pid for child in psutil.Process(pid).children(recursive=True)}
    except psutil.Error:
        return set()


def listeners(port: int) -> list[Listener]:
    """Who accepts connections on this TCP port, of either IP version."""
    from launcher.native import windows_ports

    holders = {pid for _, there, pid in windows_ports.listening() if there == port}
    return [_listener(port, pid) for pid in sorted(holders, key=lambda pid: pid or 0)]


def listening(family: Iterable[int]) -> list[tuple[str, int]]:
    """Addresses and TCP ports on which these processes accept connections."""
    from launcher.native import windows_ports

    members = set(family)
    return [(address, port) for address, port, pid in windows_ports.listening() if pid in members]


def _listener(port: int, pid: int | None) -> Listener:
    who = identity(pid) if pid else None
    since = wall_clock(who) if who else None
    return Listener(port, pid, command_name(pid) if pid else "", since)


def servers_in(directory: Path) -> list[Listener]:
    """Processes that accept connections and work in this very directory, as far as we may look."""
    import psutil

    from launcher.native import windows_ports

    found: dict[int, Listener] = {}
    for _, port, pid in windows_ports.listening():
        if pid is None or pid in found:
            continue
        try:
            inside = Path(psutil.Process(pid).cwd()) == directory
        except (psutil.Error, OSError):
            continue
        if inside:
            found[pid] = _listener(port, pid)
    return list(found.values())
