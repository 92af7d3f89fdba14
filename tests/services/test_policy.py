"""Whose server is used: the user's when it answers, ours only when nobody is there. Probes and starters are played."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from launcher import services
from launcher.plan.step import Adopted, Launch, StepFailed
from launcher.services import asking, local, postgres, redis, wheels
from tests.support.steps import FakeContext


@dataclass
class Says:
    """A probe's answer."""

    code: str
    permanent: bool = False
    remedy: str | None = None

    @property
    def ok(self):
        return self.code == "ok"

    @property
    def detail(self):
        return f"the server says {self.code}"


class Asked:
    """Answers in turn; the last one for ever."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.urls = []

    async def __call__(self, url):
        self.urls.append(url)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


OK, REFUSED, TIMEOUT, LOADING = Says("ok"), Says("refused"), Says("timeout"), Says("loading")
AUTH = Says("auth", permanent=True, remedy="correct the password")
MISSING = Says("missing_database", permanent=True, remedy="createdb shop")
LOCAL = {"postgres": "postgres://me:hush@127.0.0.1:5999/shop", "redis": "redis://:hush@localhost:6999"}
REMOTE = {"postgres": "postgres://me:hush@db.example.com/shop", "redis": "redis://:hush@cache.example.com"}
VARIABLE = {"postgres": "DATABASE_URL", "redis": "REDIS_URL"}
OUTPUT = {"postgres": "database_url", "redis": "redis_url"}
KINDS = pytest.mark.parametrize("kind", ["postgres", "redis"])


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """No real waiting, no real containers, no real initdb."""
    for name in ("_POLL_SECONDS", "_PATIENCE_SECONDS"):
        monkeypatch.setattr(asking, name, 0.02)
    monkeypatch.setattr(local, "start_existing", nothing_to_start)


async def nothing_to_start(_wanted):
    return None


def initdb(ran):
    """All that a provider sees of initdb: the directory."""
    Path(ran.argv[ran.argv.index("-D") + 1]).mkdir(exist_ok=True)


@pytest.fixture
def context(tmp_path):
    def make(kind, url=None, **more):
        given = {VARIABLE[kind]: url} if url is not None else {}
        return FakeContext(tmp_path, unit=kind, given=given, ports={kind: 45_678}, does=initdb, **more)

    return make


async def resolve(kind, context, *answers):
    asked = Asked(*answers)
    resolved = await services.provider(kind, asked).resolve(context)
    return resolved, asked


@KINDS
@pytest.mark.parametrize("urls", [LOCAL, REMOTE])
async def test_a_server_that_answers_is_adopted(kind, urls, context):
    here = context(kind, urls[kind])
    resolved, asked = await resolve(kind, here, OK)
    assert isinstance(resolved, Adopted)
    assert resolved.outputs == {OUTPUT[kind]: urls[kind]}
    assert "hush" in resolved.secrets
    assert "hush" in here.hidden
    assert asked.urls == [urls[kind]]
    assert here.ran == []


@KINDS
@pytest.mark.parametrize("source", ["auto", "external"])
@pytest.mark.parametrize("answer", [AUTH, MISSING])
async def test_a_permanent_refusal_never_leads_to_another_server(kind, source, answer, context):
    """The user's data is there."""
    here = context(kind, LOCAL[kind], source=source)
    with pytest.raises(StepFailed) as raised:
        await resolve(kind, here, answer)
    assert raised.value.message == answer.detail
    assert raised.value.remedy == answer.remedy
    assert here.ran == []


@KINDS
@pytest.mark.parametrize("answer", [REFUSED, TIMEOUT, Says("error")])
async def test_a_remote_server_that_cannot_be_reached_is_a_failure(kind, answer, context):
    with pytest.raises(StepFailed) as raised:
        await resolve(kind, context(kind, REMOTE[kind]), answer)
    assert VARIABLE[kind] in raised.value.remedy


@KINDS
async def test_a_remote_server_gets_time_to_wake_up(kind, context):
    resolved, asked = await resolve(kind, context(kind, REMOTE[kind]), TIMEOUT, OK)
    assert isinstance(resolved, Adopted)
    assert len(asked.urls) == 2


@KINDS
@pytest.mark.parametrize("answer", [REFUSED, Says("error")])
async def test_a_remote_server_that_is_not_there_is_not_waited_for(kind, answer, context):
    with pytest.raises(StepFailed):
        await resolve(kind, context(kind, REMOTE[kind]), answer, OK)


@KINDS
async def test_a_hanging_local_server_is_a_failure_at_once(kind, context):
    with pytest.raises(StepFailed, match="timeout"):
        await resolve(kind, context(kind, LOCAL[kind]), TIMEOUT, OK)


@KINDS
async def test_a_loading_server_is_waited_for(kind, context):
    resolved, _ = await resolve(kind, context(kind, LOCAL[kind]), LOADING, OK)
    assert isinstance(resolved, Adopted)


@KINDS
async def test_a_local_server_that_is_not_running_is_replaced_and_told(kind, context):
    here = context(kind, LOCAL[kind])
    resolved, _ = await resolve(kind, here, REFUSED)
    assert isinstance(resolved, Launch)
    assert "45678" in resolved.outputs[OUTPUT[kind]]
    assert any(f"instead of {VARIABLE[kind]}" in line for line in here.reports)


@KINDS
async def test_an_existing_local_server_is_started_first(kind, context, monkeypatch):
    async def start(wanted):
        assert (wanted.server, wanted.port) == (kind, {"postgres": 5999, "redis": 6999}[kind])
        return "the docker container shop"

    monkeypatch.setattr(local, "start_existing", start)
    here = context(kind, LOCAL[kind])
    resolved, _ = await resolve(kind, here, REFUSED, REFUSED, OK)
    assert isinstance(resolved, Adopted)
    assert here.reports == ["started the docker container shop"]
    with pytest.raises(StepFailed, match="auth"):  # it came up, and refuses us: its data counts
        await resolve(kind, here, REFUSED, AUTH)
    resolved, _ = await resolve(kind, here, REFUSED)  # it never came up
    assert isinstance(resolved, Launch)


@KINDS
async def test_embedded_is_embedded_whatever_is_given(kind, context):
    resolved, asked = await resolve(kind, context(kind, LOCAL[kind], source="embedded"), OK)
    assert isinstance(resolved, Launch)
    assert asked.urls == []


@KINDS
@pytest.mark.parametrize(("url", "answer"), [(None, OK), ("", OK), ("local", REFUSED)])
async def test_external_without_an_answer_is_a_failure(kind, url, answer, context):
    url = LOCAL[kind] if url else url
    with pytest.raises(StepFailed):
        await resolve(kind, context(kind, url, source="external"), answer)


@KINDS
async def test_without_a_url_the_embedded_server_is_used(kind, context):
    here = context(kind)
    resolved, asked = await resolve(kind, here, OK)
    assert isinstance(resolved, Launch)
    assert asked.urls == []
    assert here.reports == []


@KINDS
async def test_a_missing_wheel_is_told_with_its_remedy(kind, context, monkeypatch):
    monkeypatch.setattr(wheels, "package_directory", lambda name: None)
    with pytest.raises(StepFailed) as raised:
        await resolve(kind, context(kind, env={"PATH": ""}), OK)
    assert 'pip install "rxlaunch[embedded]"' in raised.value.remedy
    assert VARIABLE[kind] in raised.value.remedy


@KINDS
async def test_a_service_of_another_name_finds_its_port(kind, context):
    here = context(kind)
    here.unit = "db"
    resolved, _ = await resolve(kind, here, OK)
    assert "45678" in resolved.outputs[OUTPUT[kind]]
    here.ports = {}
    with pytest.raises(StepFailed, match="has no port") as raised:
        await resolve(kind, here, OK)
    assert "[ports]" in raised.value.remedy


@KINDS
async def test_no_secret_is_on_a_command_line(kind, context):
    here = context(kind)
    resolved, _ = await resolve(kind, here, OK)
    for argv in (resolved.argv, *(ran.argv for ran in here.ran)):
        assert not any(secret in word for word in argv for secret in here.secrets.values())


async def test_valkey_in_wasm_stands_in_where_there_is_no_wheel(context, monkeypatch):
    monkeypatch.setattr(wheels, "valkey", lambda: None)
    resolved, _ = await resolve("redis", context("redis"), OK)
    assert resolved.argv[1:] == ("--no-warnings", resolved.argv[2], "45678")
    assert resolved.argv[2].endswith("server.mjs")
    assert "in memory" in resolved.note


def test_there_are_no_other_providers():
    with pytest.raises(KeyError, match="no provider 'mysql'"):
        services.provider("mysql", Asked(OK))


@pytest.mark.parametrize(
    ("url", "is_local"),
    [
        ("postgres://a@localhost/b", True),
        ("postgres://a@127.0.0.5:1/b", True),
        ("postgres://a@[::1]:1/b", True),
        ("postgres://a@db.localhost/b", True),
        ("postgres:///b", True),
        ("postgres://a@10.0.0.1/b", False),
        ("postgres://a@postgres/b", False),
        ("postgres://a@localhost.example.com/b", False),
        ("postgres://a@[::1/b", False),
    ],
)
def test_only_this_very_machine_is_local(url, is_local):
    assert asking.is_local(url) is is_local


def test_a_password_is_hidden_as_written_and_as_meant():
    assert asking.password_of("redis://:a%20b@h") == {"a%20b", "a b"}
    assert asking.password_of("redis://h") == frozenset()


def test_both_kinds_know_their_variable():
    assert (postgres.KIND.variable, redis.KIND.variable) == ("DATABASE_URL", "REDIS_URL")
