"""The Postgres probe against real servers, and against ports where something else answers."""

import asyncio
import socket
import sys
import time
import traceback

import pytest

from launcher import probes
from launcher.probes import postgres as postgres_probe
from launcher.stack.model import ProbeSpec
from tests.support import servers


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return asyncio.run(servers.make_postgres_data(tmp_path_factory.mktemp("data")))


@pytest.fixture
async def server(data):
    async with servers.postgres(data) as running:
        yield running


async def ask(url, timeout=2.0):
    return await probes.build(ProbeSpec(postgres=url, timeout=timeout))()


async def test_a_server_that_answers_is_ready(server):
    answer = await ask(server.url())
    assert (answer.ok, answer.code) == (True, "ok")


async def test_a_wrong_password_is_told_apart_from_a_missing_database(server):
    wrong = await ask(server.url(password="wrong-horse"))
    missing = await ask(server.url(database="shop"))
    assert (wrong.code, wrong.permanent) == ("auth", True)
    assert (missing.code, missing.permanent) == ("missing_database", True)
    assert "createdb shop" in missing.remedy
    assert f"127.0.0.1:{server.port}/shop as medusa" in missing.detail


async def test_an_unknown_role_is_an_authentication_failure(server):
    answer = await ask(server.url(user="nobody-here"))
    assert (answer.code, answer.permanent) == ("auth", True)


@pytest.mark.parametrize("parts", [{"password": "hush-hush"}, {"database": "none"}, {"user": "who"}])
async def test_no_answer_shows_a_password(server, parts):
    answer = await ask(server.url(**parts))
    shown = f"{answer.detail} {answer.remedy}"
    assert parts.get("password", servers.PASSWORD) not in shown


async def test_parameters_that_only_node_understands_do_no_harm(server):
    url = f"{server.url()}?sslmode=disable&ssl_mode=disable&schema=public&pool_max=3"
    assert (await ask(url)).ok


async def test_a_read_only_server_is_not_ready(server):
    answer = await ask(f"{server.url()}?options=-c%20default_transaction_read_only%3Don")
    assert (answer.ok, answer.code, answer.permanent) == (False, "read_only", False)


async def test_nobody_there_is_refused_and_may_heal():
    answer = await ask(f"postgres://u:p@127.0.0.1:{servers.free_port()}/d")
    assert (answer.ok, answer.code, answer.permanent) == (False, "refused", False)


@pytest.mark.not_under_wine("the server runs beside it, and cannot be stopped from here")
async def test_a_frozen_server_is_given_up_within_the_timeout(server):
    await ask(server.url())  # psycopg is loaded now
    with server.frozen():
        begun = time.monotonic()
        answer = await ask(server.url())
        took = time.monotonic() - begun
    assert answer.code == "timeout"
    assert took < 2.3


@pytest.mark.not_under_wine("the server runs beside it, and cannot be stopped from here")
async def test_a_server_that_freezes_after_the_login_leaves_no_thread_waiting(server, monkeypatch):
    """Without the cut, the thread waits as long as the server is frozen, and the program cannot end before."""

    def slow(self, connection):
        connection.execute("select pg_sleep(60)")

    monkeypatch.setattr(postgres_probe._Attempt, "_select", slow)
    answer = await ask(server.url(), timeout=0.5)
    assert answer.code == "timeout"
    async with asyncio.timeout(5):
        while "_Attempt.ask" in _functions_running():
            await asyncio.sleep(0.01)


def _functions_running():
    """The names of all functions that any thread is in."""
    stacks = (traceback.walk_stack(frame) for frame in sys._current_frames().values())
    return {frame.f_code.co_qualname for stack in stacks for frame, _ in stack}


def error_packet(state: str, text: str) -> bytes:
    fields = f"SFATAL\0VFATAL\0C{state}\0M{text}\0\0".encode()
    return b"E" + (len(fields) + 4).to_bytes(4, "big") + fields


def says(packet):
    def talk(connection):
        asked = connection.recv(4096)
        if asked[4:8] in (b"\x04\xd2\x16\x2f", b"\x04\xd2\x16\x30"):  # may we use TLS, or GSS?
            connection.sendall(b"N")
            talk(connection)
            return
        connection.sendall(packet)

    return talk


async def test_a_starting_server_is_loading_not_broken():
    with servers.responder(says(error_packet("57P03", "the database system is starting up"))) as port:
        answer = await ask(f"postgres://u:p@127.0.0.1:{port}/d")
    assert (answer.code, answer.permanent) == ("loading", False)


async def test_something_else_on_the_port_is_an_error():
    with servers.responder(lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as port:
        answer = await ask(f"postgres://u:p@127.0.0.1:{port}/d")
    assert (answer.ok, answer.code) == (False, "error")


@pytest.mark.parametrize(
    "url",
    [
        "postgres://u:hush/hush@127.0.0.1:5/d",
        "postgres://u:hush@[127/d",
        "postgres://u:hush@127.0.0.1:nan/d",
        "hush",
        "postgres://u:hush%@127.0.0.1:5/d",
        "postgres://u:hush%zz@127.0.0.1:5/d",
        "postgres://u:hush sh@127.0.0.1:5/d",
        "postgres://u:hush#x@127.0.0.1:5/d",
        "postgres://u:hush?x@127.0.0.1:5/d",
    ],
)
async def test_a_url_that_cannot_be_read_is_permanent_and_not_shown(url):
    answer = await ask(url)
    assert (answer.ok, answer.code, answer.permanent) == (False, "error", True)
    assert "hush" not in f"{answer.detail} {answer.remedy}"


@pytest.mark.not_under_wine("a full backlog refuses at once")
async def test_a_slow_refusal_counts_as_refused(monkeypatch):
    """Windows takes longer to refuse than a probe may take; here a full backlog plays that."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        fillers = [_connecting(port) for _ in range(3)]
        try:
            assert (await ask(f"postgres://u:p@127.0.0.1:{port}/d", timeout=0.3)).code == "timeout"
            monkeypatch.setattr("launcher.native.listeners", lambda port: [])
            assert (await ask(f"postgres://u:p@127.0.0.1:{port}/d", timeout=0.3)).code == "timeout"
            monkeypatch.setattr("launcher.native.IS_WINDOWS", True)
            assert (await ask(f"postgres://u:p@127.0.0.1:{port}/d", timeout=0.3)).code == "refused"
        finally:
            for filler in fillers:
                filler.close()


def _connecting(port):
    made = socket.socket()
    made.setblocking(False)
    made.connect_ex(("127.0.0.1", port))
    return made
