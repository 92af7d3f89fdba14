"""Whom a client believes: it gives the token to nobody who has not shown that he has it already."""

import contextlib
import hashlib
import hmac
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from launcher import events as e
from launcher import native
from launcher.control import client, protocol
from launcher.errors import LauncherError, NotRunning
from tests.control.supervisors import Supervisor


class Impostor:
    """Listens where a supervisor did, and remembers everything it is told."""

    def __init__(self, answer: bytes):
        self.heard = b""
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._listen)

    def _listen(self):
        connected, _ = self._listener.accept()
        with connected:
            connected.settimeout(5)
            self.heard += connected.recv(65536)
            length = str(len(self._answer)).encode()
            connected.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: " + length + b"\r\n\r\n" + self._answer)
            with contextlib.suppress(OSError):
                while chunk := connected.recv(65536):
                    self.heard += chunk

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._thread.join()
        self._listener.close()


@pytest.mark.parametrize("answer", [b'{"proof": "00"}', b'{"proof": null}', b"hello", b"{}"])
def test_a_stranger_on_a_stale_port_never_gets_the_token(paths, answer):
    token = "ab" * 32
    with Impostor(answer) as stranger:
        paths.control.write_text(json.dumps({"port": stranger.port, "token": token}))
        with pytest.raises(NotRunning):
            client.send(paths, e.StopStack(), timeout=5)
    assert b"/v1/hello?nonce=" in stranger.heard
    assert token.encode() not in stranger.heard


def test_without_the_proof_a_stranger_would_get_it(paths, monkeypatch):
    monkeypatch.setattr(client, "_demand_proof", lambda *_: None)
    with Impostor(b"{}") as stranger:
        paths.control.write_text(json.dumps({"port": stranger.port, "token": "ab" * 32}))
        client.send(paths, e.StopStack(), timeout=5)
    assert b"ab" * 32 in stranger.heard


def test_a_proof_can_be_given_only_by_who_has_the_token():
    assert protocol.proof("a" * 64, "n" * 64) != protocol.proof("b" * 64, "n" * 64)
    whole = hmac.new(b"a" * 64, b"rxlaunch hello " + b"n" * 64, hashlib.sha256).hexdigest()
    assert protocol.proof("a" * 64, "n" * 64) == whole


@pytest.mark.skipif(not native.LISTENING_ON_UNIX_SOCKETS, reason="sockets there are no files")
def test_a_client_leaves_a_socket_of_another_user_alone(paths, monkeypatch):
    with Supervisor(paths):
        monkeypatch.setattr(client.os, "getuid", lambda: 12345)
        with pytest.raises(NotRunning):
            client.status(paths, timeout=5)
        monkeypatch.undo()


OTHERS_SOCKET = """
import os, socket, sys
os.setgid(23456); os.setuid(23456)
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1]); os.chmod(sys.argv[1], 0o777); listener.listen()
print("listening", flush=True)
listener.settimeout(10)
connected, _ = listener.accept()
connected.settimeout(5)
print(connected.recv(65536), flush=True)
"""


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 1)() != 0, reason="only root can start a process of another user")
@pytest.mark.parametrize("checked", [True, False])
def test_a_socket_that_another_users_process_listens_on_is_told_nothing(paths, monkeypatch, checked):
    """The control is the client without the look at who listens: that one tells the token."""
    if not checked:
        monkeypatch.setattr(client, "_require_our_user", lambda _sock: None)
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o777)
        path = f"{directory}/s"
        paths.control.write_text(json.dumps({"socket": path, "token": "ab" * 32}))
        command = [sys.executable, "-I", "-S", "-c", OTHERS_SOCKET, path]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as theirs:
            assert theirs.stdout.readline() == "listening\n"
            with pytest.raises(NotRunning):
                client.send(paths, e.StopStack(), timeout=2)
            heard = theirs.stdout.readline()
    assert ("ab" * 32 in heard) is not checked


@pytest.mark.parametrize(
    "contents",
    [
        b"", b"{", b"[]", b"{}", b'{"token": "x", "port": 1}', b'{"token": null, "socket": "/x"}',
        json.dumps({"token": "ab" * 32, "port": 70000}).encode(),
        json.dumps({"token": "ab" * 32, "port": True}).encode(),
        json.dumps({"token": "ab" * 32, "socket": "a\0b"}).encode(), json.dumps({"token": "ab" * 32}).encode(),
        json.dumps({"token": "ab" * 32, "socket": "/nowhere/control.sock"}).encode(),
    ],
)  # fmt: skip
def test_a_damaged_or_stale_address_means_that_nothing_runs(paths, contents):
    paths.control.write_bytes(contents)
    with pytest.raises(NotRunning):
        client.send(paths, e.StopStack(), timeout=1)


def test_a_supervisor_that_does_not_answer_in_time_is_told_apart_from_none(paths, transport):
    unix = transport != "tcp"
    with socket.socket(socket.AF_UNIX if unix else socket.AF_INET) as listener:
        listener.bind(str(paths.socket) if unix else ("127.0.0.1", 0))
        listener.listen()
        where = {"socket": str(paths.socket)} if unix else {"port": listener.getsockname()[1]}
        paths.control.write_text(json.dumps({**where, "token": "ab" * 32}))
        with pytest.raises(LauncherError, match="did not answer within"):
            client.status(paths, timeout=0.1)


def test_clients_import_nothing_heavy():
    import subprocess
    import sys

    script = "import sys, launcher.control.client;print([m for m in ('asyncio', 'h11', 'httpx') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_answer_that_makes_no_sense_is_an_error_with_a_remedy(supervisor, monkeypatch):
    monkeypatch.setattr(client, "_ask", lambda *_: {"version": 99})
    with pytest.raises(LauncherError) as caught:
        client.status(supervisor.paths, timeout=1)
    assert "rxlaunch down" in (caught.value.remedy or "")
