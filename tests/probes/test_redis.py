"""The Redis probe against real servers, and against responders that play the rarer answers."""

import time

import pytest

from launcher import probes
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
    await ask("redis://127.0.0.1:1")  # redis-py is loaded now
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
        (b"-ERR something else\r\n", "error", False),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "error", False),
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
    "url", ["http://:hush@127.0.0.1:6379", "redis://:hush#x@127.0.0.1:5", "redis://u:12/hush@127.0.0.1:5", "hush"]
)
async def test_a_url_that_cannot_be_read_is_permanent_and_not_shown(url):
    answer = await ask(url)
    assert (answer.code, answer.permanent) == ("error", True)
    assert "hush" not in f"{answer.detail} {answer.remedy}"
