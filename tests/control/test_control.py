import asyncio
import contextlib
import hashlib
import hmac
import http.client
import json
import os
import socket
import stat
import threading

import pytest

from launcher import events as e
from launcher import native
from launcher.control import client, protocol, server
from launcher.errors import LauncherError, NotRunning
from launcher.state import lock
from tests.support.stacks import running_snapshot, stack_paths

TRANSPORTS = ["unix", "tcp"] if native.LISTENING_ON_UNIX_SOCKETS else ["tcp"]


@pytest.fixture(params=TRANSPORTS)
def transport(request, monkeypatch):
    monkeypatch.setattr(native, "LISTENING_ON_UNIX_SOCKETS", request.param == "unix")
    return request.param


@pytest.fixture
def paths(tmp_path, monkeypatch):
    return stack_paths(tmp_path, monkeypatch)


@pytest.fixture(scope="module", params=TRANSPORTS)
def shared(request, tmp_path_factory):
    """One server for all the tests that only ask it something."""
    with contextlib.ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            paths = stack_paths(tmp_path_factory.mktemp("control"), patch)
            patch.setattr(native, "LISTENING_ON_UNIX_SOCKETS", request.param == "unix")
            running = stack.enter_context(Supervisor(paths))
        yield running


@pytest.fixture
def supervisor(shared):
    shared.commands.clear()
    return shared


class Supervisor:
    """A control server in a thread of its own, and the commands it got."""

    def __init__(self, paths):
        self.paths = paths
        self.commands = []
        self._up = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    async def _serve(self):
        async def submit(command):
            self.commands.append(command)
            return dict(running_snapshot().to_json())

        self._loop = asyncio.get_running_loop()
        self._leave = asyncio.Event()
        with lock.hold(self.paths):
            async with server.serve(self.paths, snapshot=running_snapshot, submit=submit):
                self._up.set()
                await self._leave.wait()

    def __enter__(self):
        self._thread.start()
        assert self._up.wait(10)
        self.address = json.loads(self.paths.control.read_bytes())
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._leave.set)
        self._thread.join(10)
        assert not self._thread.is_alive()

    @property
    def host(self):
        return f"127.0.0.1:{self.address['port']}" if "port" in self.address else "rxlaunch"

    def connect(self):
        if "port" in self.address:
            return socket.create_connection(("127.0.0.1", self.address["port"]), timeout=5)
        connected = socket.socket(socket.AF_UNIX)
        try:
            connected.settimeout(5)
            connected.connect(self.address["socket"])
        except OSError:
            connected.close()
            raise
        return connected

    def raw(self, *lines: bytes, body: bytes = b"") -> tuple[int, bytes]:
        """The status and the whole answer to a request written by hand."""
        with self.connect() as connected:
            with contextlib.suppress(ConnectionError):
                connected.sendall(b"\r\n".join([*lines, b"", b""]) + body)
            answer = b""
            with contextlib.suppress(ConnectionError):
                while chunk := connected.recv(65536):
                    answer += chunk
        return (int(answer.split(b" ", 2)[1]) if answer else 0), answer

    def ask(self, method="GET", path=protocol.STATUS, *, body=b"", **headers):
        """The same with good headers, some of which may be replaced (None leaves one out)."""
        good = {"Host": self.host, protocol.TOKEN_HEADER: self.address["token"], "Connection": "close"}
        if body:
            good |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
        given = good | {name.replace("_", "-"): value for name, value in headers.items()}
        fields = [f"{name}: {value}".encode("latin-1") for name, value in given.items() if value is not None]
        return self.raw(f"{method} {path} HTTP/1.1".encode(), *fields, body=body)


# --- what it is for -------------------------------------------------------------------------------------------


def test_a_client_gets_the_snapshot_with_the_supervisors_identity(supervisor):
    snapshot = client.status(supervisor.paths, timeout=5)
    assert snapshot.supervisor == native.my_identity()
    assert set(snapshot.units) == {"postgres", "backend"}
    assert snapshot.phase == "ready"


@pytest.mark.parametrize(
    "command",
    [
        e.StopStack("rxlaunch down"),
        e.KillStack("now", exit_code=0),
        e.StartUnits(("backend",)),
        e.StopUnits(("backend", "postgres")),
        e.RestartUnits(()),
    ],
)
def test_a_command_arrives_as_it_was_sent_and_is_answered_with_a_snapshot(supervisor, command):
    assert client.send(supervisor.paths, command, timeout=5)["phase"] == "ready"
    assert supervisor.commands == [command]


def test_a_client_can_ask_for_the_version(supervisor):
    assert client.version(supervisor.paths, timeout=5)["api"] == protocol.API_VERSION


def test_many_clients_at_once_are_all_answered(supervisor):
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(client.version(supervisor.paths, timeout=10))) for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 12


def test_nothing_is_left_of_a_server_that_ended(paths, transport):
    with Supervisor(paths):
        assert paths.control.exists()
    assert not paths.control.exists()
    assert not paths.socket.exists()
    with pytest.raises(NotRunning):
        client.status(paths, timeout=1)


def test_signals_stay_the_supervisors(paths):
    import signal

    async def handlers_while_serving():
        async with server.serve(paths, snapshot=running_snapshot, submit=None):
            await asyncio.to_thread(client.version, paths, 5)
            return handlers()

    def handlers():
        return signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)

    async def before_and_while():
        return handlers(), await handlers_while_serving()

    before, during = asyncio.run(before_and_while())
    assert before == during


# --- who may come in ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "token",
    [None, "", "0" * 64, "ü" * 32, "short", "prefix", "twice", "x" * 30_000],
    ids=lambda token: "none" if token is None else token[:8] or "empty",
)
def test_a_missing_or_wrong_token_is_refused_in_one_constant_way(supervisor, token):
    right = supervisor.address["token"]
    token = {"prefix": right[:-1], "twice": right * 2}.get(token, token)
    status, answer = supervisor.ask(**{protocol.TOKEN_HEADER: token})
    assert status == 401
    assert json.loads(answer.partition(b"\r\n\r\n")[2]) == {"error": "the token is missing or wrong"}


def test_two_tokens_are_as_bad_as_none(supervisor):
    token = f"{protocol.TOKEN_HEADER}: {supervisor.address['token']}".encode()
    assert supervisor.raw(b"GET /v1/status HTTP/1.1", b"Host: " + supervisor.host.encode(), token, token)[0] == 401


def test_a_token_too_large_to_be_one_is_cut_off(supervisor):
    assert supervisor.ask(**{protocol.TOKEN_HEADER: "x" * 1_000_000})[0] in (0, 400, 401, 431)
    assert supervisor.ask()[0] == 200


METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"]


@pytest.mark.parametrize("path", [*protocol.ROUTES, "/", "/v1", "/v1/hello", "/v1/status/", "/docs", "/openapi.json"])
@pytest.mark.parametrize("method", METHODS)
def test_no_route_and_no_method_works_without_the_token(supervisor, method, path):
    status, answer = supervisor.ask(method, path, **{protocol.TOKEN_HEADER: None})
    hello = path == protocol.HELLO and "port" in supervisor.address
    assert status == ((400 if method == "GET" else 405) if hello else 401)
    assert b"access-control" not in answer.lower()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", protocol.ROUTES)
def test_each_route_has_its_one_method(supervisor, path, method):
    status, _ = supervisor.ask(method, path, body=b"{}" if method == "POST" else b"")
    right = {"GET": 200, "POST": 400}[protocol.ROUTES[path]]  # {} is no command
    assert status == (right if method == protocol.ROUTES[path] else 405)
    assert supervisor.commands == []


@pytest.mark.parametrize(
    "path", ["/v1/__class__", "/v1/../v1/status", "/v1/%2e%2e/status", "/v1//status", "/v1/status%00"]
)
def test_no_other_path_leads_anywhere(supervisor, path):
    assert supervisor.ask(path=path)[0] == 404


@pytest.mark.parametrize("origin", ["null", "http://evil.example", "own", ""])
def test_a_browser_is_refused_even_with_the_right_token(supervisor, origin):
    origin = f"http://{supervisor.host}" if origin == "own" else origin
    status, answer = supervisor.ask(Origin=origin)
    assert status == 403
    assert b"access-control" not in answer.lower()
    assert supervisor.ask("OPTIONS", Origin=origin, Access_Control_Request_Method="POST")[0] == 403


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "", "localhost", "127.0.0.1", "localhost.evil:PORT", "127.0.0.1.:PORT", "[::1]:PORT",
        "0.0.0.0:PORT", "evil.example:PORT", "localhost:PORT@evil", "LOCALHOST:PORT", "127.1:PORT",
        "rxlaunch.evil", "RXLAUNCH",
    ],
)  # fmt: skip
def test_a_host_that_is_not_exactly_ours_is_refused(supervisor, host):
    port = str(supervisor.address.get("port", 80))
    assert supervisor.ask(Host=host.replace("PORT", port))[0] == 403


def test_the_hosts_that_are_ours_are_served(supervisor):
    hosts = [supervisor.host]
    if "port" in supervisor.address:
        hosts.append(f"localhost:{supervisor.address['port']}")
    assert [supervisor.ask(Host=host)[0] for host in hosts] == [200] * len(hosts)


def test_no_host_and_two_hosts_are_refused(supervisor):
    token = f"{protocol.TOKEN_HEADER}: {supervisor.address['token']}".encode()
    host = b"Host: " + supervisor.host.encode()
    assert supervisor.raw(b"GET /v1/status HTTP/1.1", token)[0] in (400, 403)
    assert supervisor.raw(b"GET /v1/status HTTP/1.1", host, b"Host: evil", token)[0] in (400, 403)
    assert supervisor.raw(b"GET /v1/status HTTP/1.0", token)[0] == 403


def test_an_absolute_address_is_refused(supervisor):
    assert supervisor.ask(path="http://evil.example/v1/status")[0] == 403


def test_without_its_door_the_server_would_answer_anybody(paths, monkeypatch):
    monkeypatch.setattr(server.Door, "refuses", lambda *_: None)
    with Supervisor(paths) as unguarded:
        assert (
            unguarded.ask(Host="evil.example", Origin="http://evil.example", **{protocol.TOKEN_HEADER: None})[0] == 200
        )


# --- what may be said -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded", "application/jsonx"])
def test_a_form_that_any_page_could_send_is_refused(supervisor, kind):
    body = json.dumps(e.to_json(e.StopStack())).encode()
    assert supervisor.ask("POST", protocol.COMMANDS, body=body, Content_Type=kind)[0] == 415
    assert supervisor.commands == []


@pytest.mark.parametrize(
    "body",
    [
        b"{", b"[]", b"null", b"\xff", b"[" * 10_000, b'{"type": "StackStopped", "exit_code": 0}',
        b'{"type": "__class__"}',
        b'{"type": ["StopStack"]}', b'{"type": "StartUnits"}', b'{"type": "StartUnits", "names": "all"}',
        b'{"type": "StartUnits", "names": [1]}', b'{"type": "StopStack", "exit_code": "0"}',
        b'{"type": "StopStack", "exit_code": true}', b'{"type": "KillStack", "exit_code": 1000000}',
        b'{"type": "StopStack", "reason": {"a": 1}}',
    ],
)  # fmt: skip
def test_what_is_no_command_is_refused(supervisor, body):
    assert supervisor.ask("POST", protocol.COMMANDS, body=body)[0] == 400
    assert supervisor.commands == []


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


# --- whom a client believes -----------------------------------------------------------------------------------


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


# --- files ----------------------------------------------------------------------------------------------------

unix_only = pytest.mark.skipif(not native.LISTENING_ON_UNIX_SOCKETS, reason="sockets there are no files")


@unix_only
def test_socket_and_token_are_their_owners_alone_whatever_the_umask(paths):
    before = os.umask(0)
    try:
        with Supervisor(paths):
            modes = {stat.S_IMODE(path.stat().st_mode) for path in (paths.socket, paths.control)}
    finally:
        os.umask(before)
    assert modes == {0o600}
    assert stat.S_IMODE(paths.home.stat().st_mode) == 0o700


def test_each_supervisor_has_a_token_of_its_own(paths, transport):
    tokens = set()
    for _ in range(2):
        with Supervisor(paths) as supervisor:
            tokens.add(supervisor.address["token"])
    assert len(tokens) == 2
    assert {len(token) for token in tokens} == {2 * protocol.TOKEN_BYTES}


@unix_only
def test_the_socket_a_killed_supervisor_left_is_replaced(paths):
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(paths.socket))
    with Supervisor(paths):
        assert client.version(paths, timeout=5)


@unix_only
@pytest.mark.parametrize("kind", ["link", "file", "directory"])
def test_what_is_no_socket_of_ours_is_never_removed(paths, kind):
    precious = paths.home / "precious"
    precious.write_text("data")
    {
        "link": lambda: paths.socket.symlink_to(precious),
        "file": lambda: paths.socket.write_text("data"),
        "directory": paths.socket.mkdir,
    }[kind]()

    async def attempt():
        async with server.serve(paths, snapshot=running_snapshot, submit=None):
            pass

    with pytest.raises(LauncherError, match="not a socket of ours"):
        asyncio.run(attempt())
    assert paths.socket.exists()
    assert precious.read_text() == "data"


@unix_only
def test_a_state_directory_with_a_long_path_has_its_socket_elsewhere(tmp_path, monkeypatch):
    paths = stack_paths(tmp_path, monkeypatch)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    long = type(paths)(paths.root, paths.home / ("x" * 90) / "abcdefghijkl")
    with Supervisor(long) as supervisor:
        assert supervisor.address["socket"].startswith(str(tmp_path / "run"))
        assert client.version(long, timeout=5)


def test_clients_import_nothing_heavy():
    import subprocess
    import sys

    script = (
        "import sys, launcher.control.client;"
        "print([m for m in ('asyncio', 'starlette', 'uvicorn', 'httpx') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_answer_that_makes_no_sense_is_an_error_with_a_remedy(supervisor, monkeypatch):
    monkeypatch.setattr(client, "_ask", lambda *_: {"version": 99})
    with pytest.raises(LauncherError) as caught:
        client.status(supervisor.paths, timeout=1)
    assert "rxlaunch down" in (caught.value.remedy or "")


def test_http_is_what_the_standard_library_understands(supervisor):
    assert supervisor.ask()[1].startswith(b"HTTP/1.1 200 OK\r\n")
    assert http.client.responses[200] == "OK"
