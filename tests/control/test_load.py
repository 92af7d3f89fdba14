"""Slow clients, huge requests, many connections: none keeps the supervisor from answering others (security row S9)."""

import contextlib
import json
import socket

import pytest

from launcher import events as e
from launcher import native
from launcher.control import client, protocol
from launcher.errors import LauncherError
from tests.control.supervisors import Supervisor
from tests.support.platforms import under_wine


def test_a_huge_body_is_refused_before_it_is_read(supervisor):
    assert supervisor.ask("POST", protocol.COMMANDS, body=b" " * (protocol.LARGEST_BODY + 1))[0] == 413
    assert supervisor.ask("POST", protocol.COMMANDS, body=b"{}", Content_Length=str(10**9))[0] == 413


def test_a_huge_body_in_pieces_is_refused_too(supervisor):
    pieces = b"".join(b"1000\r\n" + b" " * 4096 + b"\r\n" for _ in range(40)) + b"0\r\n\r\n"
    chunked = {"Content-Length": None, "Transfer-Encoding": "chunked"}
    status, _ = supervisor.ask("POST", protocol.COMMANDS, body=pieces, **chunked)
    assert status in (0, 413)
    assert supervisor.commands == []
    assert supervisor.ask()[0] == 200


def test_whoever_does_not_finish_a_request_is_hung_up_on(paths, transport, monkeypatch):
    monkeypatch.setattr(protocol, "REQUEST_SECONDS", 0.2)
    with Supervisor(paths) as supervisor, supervisor.connect() as slow, supervisor.connect() as silent:
        slow.sendall(b"POST /v1/commands HTTP/1.1\r\nHo")
        slow.sendall(b"st: x\r\n")
        for hanging in (slow, silent):
            with contextlib.suppress(ConnectionError):
                assert hanging.recv(100) == b""
        assert supervisor.ask()[0] == 200


def test_a_second_request_on_a_connection_may_not_drip_either(paths, transport, monkeypatch):
    monkeypatch.setattr(protocol, "REQUEST_SECONDS", 0.2)
    with Supervisor(paths) as supervisor, supervisor.connect() as connected:
        token = f"{protocol.TOKEN_HEADER}: {supervisor.address['token']}".encode()
        request = b"\r\n".join([b"GET /v1/version HTTP/1.1", b"Host: " + supervisor.host.encode(), token, b"", b""])
        connected.sendall(request + b"GET /v1/ver")
        answer = b""
        with contextlib.suppress(ConnectionError):
            while chunk := connected.recv(4096):
                answer += chunk
        assert answer.startswith(b"HTTP/1.1 200")


def test_two_hundred_idle_connections_do_no_lasting_harm(paths, transport, monkeypatch):
    monkeypatch.setattr(protocol, "REQUEST_SECONDS", 0.5)
    with Supervisor(paths) as supervisor, contextlib.ExitStack() as stack:
        assert supervisor.ask()[0] == 200
        idle = [stack.enter_context(supervisor.connect()) for _ in range(200)]
        assert supervisor.ask()[0] == 503
        for connected in idle:
            with contextlib.suppress(ConnectionError):
                assert connected.recv(1) == b""
        assert supervisor.ask()[0] == 200


def test_a_client_waits_while_too_many_others_are_connected(paths, transport, monkeypatch):
    monkeypatch.setattr(protocol, "REQUEST_SECONDS", 0.5)
    with Supervisor(paths) as supervisor, contextlib.ExitStack() as stack:
        supervisor.ask()
        for _ in range(100):
            stack.enter_context(supervisor.connect())
        assert client.send(paths, e.RestartUnits(("backend",)), timeout=10)["phase"] == "ready"
        assert supervisor.commands == [e.RestartUnits(("backend",))]


def test_a_client_waits_while_nobody_is_accepted(paths):
    """The backlog of a Unix socket is full: connecting fails at once there, instead of waiting."""
    if not native.LISTENING_ON_UNIX_SOCKETS:
        pytest.skip("sockets there are no files")
    with socket.socket(socket.AF_UNIX) as listener, contextlib.ExitStack() as stack:
        listener.bind(str(paths.socket))
        listener.listen(0)
        paths.control.write_text(json.dumps({"socket": str(paths.socket), "token": "ab" * 32}))
        for _ in range(2):
            waiting = stack.enter_context(socket.socket(socket.AF_UNIX))
            waiting.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                waiting.connect(str(paths.socket))
        with pytest.raises(LauncherError, match="too many other connections"):
            client.version(paths, timeout=0.3)


def test_a_client_does_not_wait_for_ever(paths, transport):
    with Supervisor(paths) as supervisor, contextlib.ExitStack() as stack:
        supervisor.ask()
        for _ in range(100):
            stack.enter_context(supervisor.connect())
        with pytest.raises(LauncherError, match="too many other connections"):
            client.version(paths, timeout=2.0 if under_wine() else 0.2)


def test_a_body_of_a_gigabyte_that_really_comes_is_cut_off(supervisor):
    """The sender is hung up on after a fraction of it, and nothing of it is kept."""
    token = f"{protocol.TOKEN_HEADER}: {supervisor.address['token']}".encode()
    lines = [b"POST /v1/commands HTTP/1.1", b"Host: " + supervisor.host.encode(), token,
             b"Content-Type: application/json", b"Transfer-Encoding: chunked", b"", b""]  # fmt: skip
    chunk, sent = b"10000\r\n" + b" " * 65536 + b"\r\n", 0
    with supervisor.connect() as connected:
        connected.sendall(b"\r\n".join(lines))
        with contextlib.suppress(OSError):
            while sent < 2**30:
                connected.sendall(chunk)
                sent += len(chunk)
    assert sent < 32 * 2**20
    assert supervisor.commands == []
    assert supervisor.ask()[0] == 200
