"""What Linux tells about processes and sockets through /proc. Reads only; signals nothing."""

import sys

if sys.platform == "win32":
    raise ImportError("not for Windows")

import functools
import os
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from launcher.native import sock_diag
from launcher.native.contract import Identity, Listener
from launcher.native.shim import command_name, descendants, stat

_LISTEN = "0A"  # state of a socket in /proc/net/tcp


@functools.cache
def boot_id() -> str:
    """Which run of the kernel this is."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def state(pid: int) -> str:
    """The state letter of a process; empty if there is none."""
    fields = stat(pid)
    return fields[0].decode() if fields else ""


def parent(pid: int) -> int:
    """The parent's pid; 0 if there is no such process."""
    fields = stat(pid)
    return int(fields[1]) if fields else 0


def group(pid: int) -> int:
    """The process group a process belongs to; 0 if there is no such process."""
    fields = stat(pid)
    return int(fields[2]) if fields else 0


def session(pid: int) -> int:
    """The session a process belongs to; 0 if there is no such process."""
    fields = stat(pid)
    return int(fields[3]) if fields else 0


def identity(pid: int) -> Identity | None:
    """Who has this pid now; None if nobody, or only a dead process nobody collected yet."""
    fields = stat(pid)
    if not fields or fields[0] in (b"Z", b"X"):
        return None
    return Identity(pid=pid, started=int(fields[19]), boot=boot_id())


def ancestors(pid: int) -> list[int]:
    """The chain of parents, nearest first."""
    chain: list[int] = []
    while (pid := parent(pid)) > 0:
        chain.append(pid)
    return chain


def our_line() -> set[int]:
    """Ourselves and those we come from."""
    return {os.getpid(), *ancestors(os.getpid())}


def tree(pid: int) -> set[int]:
    """All processes below this one, however deep."""
    return set(descendants(pid))


def pids() -> Iterator[int]:
    """Every process we can see."""
    for name in os.listdir("/proc"):  # noqa: PTH208 - names are all that is wanted, thousands of them
        if name.isdigit():
            yield int(name)


def marked(
    candidates: Iterable[int], marks: Mapping[str, str], users: set[int], branded: Callable[[int], bool]
) -> list[Identity]:
    """Of the candidates, those that are `bearer`s of these marks; never us, nor those we come from."""
    wanted, spared = pairs(marks), our_line()
    return [who for pid in candidates if pid not in spared and (who := bearer(pid, wanted, users, branded))]


def pairs(marks: Mapping[str, str]) -> set[bytes]:
    """The marks as they stand in an environment."""
    return {f"{name}={value}".encode() for name, value in marks.items()}


def bearer(pid: int, wanted: set[bytes], users: set[int], branded: Callable[[int], bool]) -> Identity | None:
    """Who has this pid, if it is one of these users' with all these pairs in its environment, or branded."""
    if user(pid) not in users:
        return None
    who = identity(pid)  # before its marks: they must be those of this very process
    return who if who and (branded(pid) or wanted <= environment(pid)) else None


def user(pid: int) -> int:
    """The user a process belongs to; -1 if there is none."""
    try:
        # The directory's own: what is in it belongs to root when the process may not be dumped (it has capabilities).
        return os.stat(f"/proc/{pid}").st_uid  # noqa: PTH116 - thousands of them
    except OSError:
        return -1


def environment(pid: int) -> set[bytes]:
    """The NAME=value pairs a process was started with; empty if we may not look or it is gone."""
    try:
        return set(Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"))
    except OSError:
        return set()


def started_at(pid: int) -> float | None:
    """When a process began, in wall-clock seconds as the clock stands now."""
    fields = stat(pid)
    if not fields:
        return None
    seconds_after_boot = int(fields[19]) / os.sysconf("SC_CLK_TCK")
    return time.time() - (time.clock_gettime(time.CLOCK_BOOTTIME) - seconds_after_boot)


def listeners(port: int, candidates: Iterable[int]) -> list[Listener]:
    """Who accepts connections on this TCP port, of either IP version. `candidates` are looked at first."""
    sockets = _sockets_at(port)
    if not sockets:
        return []
    found: dict[str, int] = {}
    tried: set[int] = set()
    for group in (list(candidates), pids()):
        for pid in group:
            if len(found) == len(sockets):
                break
            if pid not in tried:
                tried.add(pid)
                for inode in _sockets_of(pid) & sockets:
                    found.setdefault(inode, pid)
    known = [Listener(port, pid, command_name(pid), started_at(pid)) for pid in dict.fromkeys(found.values())]
    return known + [Listener(port, None, "", None)] * (len(found) < len(sockets))


def listens(port: int) -> bool:
    """Whether anybody accepts connections on this TCP port."""
    return bool(_sockets_at(port))


def listening(family: Iterable[int]) -> list[tuple[str, int]]:
    """Addresses and TCP ports on which these processes accept connections."""
    held: set[str] = set().union(*map(_sockets_of, family))
    return [(address, port) for inode, address, port in _listening_sockets() if inode in held]


def _sockets_at(port: int) -> set[str]:
    """The inodes of the sockets that listen on a port."""
    try:
        return sock_diag.listening(port)
    except OSError:
        return {inode for inode, _, there in _listening_sockets() if there == port}


def _listening_sockets() -> Iterator[tuple[str, str, int]]:
    """Each listening socket: its inode, its address ("0.0.0.0" and "::" for all), its port."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == _LISTEN:
                address, _, port = fields[1].rpartition(":")
                yield fields[9], _address(address), int(port, 16)


def _address(hexadecimal: str) -> str:
    """An address of the kernel's tables: words of four bytes, each in the machine's own order."""
    words = [bytes.fromhex(hexadecimal[at : at + 8]) for at in range(0, len(hexadecimal), 8)]
    raw = b"".join(word[::-1] if sys.byteorder == "little" else word for word in words)
    return socket.inet_ntop(socket.AF_INET if len(raw) == 4 else socket.AF_INET6, raw)


def _sockets_of(pid: int) -> set[str]:
    """The inodes of the sockets a process holds, as far as we may look."""
    inodes = set()
    try:
        for name in os.listdir(f"/proc/{pid}/fd"):  # noqa: PTH208 - names are all that is wanted
            try:
                target = os.readlink(f"/proc/{pid}/fd/{name}")  # noqa: PTH115 - thousands of them
            except OSError:
                continue
            if target.startswith("socket:["):
                inodes.add(target[8:-1])
    except OSError:
        pass
    return inodes


def servers_in(directory: Path) -> list[Listener]:
    """Processes that accept connections and work in this very directory, as far as we may look."""
    found = []
    for pid in pids():
        try:
            if os.readlink(f"/proc/{pid}/cwd") != str(directory):  # noqa: PTH115 - thousands of them
                continue
        except OSError:
            continue
        ports = sorted({port for _, port in listening([pid])})
        found += [Listener(port, pid, command_name(pid), started_at(pid)) for port in ports[:1]]
    return found
