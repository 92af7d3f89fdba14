"""The Redis probe against real servers, and against responders that play the rarer answers."""

import asyncio
import subprocess
import sys
import threading
import time

import pytest

from launcher import probes
from launcher.probes import redis as redis_probe
from launcher.stack.model import ProbeSpec
from tests.support import servers
from tests.support.platforms import under_wine


async def ask(url, timeout=1.0):
    return await probes.build(ProbeSpec(redis=url, timeout=timeout))()


async def test_a_server_that_takes_writes_is_ready(tmp_path):
    async with servers.valkey(tmp_path) as server:
        answer = await ask(server.url("redis"))
    assert (answer.ok, answer.code) == (True, "ok")


@pytest.mark.not_under_wine("the server runs beside it, and takes no options from here")
async def test_a_missing_or_wrong_password_is_permanent_and_not_shown(tmp_path):
    async with servers.valkey(tmp_path, "--requirepass", "right-horse") as server:
        missing = await ask(server.url("redis"))
        wrong = await ask(server.url("redis", password="hush-hush"))
        right = await ask(server.url("redis", password="right-horse"))
    assert (missing.code, missing.permanent) == ("auth", True)
    assert (wrong.code, wrong.permanent) == ("auth", True)
    assert "hush-hush" not in wrong.detail
    assert right.ok


@pytest.mark.not_under_wine("the server runs beside it, and takes no options from here")
async def test_a_replica_takes_no_writes(tmp_path):
    primary = f"127.0.0.1 {servers.free_port()}"
    async with servers.valkey(tmp_path, "--replicaof", *primary.split()) as server:
        answer = await ask(server.url("redis"))
    assert (answer.code, answer.permanent) == ("read_only", True)


async def test_nobody_there_is_refused_at_once():
    begun = time.monotonic()
    answer = await ask(f"redis://127.0.0.1:{servers.free_port()}")
    assert (answer.code, answer.permanent) == ("refused", False)
    assert time.monotonic() - begun < 0.5


async def test_a_name_with_two_addresses_is_refused_as_well():
    answer = await ask(f"redis://localhost:{servers.free_port()}")
    assert answer.code == "refused"


@pytest.mark.not_under_wine("the server runs beside it, and cannot be stopped from here")
async def test_a_frozen_server_is_given_up_within_the_timeout(tmp_path):
    async with servers.valkey(tmp_path) as server:
        await ask(server.url("redis"))
        with server.frozen():
            begun = time.monotonic()
            answer = await ask(server.url("redis"), timeout=0.5)
            took = time.monotonic() - begun
    assert answer.code == "timeout"
    assert took < 0.8


def always(reply, *, first=b""):
    """Answer every command with `reply`; a command named in `first` with +OK."""

    def talk(connection):
        while asked := connection.recv(4096):
            for command in asked.split(b"*")[1:]:
                connection.sendall(b"+OK\r\n" if first and first in command else reply)

    return talk


@pytest.mark.parametrize(
    ("reply", "code", "permanent"),
    [
        (b"-LOADING Redis is loading the dataset in memory\r\n", "loading", False),
        (b"-MISCONF Redis is configured to save RDB snapshots, but it can't\r\n", "read_only", True),
        (b"-READONLY You can't write against a read only replica.\r\n", "read_only", True),
        (b"-NOAUTH Authentication required.\r\n", "auth", True),
        (b"-NOPERM User shop has no permissions to run the 'set' command\r\n", "auth", True),
        (b"-ERR something else\r\n", "error", False),
    ],
)
async def test_what_a_server_complains_about_is_told_apart(reply, code, permanent):
    with servers.responder(always(reply)) as port:
        answer = await ask(f"redis://127.0.0.1:{port}")
    assert (answer.ok, answer.code, answer.permanent) == (False, code, permanent)


async def test_a_dripping_server_is_given_up_within_the_timeout():
    def drip(connection):
        while connection.send(b"+"):
            time.sleep(0.05)

    with servers.responder(drip) as port:
        begun = time.monotonic()
        answer = await ask(f"redis://127.0.0.1:{port}", timeout=0.4)
        took = time.monotonic() - begun
    assert answer.code == "timeout"
    assert took < (15 if under_wine() else 1.5)  # it takes seconds to list who listens


async def test_parameters_that_only_node_understands_do_no_harm(tmp_path):
    async with servers.valkey(tmp_path) as server:
        answer = await ask(f"{server.url('redis')}/0?family=0&keyPrefix=shop:&ssl_cert_reqs=none&db=1")
    assert answer.ok, answer


@pytest.mark.parametrize(
    "url",
    [
        "http://:hush@127.0.0.1:6379",
        "redis://:hush#x@127.0.0.1:5",
        "redis://u:12/hush@127.0.0.1:5",
        "hush",
        "redis://:hush@[::1",
        "redis://:hush@h:99999",
        "redis://:hush@h?db=x",
    ],
)
async def test_a_url_that_cannot_be_read_is_permanent_and_not_shown(url):
    answer = await ask(url)
    assert (answer.code, answer.permanent) == ("error", True)
    assert "hush" not in f"{answer.detail} {answer.remedy}"


@pytest.mark.not_under_wine("the server runs beside it, and takes no options from here")
async def test_a_user_with_a_password_logs_in_and_is_told_when_a_write_is_not_theirs(tmp_path):
    users = "--user", "shop", "on", ">pa/s s", "~*", "+@all", "--user", "guest", "on", ">guest", "~*", "+ping"
    async with servers.valkey(tmp_path, *users) as server:
        right = await ask(f"redis://shop:pa%2Fs%20s@127.0.0.1:{server.port}")
        asked = await ask(f"redis://127.0.0.1:{server.port}?username=shop&password=pa/s+s")
        wrong = await ask(f"redis://shop:hush-hush@127.0.0.1:{server.port}")
        guest = await ask(f"redis://guest:guest@127.0.0.1:{server.port}")
    assert right.ok and asked.ok, (right, asked)
    assert (wrong.code, wrong.detail) == (
        "auth",
        f"Redis at 127.0.0.1:{server.port}: invalid username-password pair or user is disabled.",
    )
    assert (guest.code, guest.permanent, guest.remedy) == ("auth", True, "correct the user or password in REDIS_URL")


async def test_a_password_where_none_is_set_is_permanent(tmp_path):
    async with servers.valkey(tmp_path) as server:
        answer = await ask(server.url("redis", password="hush-hush"))
    assert (answer.code, answer.permanent) == ("auth", True)
    assert "hush-hush" not in answer.detail


async def test_a_server_older_than_users_is_given_the_password_alone():
    seen = []

    def old(connection):
        while asked := connection.recv(4096):
            seen.append(asked)
            no = b"-ERR wrong number of arguments for 'auth' command\r\n"
            connection.sendall(no if b"shop" in asked else b"+PONG\r\n" if b"PING" in asked else b"+OK\r\n")

    with servers.responder(old) as port:
        assert (await ask(f"redis://shop:word@127.0.0.1:{port}")).ok
    assert seen[1] == b"*2\r\n$4\r\nAUTH\r\n$4\r\nword\r\n"


def databases_written_to(port):
    """The databases with the probe's key, which is taken away from them."""
    import redis

    found = []
    for number in range(7):
        with redis.Redis(port=port, db=number) as client:
            found += [number] * client.delete("rxlaunch:probe")
    return found


async def test_the_write_is_in_the_database_that_the_url_names(tmp_path):
    async with servers.valkey(tmp_path) as server:
        databases_written_to(server.port)  # of tests before this, where all have one server
        assert (await ask(f"{server.url('redis')}/3")).ok
        assert (await ask(f"{server.url('redis')}/3?db=5")).ok
        missing = await ask(f"{server.url('redis')}/77")
        assert databases_written_to(server.port) == [3, 5]
    assert (missing.code, missing.detail) == ("error", f"Redis at 127.0.0.1:{server.port}: DB index is out of range")


async def test_strings_and_replies_in_pieces_are_understood():
    def dribble(connection):
        for reply in (b"$4\r\nPONG\r\n", b"+OK\r\n"):
            connection.recv(4096)
            for number in reply:
                connection.sendall(bytes([number]))
                time.sleep(0.002)

    with servers.responder(dribble) as port:
        assert (await ask(f"redis://127.0.0.1:{port}")).ok


def endless(connection, piece):
    while connection.send(piece * 1000):
        pass


def greet(connection):
    connection.sendall(b"220 mail\n")
    servers.silent(connection)


def once(reply):
    """Answer the first command with `reply`, and hang up."""
    return lambda connection: connection.recv(4096) and connection.sendall(reply)


STRANGE = "something else than Redis answers there"
STRANGERS = {
    "an HTTP server": (always(b"HTTP/1.1 400 Bad Request\r\n\r\n"), f"{STRANGE} (it says 'HTTP/1.1 400 Bad Request')"),
    "a greeting": (greet, f"{STRANGE} (it says '220 mail')"),
    "endless garbage": (lambda connection: endless(connection, b"garbage"), STRANGE),
    "an endless word": (lambda connection: endless(connection, b"+"), STRANGE),
    "an endless string": (always(b"$99999999999\r\n"), f"{STRANGE} (it says '$99999999999')"),
    "a string of no length": (always(b"$-7\r\n"), f"{STRANGE} (it says '$-7')"),
    "nothing at all": (always(b"$-1\r\n"), STRANGE),
    "yes to everything": (always(b"+OK\r\n"), f"{STRANGE} (it says 'OK')"),
    "an echo": (lambda connection: connection.sendall(connection.recv(4096)), f"{STRANGE} (it says '*1')"),
    "half an answer": (once(b"+PO"), "the connection was closed without an answer"),
    "half a string": (once(b"$4\r\nPO"), "the connection was closed without an answer"),
    "a door that closes": (lambda connection: None, ""),
}


@pytest.mark.parametrize("who", STRANGERS)
async def test_a_stranger_on_the_port_is_told_as_one_at_once(who):
    talk, told = STRANGERS[who]
    with servers.responder(talk) as port:
        answer = await ask(f"redis://127.0.0.1:{port}", timeout=20)
    assert (answer.ok, answer.code, answer.permanent) == (False, "error", False)
    assert answer.detail.startswith(f"Redis at 127.0.0.1:{port}: {told}")
    assert len(answer.detail) < 150


@pytest.mark.parametrize("how", ["timeout", "cancel"])
async def test_the_connection_is_closed_when_the_attempt_is_cut(how):
    asked, closed = threading.Event(), threading.Event()

    def talk(connection):
        try:
            while connection.recv(4096):
                asked.set()
        finally:
            closed.set()

    with servers.responder(talk) as port:
        asking = asyncio.create_task(ask(f"redis://127.0.0.1:{port}", timeout=0.3 if how == "timeout" else 30))
        assert await asyncio.to_thread(asked.wait, 10)
        if how == "cancel":
            asking.cancel()
        await asyncio.wait({asking})
        assert await asyncio.to_thread(closed.wait, 10)
    assert asking.cancelled() if how == "cancel" else asking.result().code == "timeout"


async def test_a_server_on_the_other_ip_version_is_asked():
    with servers.responder(always(b"-LOADING loading\r\n"), "::1") as port:
        assert (await ask(f"redis://[::1]:{port}")).code == "loading"


@pytest.mark.parametrize(
    "url",
    ["redis://", "redis://h", "redis://H:7/2", "redis://:p%2Fq@h", "redis://u@h", "redis://u:p@[::1]/x", "redis://h:0//4/",
     "redis://u:p@h?username=v&password=q&db=3&db=4", "redis://h/1?db=&password=a%2520b", "REDIS://h?family=0&db=2"],
)  # fmt: skip
def test_a_plain_url_means_what_it_means_to_redis_py(url):
    from redis.asyncio.connection import parse_url

    known = parse_url(redis_probe.for_redis_py(url))
    user, password = known.get("username"), known.get("password")
    login = (user, password or "") if user else (password,) if password else ()
    expected = known.get("host", "localhost"), known.get("port", 6379), login, known.get("db", 0)
    assert redis_probe._parts(url) == expected


@pytest.mark.parametrize(("scheme", "loaded"), [("redis", False), ("rediss", True)])
def test_redis_py_is_loaded_for_tls_alone(scheme, loaded):
    url = f"{scheme}://127.0.0.1:{servers.free_port()}/1?family=0"
    code = (
        "import asyncio, sys; from launcher import probes; from launcher.stack.model import ProbeSpec;"
        f"print(asyncio.run(probes.build(ProbeSpec(redis={url!r}))()).code, 'redis' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["refused", str(loaded)]


async def test_a_server_without_tls_is_told_over_rediss():
    with servers.responder(always(b"-ERR no\r\n")) as port:
        answer = await ask(f"rediss://127.0.0.1:{port}")
    assert (answer.ok, answer.code, answer.permanent) == (False, "error", False)
