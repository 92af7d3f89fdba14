"""Choosing ports: free, preferred, never reserved, never the same for two stacks. An owner of filelock.

A port is held (bound, not listening) until just before its service binds it. Other stacks of this user are kept away
by a lease file under a kernel lock; leases of dead supervisors count for nothing. Reserved ports are not even looked
at. No other process is ever touched: the holder of a taken port is only named.
"""

import contextlib
import errno
import json
import random
import socket
import time
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from launcher import native
from launcher.errors import LauncherError, PortTaken, StateUnwritable
from launcher.native.contract import Identity
from launcher.stack.model import PortSpec
from launcher.values import Value, field

_NEIGHBOURS = 50  # how many ports after the preferred one are tried before any other
_ELSEWHERE = range(20_000, 32_000)  # below every platform's ephemeral range
_ATTEMPTS = 500
_LOCK_SECONDS = 10


class Wishes(Value, frozen=True):
    """What was asked for, and what must be avoided."""

    ports: Mapping[str, PortSpec]
    reserved: Collection[int] = (9000,)
    sticky: Mapping[str, int] = field(default_factory=dict)  # used last time
    strict: bool = False  # a preferred port that is taken is an error


class Moved(Value, frozen=True):
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
                self._leases.take(self.chosen.values())
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
            raise _taken(lost, describe_holder(lost))
        self.release(name)
        with self._leases.open() as leased:
            for port in self._elsewhere(lost):
                if self._hold(name, port, leased):
                    break
            else:
                raise LauncherError(f"no free port was found for {name}")
            self._leases.take(self.chosen.values())
        return self.chosen[name]

    def give_back(self) -> None:
        """Let go of everything."""
        for name in list(self._held):
            self.release(name)
        self.chosen = {}
        with contextlib.suppress(OSError, LauncherError), self._leases.open():
            self._leases.take(())

    # --- choosing -------------------------------------------------------------------------------------------

    def _choose_fixed(self, leased: Mapping[int, str]) -> None:
        for name, spec in self._wishes.ports.items():
            if spec.fixed is not None and not self._hold(name, spec.fixed, leased):
                raise self._refusal(name, spec.fixed, leased)

    def _choose(self, name: str, spec: PortSpec, leased: Mapping[int, str]) -> None:
        if self._wishes.strict and spec.prefer is not None:
            if not self._hold(name, spec.prefer, leased):
                raise self._refusal(name, spec.prefer, leased)
            return
        for port in (self._wishes.sticky.get(name), spec.prefer):
            if port is not None and self._hold(name, port, leased):
                return
        for port in self._elsewhere(spec.prefer):
            if self._hold(name, port, leased):
                if spec.prefer is not None:
                    self.moved.append(Moved(name, port, spec.prefer, self._who(spec.prefer, leased)))
                return
        raise LauncherError(f"no free port was found for {name}")

    def _elsewhere(self, near: int | None) -> Iterator[int]:
        """The ports after the preferred one, then any; none that another name of this stack would like."""
        wished = {spec.fixed or spec.prefer for spec in self._wishes.ports.values()}
        if near is not None:
            yield from (port for port in range(near + 1, min(near + _NEIGHBOURS, 65_536)) if port not in wished)
        for _ in range(_ATTEMPTS):
            yield random.choice(_ELSEWHERE)  # noqa: S311 - not a secret

    def _who(self, port: int, leased: Mapping[int, str]) -> str:
        """Who keeps a port from us. A reserved one is not looked at."""
        if port in self._wishes.reserved:
            return "nobody: it is one of reserved_ports"
        mine = next((name for name, chosen in self.chosen.items() if chosen == port), None)
        if mine is not None:
            return f"{mine}, of this very stack"
        return f"the stack {leased[port]}" if port in leased else describe_holder(port)

    def _refusal(self, name: str, port: int, leased: Mapping[int, str]) -> PortTaken:
        if port in self._wishes.reserved:
            return PortTaken(f"port {port} of {name} is reserved", remedy="choose another, or change reserved_ports")
        return _taken(port, self._who(port, leased))

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
    try:
        for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            with contextlib.closing(_bound(family, address, port, shared=True)):
                pass
    except _Absent:
        pass  # no IPv6 here
    except OSError:
        return None
    # Unshared, nobody can bind it while we hold it. Shared is for a port in TIME_WAIT, which is not "taken".
    for shared in (False, True):
        with contextlib.suppress(OSError):
            return [_bound_to_any(port, shared=shared)]
    return None


class _Absent(OSError):
    """This machine has no such address."""


def _bound_to_any(port: int, *, shared: bool) -> socket.socket:
    """A socket on all addresses of both IP versions, or of the older one where that is all there is."""
    with contextlib.suppress(_Absent):
        return _bound(socket.AF_INET6, "::", port, shared=shared)
    return _bound(socket.AF_INET, "0.0.0.0", port, shared=shared)  # noqa: S104 - held, never listening


def _bound(family: socket.AddressFamily, address: str, port: int, *, shared: bool) -> socket.socket:
    try:
        made = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise _Absent(*error.args) from error
    try:
        exclusive = getattr(socket, "SO_EXCLUSIVEADDRUSE", None)
        if exclusive is not None:
            made.setsockopt(socket.SOL_SOCKET, exclusive, 1)  # Windows: there SO_REUSEADDR would steal
        elif shared:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family is socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        made.bind((address, port))
    except OSError as error:
        made.close()
        if error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
            raise _Absent(*error.args) from error
        raise
    return made


def describe_holder(port: int) -> str:
    """Who listens on a port, as far as we may know: name, pid, since when."""
    for listener in native.listeners(port):
        if listener.pid is not None:
            since = f", since {time.strftime('%H:%M', time.localtime(listener.since))}" if listener.since else ""
            return f"{listener.name} (pid {listener.pid}{since})"
        return "a process of another user (pid unknown)"
    return "no process that can be seen (it binds without listening, or the system keeps the port)"


def _taken(port: int, holder: str) -> PortTaken:
    return PortTaken(
        f"port {port} is taken by {holder}", remedy="stop it, or let rxlaunch choose: prefer the port, don't fix it"
    )


class _Leases:
    """The ports that stacks of this user have, in a file that is read and written under a kernel lock."""

    def __init__(self, path: Path, owner: str) -> None:
        self._path = path
        self._owner = owner
        self._others: list[dict[str, Any]] = []

    @contextlib.contextmanager
    def open(self) -> Iterator[dict[int, str]]:
        """Port → owner of the living others, while we hold the lock."""
        import filelock

        native.private_directory(self._path.parent)
        lock = filelock.FileLock(self._path.with_suffix(".lock"), timeout=_LOCK_SECONDS, mode=0o600)
        try:
            lock.acquire()
        except filelock.Timeout:
            raise LauncherError(
                f"another rxlaunch has been choosing ports for {_LOCK_SECONDS} s",
                remedy="look for one that is suspended (`ps -C rxlaunch`), and end it",
            ) from None
        except OSError as error:
            raise StateUnwritable(f"cannot lock {self._path}: {error.strerror}") from error
        try:
            self._others = [one for one in self._read() if one.get("owner") != self._owner and _lives(one)]
            yield {entry["port"]: entry["owner"] for entry in self._others}
        finally:
            lock.release()

    def take(self, ports: Collection[int]) -> None:
        """Write our ports beside those of the others. Call with the lock held."""
        me = native.my_identity()
        who = {"owner": self._owner, "pid": me.pid, "started": me.started, "boot": me.boot}
        whole = [*self._others, *({"port": port, **who} for port in ports)]
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
