"""A database or cache that is wrong, missing, frozen or away: `up` says so once, with a remedy, and leaves nothing.

The servers are real and somebody else's: whatever happens, they are never stopped.
"""

import asyncio
import json

import pytest

from launcher import native
from tests.support import servers
from tests.support.small_stacks import SmallStack, until

CANARY = "canary-7d1f%2Fword"  # a slash, so that it differs as written and as meant
SHOWN_NOWHERE = ("canary-7d1f%2Fword", "canary-7d1f/word", "canary-7d1f")
STACK = """
[ports]
postgres = 22500
redis = 22600
[services.SERVER]
provider = "SERVER"
stage = "dependencies"
readiness = { SERVER = "${output.OUTPUT}", timeout = 2, deadline = 20 }
stop = { signal = "SIGINT", scope = "main", grace = 5 }
LIVENESS
[services.user]
command = ["{python}", "-c", "import time; print('up', flush=True); time.sleep(600)", "{tag}"]
depends_on = ["SERVER"]
env = { VARIABLE = "${output.OUTPUT}" }
"""
OUTPUT = {"postgres": "database_url", "redis": "redis_url"}
VARIABLE = {"postgres": "DATABASE_URL", "redis": "REDIS_URL"}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return asyncio.run(servers.make_postgres_data(tmp_path_factory.mktemp("data")))


def write(stack, kind, url, *, liveness=""):
    """A stack with one provided server, and what the user says about it in .env."""
    text = STACK.replace("LIVENESS", liveness).replace("OUTPUT", OUTPUT[kind]).replace("VARIABLE", VARIABLE[kind])
    stack.write(text.replace("SERVER", kind))
    (stack.root / ".env").write_text(f"{VARIABLE[kind]}={url}\n")


async def run(stack, *arguments, **how):
    return await asyncio.to_thread(stack.run, *arguments, **how)


def everything_kept(stack):
    """All bytes of all files in the user's state directory."""
    return {path: path.read_bytes() for path in stack.home.rglob("*") if path.is_file() and not path.is_symlink()}


def assert_no_secret(stack, *texts):
    kept = everything_kept(stack)
    assert any(path.name.startswith("events") for path in kept), list(kept)
    for secret in SHOWN_NOWHERE:
        assert not [text for text in texts if secret in text]
        assert not [str(path) for path, content in kept.items() if secret.encode() in content]


async def refused_to_start(stack, kind, url, *arguments):
    """`up` with this URL: exit 10, nothing left, no secret anywhere, nothing begun on top; what it printed."""
    write(stack, kind, url)
    done = await run(stack, "up", *arguments, check=10)
    assert_no_secret(stack, done.stdout, done.stderr)
    stack.assert_nothing_left(1)
    assert f"{kind}  " in done.stdout
    assert len([line for line in done.stdout.splitlines() if line.split()[2:3] == ["failed:"]]) == 1, done.stdout
    assert "user  " not in done.stdout, "what depends on it was started"
    return done.stdout


# --- Postgres ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [[], ["-d"]])
async def test_a_wrong_password_fails_at_once_and_names_role_and_place(stack, data, arguments):
    async with servers.postgres(data) as server:
        text = await refused_to_start(stack, "postgres", server.url(password=CANARY), *arguments)
    assert f"Postgres at 127.0.0.1:{server.port}/postgres as medusa: password authentication failed" in text
    assert "correct the user or password in DATABASE_URL" in text


async def test_a_missing_database_fails_at_once_with_the_command_that_makes_it(stack, data):
    async with servers.postgres(data) as server:
        text = await refused_to_start(stack, "postgres", server.url(database="no_such_shop"))
        assert f"127.0.0.1:{server.port}/no_such_shop" in text
        assert "database does not exist" in text
        assert "createdb no_such_shop" in text
        assert servers.PASSWORD not in text


async def test_a_missing_role_fails_at_once(stack, data):
    async with servers.postgres(data) as server:
        text = await refused_to_start(stack, "postgres", server.url(user="stranger", password=CANARY))
    assert "as stranger" in text
    assert "correct the user or password in DATABASE_URL" in text


async def test_a_frozen_database_on_this_machine_fails_soon_and_is_not_replaced(stack, data):
    """Its data is the user's: an empty embedded one in its place would look like a loss."""
    async with servers.postgres(data) as server:
        with server.frozen():
            text = await refused_to_start(stack, "postgres", server.url(password=CANARY))
    assert f"127.0.0.1:{server.port}/postgres as medusa does not answer" in text
    assert "start it, correct DATABASE_URL, or remove DATABASE_URL" in text


async def test_something_else_on_the_databases_port_fails(stack):
    """A web server, say."""

    def talk(connection):
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    with servers.responder(talk) as port:
        text = await refused_to_start(stack, "postgres", f"postgres://me:{CANARY}@127.0.0.1:{port}/shop")
    assert f"127.0.0.1:{port}/shop as me: received invalid response" in text


async def test_a_url_that_cannot_be_read_fails_without_being_shown(stack):
    url = "postgres://me:canary-7d1f/word@127.0.0.1:5999/shop"  # the slash is not escaped
    text = await refused_to_start(stack, "postgres", url)
    assert "%-encoded" in text


async def test_remote_servers_that_cannot_be_reached_fail_and_are_not_replaced(tmp_path):
    """One does not resolve, one answers never (or there is no way to it). They get ten seconds, as if asleep."""
    stacks = [SmallStack(tmp_path / name) for name in ("unknown", "away")]
    urls = [f"postgres://me:{CANARY}@db.invalid/shop", f"postgres://me:{CANARY}@192.0.2.1/shop"]
    pairs = zip(stacks, urls, strict=True)
    try:
        texts = await asyncio.gather(*(refused_to_start(stack, "postgres", url) for stack, url in pairs))
    finally:
        for stack in stacks:
            stack.clean_up()
    for text, host in zip(texts, ("db.invalid:5432", "192.0.2.1:5432"), strict=True):
        assert f"Postgres at {host}/shop as me" in text
        assert "correct DATABASE_URL" in text


# --- Redis ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["", CANARY])
async def test_a_redis_that_wants_another_password_fails_at_once(stack, tmp_path, word):
    async with servers.valkey(tmp_path, "--requirepass", "right-horse") as server:
        text = await refused_to_start(stack, "redis", server.url("redis", password=word))
    assert f"Redis at 127.0.0.1:{server.port}" in text
    assert "correct the user or password in REDIS_URL" in text


async def test_a_frozen_redis_fails_soon(stack, tmp_path):
    async with servers.valkey(tmp_path) as server:
        with server.frozen():
            text = await refused_to_start(stack, "redis", server.url("redis", password=CANARY))
    assert f"Redis at 127.0.0.1:{server.port} does not answer" in text


async def test_a_redis_url_of_another_scheme_fails_without_being_shown(stack):
    text = await refused_to_start(stack, "redis", f"http://:{CANARY}@127.0.0.1:5999")
    assert "redis://[USER:PASSWORD@]HOST:PORT" in text


# --- what goes well ---------------------------------------------------------------------------------------------


async def test_a_server_that_answers_is_used_and_never_stopped(stack, data):
    async with servers.postgres(data) as server:
        write(stack, "postgres", server.url())
        done = await run(stack, "up", "-d", check=0)
        units = (await asyncio.to_thread(stack.json, "status"))["units"]
        assert units["postgres"]["phase"] == units["user"]["phase"] == "ready"
        await run(stack, "down", check=0)
        stack.assert_nothing_left(1)
        assert native.listeners(server.port), "somebody else's server was stopped"
        kept = everything_kept(stack)
    assert servers.PASSWORD not in done.stdout
    holding = [path for path, content in kept.items() if servers.PASSWORD.encode() in content]
    assert [path.name for path in holding] == ["outputs.json"]  # what `rxlaunch env --reveal` reads
    assert holding[0].stat().st_mode & 0o077 == 0


async def test_nobody_on_this_machine_at_the_url_leads_to_the_embedded_server_and_is_told(stack):
    url = f"postgres://me:{CANARY}@127.0.0.1:{servers.free_port()}/shop"
    write(stack, "postgres", url)
    done = await run(stack, "up", "-d", check=0)
    assert "using the embedded Postgres instead of DATABASE_URL" in done.stdout
    await run(stack, "down", check=0)
    stack.assert_nothing_left(1)
    assert_no_secret(stack, done.stdout, done.stderr)


async def test_a_cache_lost_midway_is_told_and_its_users_are_left_alone_until_it_is_back(stack, tmp_path):
    async with servers.valkey(tmp_path) as server:
        liveness = 'liveness = { redis = "${output.redis_url}", period = 0.2, timeout = 1, failure_threshold = 2 }'
        write(stack, "redis", server.url("redis"), liveness=liveness)
        await run(stack, "up", "-d", check=0)
        before = stack.unit("user")["pid"]
        with server.frozen():
            assert await asyncio.to_thread(until, lambda: stack.unit("redis")["phase"] != "ready", 20)
            assert stack.unit("user")["phase"] == "ready"
        assert await asyncio.to_thread(until, lambda: stack.unit("redis")["phase"] == "ready", 20)
        assert (stack.unit("user")["phase"], stack.unit("user")["pid"]) == ("ready", before)
        assert stack.unit("user")["restarts"] == 0
        await run(stack, "down", check=0)


async def test_a_database_lost_midway_is_told_and_its_users_are_left_alone_until_it_is_back(stack, data):
    async with servers.postgres(data) as server:
        liveness = (
            'liveness = { postgres = "${output.database_url}", period = 0.2, timeout = 1, failure_threshold = 2 }'
        )
        write(stack, "postgres", server.url(), liveness=liveness)
        await run(stack, "up", "-d", check=0)
        before = stack.unit("user")["pid"]
        with server.frozen():
            assert await asyncio.to_thread(until, lambda: stack.unit("postgres")["phase"] != "ready", 20)
            assert "does not answer" in json.dumps(stack.unit("postgres"))
        assert await asyncio.to_thread(until, lambda: stack.unit("postgres")["phase"] == "ready", 20)
        user = stack.unit("user")
        assert (user["phase"], user["pid"]) == ("ready", before)
        await run(stack, "down", check=0)
