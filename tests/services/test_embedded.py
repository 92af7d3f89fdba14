"""The embedded servers, for real: made once, kept, repaired, and answering as their outputs say."""

import contextlib
import os
import signal

import pytest

from launcher import probes, services
from launcher.plan.step import CommandResult, StepFailed
from launcher.services import wheels
from launcher.stack.model import ProbeSpec
from tests.support import servers
from tests.support.steps import FakeContext, really


@pytest.fixture
def context(tmp_path):
    return FakeContext(tmp_path, unit="postgres", ports={"postgres": servers.free_port()}, does=really)


@pytest.fixture
def cache(tmp_path):
    return FakeContext(tmp_path, unit="redis", ports={"redis": servers.free_port()}, does=really)


async def ask(url):
    spec = ProbeSpec(postgres=url) if url.startswith("postgres") else ProbeSpec(redis=url)
    return await probes.build(spec)()


async def resolve(context):
    return await services.provider(context.unit, ask).resolve(context)


@contextlib.asynccontextmanager
async def running(launch, context):
    """The server that a provider prepared, started as the supervisor would."""
    server = servers.Server(context.ports[context.unit])
    how = {"stop_signal": "SIGINT", "stop_scope": "main", "unprivileged": launch.unprivileged}
    async with servers._running(launch.argv, launch.cwd, server, **how):
        await servers.listening(server)
        yield server


async def answers(launch):
    """Its answer, once it is past its start."""
    (url,) = launch.outputs.values()
    answer = await ask(url)
    while answer.code == "loading":
        answer = await ask(url)
    return answer


KEEP = "create table kept as select 7 as number"


def select(url, query):
    """The first row of the answer, where there is one."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(query)
        return cursor.fetchone() if cursor.description else None


async def test_the_embedded_postgres_answers_as_its_url_says(context):
    context.options = {"role": "shop", "database": "shop_dev"}
    launch = await resolve(context)
    async with running(launch, context):
        assert (await answers(launch)).ok
        url = launch.outputs["database_url"]
        assert select(url, "select current_user, current_database()") == ("shop", "shop_dev")
        assert select(url, "show server_encoding") == ("UTF8",)
    assert url.startswith("postgres://shop:")
    assert launch.secrets == {context.secrets["postgres_password"]}


async def test_it_listens_on_this_machine_alone_and_wants_the_password(context):
    launch = await resolve(context)
    async with running(launch, context) as server:
        await answers(launch)
        assert (await ask(server.url(password="guess", database="medusa"))).code == "auth"
        with pytest.raises(Exception, match="refused"):
            select(server.url().replace("127.0.0.1", "127.0.0.2"), "select 1")


async def test_the_second_start_runs_nothing_and_finds_the_data(context):
    launch = await resolve(context)
    async with running(launch, context):
        await answers(launch)
        select(launch.outputs["database_url"], KEEP)
    context.ran.clear()
    again = await resolve(context)
    assert context.ran == []
    async with running(again, context):
        await answers(again)
        assert select(again.outputs["database_url"], "select number from kept") == (7,)


async def test_a_data_directory_left_half_made_is_made_anew(context):
    data = context.state_dir / "data" / f"pg{wheels.POSTGRES_MAJOR}"
    (data / "base").mkdir(parents=True)
    (data / "PG_VERSION").write_text("18\n")
    launch = await resolve(context)
    async with running(launch, context):
        assert (await answers(launch)).ok


def lock_of(context, pid, port):
    """What a server that was killed leaves behind, if its pid was `pid`."""
    lock = context.state_dir / "data" / f"pg{wheels.POSTGRES_MAJOR}" / "postmaster.pid"
    lock.write_text(f"{pid}\n{lock.parent}\n1700000000\n{port}\n\n127.0.0.1\n  1234567         5\nready   \n")
    lock.chmod(0o600)
    return lock


@pytest.mark.parametrize("content", ["", "\n", "garbage", "{pid}\n", "all"])
async def test_a_lock_left_by_a_dead_server_whose_pid_another_process_has_now_is_no_obstacle(context, content):
    """After a reboot, and in containers, small pids come back at once."""
    await resolve(context)
    lock = lock_of(context, os.getpid(), servers.free_port())
    if content != "all":
        lock.write_text(content.format(pid=os.getpid()))
    launch = await resolve(context)
    async with running(launch, context):
        assert (await answers(launch)).ok


async def test_the_lock_of_a_living_server_is_respected(context):
    launch = await resolve(context)
    async with running(launch, context):
        await answers(launch)
        lock = context.state_dir / "data" / f"pg{wheels.POSTGRES_MAJOR}" / "postmaster.pid"
        before = lock.read_text()
        again = await resolve(context)
        assert lock.read_text() == before
        result = await context.run(again.argv, unprivileged=True)
    assert result.code == 1
    assert any('lock file "postmaster.pid" already exists' in line for line in result.tail)


async def test_a_lost_secret_or_another_name_is_set_right_without_losing_data(context):
    launch = await resolve(context)
    async with running(launch, context):
        await answers(launch)
        select(launch.outputs["database_url"], KEEP)
    context.secrets.clear()
    renewed = await resolve(context)
    assert renewed.outputs != launch.outputs
    async with running(renewed, context):
        assert (await answers(renewed)).ok
        assert select(renewed.outputs["database_url"], "select number from kept") == (7,)
    context.options = {"role": "other", "database": "other"}
    moved = await resolve(context)
    async with running(moved, context):
        assert (await answers(moved)).ok


async def test_nothing_of_the_password_is_left_lying_about(context):
    await resolve(context)
    password = context.secrets["postgres_password"].encode()
    holding = [path for path in context.state_dir.rglob("*") if path.is_file() and password in path.read_bytes()]
    assert holding == []
    assert all(password not in word.encode() for ran in context.ran for word in ran.argv)


async def test_a_failing_initdb_is_told_with_what_it_printed(context):
    context.does = lambda ran: CommandResult(1, ("initdb: error: no space left",), 0.1)
    with pytest.raises(StepFailed, match="could not create its data directory") as raised:
        await resolve(context)
    assert raised.value.tail == ("initdb: error: no space left",)
    assert list((context.state_dir / "data").iterdir()) == []
    assert raised.value.remedy is None


async def test_a_directory_that_the_servers_user_may_not_enter_has_a_remedy(context):
    """Root without user namespaces becomes another user, as does root in a home directory of somebody else's."""
    context.does = lambda ran: CommandResult(1, ("initdb: error: could not open file: Permission denied",), 0.1)
    with pytest.raises(StepFailed) as raised:
        await resolve(context)
    assert "not as root" in raised.value.remedy


async def test_a_database_that_cannot_be_created_is_told(context):
    await resolve(context)
    context.options = {"database": "x" * 70 + '"; drop'}
    with pytest.raises(StepFailed, match="could not create the database"):
        await resolve(context)


async def test_root_does_not_keep_postgres_from_running(context):
    """It refuses to run as root: it sees another user. Its files stay ours, where user namespaces are allowed."""
    launch = await resolve(context)
    assert launch.unprivileged
    async with running(launch, context):
        assert (await answers(launch)).ok
    assert {path.stat().st_uid for path in context.state_dir.rglob("*")} <= {os.geteuid(), 65534}


async def test_the_embedded_valkey_keeps_its_data_when_it_is_killed(cache):
    import redis

    for round_ in (1, 2):
        launch = await resolve(cache)
        async with running(launch, cache) as server:
            assert (await answers(launch)).ok
            with redis.Redis.from_url(launch.outputs["redis_url"]) as client:
                if round_ == 1:
                    client.set("session", "kept")
                    client.execute_command("WAITAOF", 1, 0, 2000)
                    os.kill(server.child.pid, signal.SIGKILL)
                    await server.child.wait()
                else:
                    assert client.get("session") == b"kept"
