"""Asking a running supervisor: stdlib only, so that commands start fast."""

import contextlib
import http.client
import json
import os
import secrets
import socket
import struct
import time
from pathlib import Path
from typing import Any

from launcher.control import protocol
from launcher.errors import LauncherError, NotRunning
from launcher.events import Command, to_json
from launcher.paths import StackPaths
from launcher.state import files
from launcher.state.document import NotASnapshot, from_json
from launcher.state.snapshot import Snapshot

_BUSY_SECONDS = 0.1


def send(paths: StackPaths, command: Command, timeout: float) -> dict[str, Any]:
    """Ask for something; the answer is the snapshot after it. Raises NotRunning when nobody answers."""
    return _ask(paths, "POST", protocol.COMMANDS, to_json(command), timeout)


def status(paths: StackPaths, timeout: float) -> Snapshot:
    """The supervisor's snapshot. Raises NotRunning when nobody answers."""
    document = _ask(paths, "GET", protocol.STATUS, None, timeout)
    try:
        return from_json(document)
    except NotASnapshot as error:
        raise LauncherError(
            f"the supervisor answers in a way this version does not understand ({error})",
            remedy="stop it with `rxlaunch down` and start it again with this version",
        ) from error


def version(paths: StackPaths, timeout: float) -> dict[str, Any]:
    """The supervisor's version and that of its API. Raises NotRunning when nobody answers."""
    return _ask(paths, "GET", protocol.VERSION, None, timeout)


class _Busy(Exception):
    """The supervisor has too many connections at the moment; it has not read the request."""


def _ask(paths: StackPaths, method: str, path: str, body: dict[str, Any] | None, timeout: float) -> dict[str, Any]:
    deadline = time.monotonic() + timeout
    while True:
        try:
            return _ask_once(paths, method, path, body, timeout)
        except _Busy:
            if time.monotonic() > deadline:
                raise LauncherError(
                    f"the supervisor had too many other connections for {timeout:g} s", remedy="ask again"
                ) from None
            time.sleep(_BUSY_SECONDS)


def _ask_once(paths: StackPaths, method: str, path: str, body: dict[str, Any] | None, timeout: float) -> dict[str, Any]:
    address = _address(paths)
    connection = _connection(address, timeout)
    headers = {"Host": _host(address), protocol.TOKEN_HEADER: address["token"]}
    data = None
    if body is not None:
        data, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
    try:
        if "port" in address:
            _demand_proof(connection, address)
        return _exchange(connection, method, path, data, headers)
    except TimeoutError as error:
        raise LauncherError(
            f"the supervisor did not answer within {timeout:g} s", remedy="ask again, or `rxlaunch down`"
        ) from error
    except BlockingIOError as error:
        raise _Busy from error  # so many are waiting to be accepted that there is no room for us
    except (OSError, http.client.HTTPException) as error:
        raise NotRunning(f"nothing answers for {paths.root}", remedy="rxlaunch up") from error
    finally:
        connection.close()


def _exchange(
    connection: http.client.HTTPConnection, method: str, path: str, data: bytes | None, headers: dict[str, str]
) -> dict[str, Any]:
    with contextlib.suppress(BrokenPipeError):  # refused before the body was sent; the answer is there to be read
        connection.request(method, path, body=data, headers=headers)
    response = connection.getresponse()
    if response.status == 503:
        raise _Busy
    try:
        document = files.object_of(response.read())
    except ValueError as error:
        raise LauncherError(f"the supervisor answered {response.status} and no JSON object") from error
    if response.status != 200:
        raise LauncherError(f"the supervisor refused: {document.get('error', response.status)}")
    return document


def _address(paths: StackPaths) -> dict[str, Any]:
    """How to reach the supervisor. Raises NotRunning when there is no saying."""
    try:
        document = files.read_object(paths.control)
    except ValueError:
        document = None
    if document is None or not _makes_sense(document):
        raise NotRunning(f"nothing runs for {paths.root}", remedy="rxlaunch up")
    return document


def _makes_sense(address: dict[str, Any]) -> bool:
    token, port, path = (address.get(key) for key in ("token", "port", "socket"))
    if not isinstance(token, str) or not protocol.TOKEN.fullmatch(token):
        return False
    if port is not None:
        return type(port) is int and 0 < port < 65536
    return hasattr(socket, "AF_UNIX") and isinstance(path, str) and "\0" not in path


def _host(address: dict[str, Any]) -> str:
    return f"127.0.0.1:{address['port']}" if "port" in address else protocol.UNIX_HOST


def _connection(address: dict[str, Any], timeout: float) -> http.client.HTTPConnection:
    if "port" in address:
        return http.client.HTTPConnection("127.0.0.1", address["port"], timeout=timeout)
    return _UnixConnection(Path(address["socket"]), timeout)


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket that a process of our own user listens on."""

    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__(protocol.UNIX_HOST, timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))
        _require_our_user(self.sock)


def _require_our_user(connected: socket.socket) -> None:
    """Raise ConnectionRefusedError when the other side is another user's process: it shall not get the token."""
    option = getattr(socket, "SO_PEERCRED", None)  # Linux; elsewhere the private directory must do
    if option is None:
        return
    layout = "3i"
    _, uid, _ = struct.unpack(layout, connected.getsockopt(socket.SOL_SOCKET, option, struct.calcsize(layout)))
    if uid != os.getuid():
        raise ConnectionRefusedError(f"the socket belongs to uid {uid}")


def _demand_proof(connection: http.client.HTTPConnection, address: dict[str, Any]) -> None:
    """Before the token is sent: whoever listens on the port must show that it has it already."""
    nonce = secrets.token_hex(32)
    try:
        answer = _exchange(connection, "GET", f"{protocol.HELLO}?nonce={nonce}", None, {"Host": _host(address)})
    except LauncherError as error:
        raise ConnectionRefusedError("whoever listens there is not the supervisor") from error
    expected = protocol.proof(address["token"], nonce)
    if not secrets.compare_digest(str(answer.get("proof")).encode(), expected.encode()):
        raise ConnectionRefusedError("whoever listens there is not the supervisor")
