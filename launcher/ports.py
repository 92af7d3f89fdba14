"""Choosing ports: free, preferred, never reserved, never the same for two stacks. An owner of filelock.

A port is held (bound, not listening) until just before its service binds it. Other stacks of this user are kept away
by a lease file under a kernel lock; leases of dead supervisors count for nothing. Reserved ports are not even looked
at. No other process is ever touched: the holder of a taken port is only named.
"""

import contextlib
import json
import random
import socket
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from launcher import native
from launcher.errors import LauncherError, PortTaken
from launcher.native.contract import Identity
from launcher.stack.model import PortSpec

_NEIGHBOURS = 50  # how many ports after the preferred one are tried before any other
_ELSEWHERE = range(20_000, 32_000)  # below every platform's ephemeral range
_ATTEMPTS = 500


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was asked for, and what must be avoided."""

    ports: Mapping[str, PortSpec]
    reserved: Collection[int] = (9000,)
    sticky: Mapping[str, int] = field(default_factory=dict)  # used last time
    strict: bool = False  # a preferred port that is taken is an error


@dataclass(frozen=True, slots=True)
class Moved:
    """A port that is not the preferred one, and who has that."""

    name: str
    port: int
    preferred: int
    holder: str


class PortBook:
    """The ports of one instance: chosen, held, leased."""

    def __init__(self, wishes: Wishes, lease_file: Path, owner: str) -> None:
        self._wishes = wishes
        self._leases = _Leases(lease_file, owner)
        self._held: dict[str, list[socket.socket]] = {}
        self.chosen: dict[str, int] = {}
        self.moved: list[Moved] = []

    def choose(self) -> None:
        """Choose and hold every port. Raises PortTaken for one that must be had and can't."""
        try:
            with self._leases.open() as leased:
                self._choose_fixed(leased)
                for name, spec in self._wishes.ports.items():
                    if spec.fixed is None:
                        self._choose(name, spec, leased)
                self._leases.take(leased, self.chosen.values())
        except BaseException:
            self.give_back()
            raise

    def release(self, name: str) -> None:
        """Let go of the held socket: the service is about to bind it. The lease stays."""
        for holder in self._held.pop(name, []):
            holder.close()

    def pick_again(self, name: str) -> int:
        """Choose another port for this name, because a stranger has it. Raises PortTaken when it is fixed."""
        lost = self.chosen[name]
        if self._wishes.ports[name].fixed is not None:
            raise _taken(lost)
        self.release(name)
        with self._leases.open() as leased:
            for port in self._elsewhere(lost):
                if self._hold(name, port, leased):
                    break
            else:
                raise LauncherError("no free port was found")
            self._leases.take(leased, self.chosen.values())
        return self.chosen[name]

    def give_back(self) -> None:
        """Let go of everything."""
        for name in list(self._held):
            self.release(name)
        with contextlib.suppress(OSError, LauncherError), self._leases.open() as leased:
            self._leases.take(leased, ())

    # --- choosing -------------------------------------------------------------------------------------------

    def _choose_fixed(self, leased: Mapping[int, str]) -> None:
        for name, spec in self._wishes.ports.items():
            if spec.fixed is not None and not self._hold(name, spec.fixed, leased):
                raise _taken(spec.fixed, leased.get(spec.fixed))

    def _choose(self, name: str, spec: PortSpec, leased: Mapping[int, str]) -> None:
        wanted = [port for port in (self._wishes.sticky.get(name), spec.prefer) if port is not None]
        for port in wanted:
            if self._hold(name, port, leased):
                return
            if self._wishes.strict:
                raise _taken(port, leased.get(port))
        for port in self._elsewhere(spec.prefer):
            if self._hold(name, port, leased):
                if spec.prefer is not None:
                    holder = leased.get(spec.prefer) or describe_holder(spec.prefer)
                    self.moved.append(Moved(name, port, spec.prefer, holder))
                return
        raise LauncherError(f"no free port was found for {name}")

    def _elsewhere(self, near: int | None) -> Iterator[int]:
        """The ports after the preferred one, then any."""
        if near is not None:
            yield from range(near + 1, min(near + _NEIGHBOURS, 65_536))
        for _ in range(_ATTEMPTS):
            yield random.choice(_ELSEWHERE)  # noqa: S311 - not a secret

    def _hold(self, name: str, port: int, leased: Mapping[int, str]) -> bool:
        """Bind the port for us, unless it is reserved, leased, ours already, or taken."""
        if port in self._wishes.reserved or port in leased or port in self.chosen.values():
            return False
        sockets = bind_everywhere(port)
        if sockets is None:
            return False
        self._held[name] = sockets
        self.chosen[name] = port
        return True


def bind_everywhere(port: int) -> list[socket.socket] | None:
    """Sockets bound to the port on every address of both IP versions; None when anybody has it on any of them.

    A service may listen on 127.0.0.1, on ::1 or on either "any" address; binding only one of these misses the others.
    """
    held: list[socket.socket] = []
    targets = [(socket.AF_INET6, "::"), (socket.AF_INET, "0.0.0.0"), (socket.AF_INET, "127.0.0.1")]  # noqa: S104 - to see who is there; nothing listens
    if not _has_ipv6():
        targets = targets[1:]
    try:
        for family, address in targets:
            _try_listening(family, address, port)
        held.append(_bound(socket.AF_INET, "127.0.0.1", port))
    except OSError:
        for one in held:
            one.close()
        return None
    return held


def _try_listening(family: socket.AddressFamily, address: str, port: int) -> None:
    """Bind, and let go again. Raises OSError when somebody listens there."""
    _bound(family, address, port).close()


def _bound(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        exclusive = getattr(socket, "SO_EXCLUSIVEADDRUSE", None)  # Windows: there SO_REUSEADDR would steal
        if exclusive is not None:
            made.setsockopt(socket.SOL_SOCKET, exclusive, 1)
        else:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # TIME_WAIT is not "taken"
        if family is socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((address, port))
    except OSError:
        made.close()
        raise
    return made


def _has_ipv6() -> bool:
    if not socket.has_ipv6:
        return False
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def describe_holder(port: int) -> str:
    """Who listens on a port, as far as we may know: name, pid, since when."""
    for listener in native.listeners(port):
        if listener.pid is not None:
            since = f", since {time.strftime('%H:%M', time.localtime(listener.since))}" if listener.since else ""
            return f"{listener.name} (pid {listener.pid}{since})"
        return "a process of another user (pid unknown)"
    return "another process (pid unknown)"


def _taken(port: int, lessee: str | None = None) -> PortTaken:
    holder = f"the stack {lessee}" if lessee else describe_holder(port)
    return PortTaken(
        f"port {port} is taken by {holder}", remedy="stop it, or let rxlaunch choose: prefer the port, don't fix it"
    )


class _Leases:
    """The ports that stacks of this user have, in a file that is read and written under a kernel lock."""

    def __init__(self, path: Path, owner: str) -> None:
        self._path = path
        self._owner = owner

    @contextlib.contextmanager
    def open(self) -> Iterator[dict[int, str]]:
        """Port → owner of the living others, while we hold the lock."""
        import filelock

        native.private_directory(self._path.parent)
        with filelock.FileLock(self._path.with_suffix(".lock"), mode=0o600):
            self._entries = [entry for entry in self._read() if _lives(entry)]
            yield {entry["port"]: entry["owner"] for entry in self._entries if entry["owner"] != self._owner}

    def take(self, _leased: Mapping[int, str], ports: Collection[int]) -> None:
        """Write our ports beside those of the others. Call with the lock held."""
        others = [entry for entry in self._entries if entry["owner"] != self._owner]
        me = native.my_identity()
        who = {"owner": self._owner, "pid": me.pid, "started": me.started, "boot": me.boot}
        whole = [*others, *({"port": port, **who} for port in ports)]
        native.write_private(self._path, json.dumps(whole).encode())

    def _read(self) -> list[dict[str, Any]]:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return []  # leases are a courtesy among our own; binding is what decides
        return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def _lives(entry: Mapping[str, Any]) -> bool:
    try:
        holder = Identity(int(entry["pid"]), int(entry["started"]), str(entry["boot"]))
        return isinstance(entry["port"], int) and isinstance(entry["owner"], str) and native.alive(holder)
    except (KeyError, TypeError, ValueError):
        return False
