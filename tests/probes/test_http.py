"""The HTTP probe against servers that behave badly in every way that was met."""

import asyncio
import time

import pytest

from launcher import probes
from launcher.stack.model import ProbeSpec
from tests.support import servers


async def ask(url, **options):
    return await probes.build(ProbeSpec(http=url, **{"timeout": 2.0, **options}))()


def replies(*lines: str, body: bytes = b""):
    """Answer every request with this head and body, then hang up."""
    head = "\r\n".join(["HTTP/1.1 " + lines[0], *lines[1:], "Connection: close", "", ""]).encode()

    def talk(connection):
        connection.recv(65536)
        connection.sendall(head + body)

    return talk


async def test_the_right_status_is_ready():
    with servers.responder(replies("200 OK", "Content-Length: 2", body=b"ok")) as port:
        answer = await ask(f"http://127.0.0.1:{port}/health")
    assert answer.ok
    assert answer.detail == f"GET http://127.0.0.1:{port}/health → 200"


async def test_another_status_is_not_and_shows_what_the_body_says():
    body = b'{"status": "unhealthy",\n "redis": "write failed"}' + b"x" * 1000
    with servers.responder(replies("503 No", f"Content-Length: {len(body)}", body=body)) as port:
        answer = await ask(f"http://127.0.0.1:{port}/ready")
    assert (answer.ok, answer.code) == (False, "status")
    assert '→ 503 {"status": "unhealthy", "redis": "write failed"}' in answer.detail
    assert len(answer.detail) < 300


async def test_statuses_that_count_as_ready_can_be_chosen():
    with servers.responder(replies("401 Who", "Content-Length: 0")) as port:
        assert (await ask(f"http://127.0.0.1:{port}/", status=(200, 401))).ok


async def test_nobody_there_is_refused():
    assert (await ask(f"http://127.0.0.1:{servers.free_port()}/")).code == "refused"


async def test_a_server_that_never_answers_is_given_up_within_the_timeout():
    with servers.responder(servers.silent) as port:
        await ask("http://127.0.0.1:1/")  # httpx is loaded now
        begun = time.monotonic()
        answer = await ask(f"http://127.0.0.1:{port}/", timeout=0.3)
        took = time.monotonic() - begun
    assert answer.code == "timeout"
    assert took < 0.6


def drips(head: bytes):
    def talk(connection):
        connection.recv(65536)
        connection.sendall(head)
        while connection.send(b"x"):
            time.sleep(0.02)

    return talk


async def test_a_dripping_body_cannot_outlast_the_timeout():
    """A timeout for each read would never end."""
    with servers.responder(drips(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")) as port:
        begun = time.monotonic()
        answer = await ask(f"http://127.0.0.1:{port}/", contains="never", timeout=0.4)
        took = time.monotonic() - begun
    assert answer.code == "timeout"
    assert took < 0.8


async def test_the_status_of_a_dripping_failure_is_still_told():
    with servers.responder(drips(b"HTTP/1.1 500 Broken\r\nContent-Length: 100000\r\n\r\n")) as port:
        answer = await ask(f"http://127.0.0.1:{port}/")
    assert answer.code == "status"
    assert "→ 500 xx" in answer.detail


async def test_a_huge_body_is_not_read_when_only_the_status_counts():
    sent = []

    def talk(connection):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 400000000\r\n\r\n")
        for _ in range(400):
            connection.sendall(b"x" * 1_000_000)
            sent.append(1)

    with servers.responder(talk) as port:
        answer = await ask(f"http://127.0.0.1:{port}/")
    assert answer.ok
    assert len(sent) < 50


async def test_a_text_is_looked_for_in_the_first_two_megabytes_only():
    early = b"x" * 1_500_000 + b"Welcome"
    late = b"x" * 2_500_000 + b"Welcome"
    for body, ok in ((early, True), (late, False)):
        with servers.responder(replies("200 OK", f"Content-Length: {len(body)}", body=body)) as port:
            answer = await ask(f"http://127.0.0.1:{port}/", contains="Welcome")
        assert answer.ok is ok, answer
        assert answer.code == ("ok" if ok else "body")


async def test_a_text_split_between_two_packets_is_found():
    def talk(connection):
        connection.recv(65536)
        for part in (b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nWel", b"come"):
            connection.sendall(part)
            time.sleep(0.05)

    with servers.responder(talk) as port:
        assert (await ask(f"http://127.0.0.1:{port}/", contains="Welcome")).ok


def routes(pages):
    """Answer by path: a page is a redirect's target, or a body."""

    def talk(connection):
        path = connection.recv(65536).split(b" ", 2)[1].decode()
        page = pages[path]
        if page.startswith("→"):
            head = ("307 Elsewhere", f"Location: {page[1:].format(port=connection.getsockname()[1])}")
            connection.sendall("\r\n".join(["HTTP/1.1 " + head[0], head[1], "Content-Length: 0", "", ""]).encode())
        else:
            connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {len(page)}\r\n\r\n{page}".encode())

    return talk


async def test_a_redirect_is_not_ready_unless_it_may_be_followed():
    with servers.responder(routes({"/": "→/dk", "/dk": "home"})) as port:
        assert (await ask(f"http://127.0.0.1:{port}/")).code == "redirect"
        assert (await ask(f"http://127.0.0.1:{port}/", follow_redirects=True, contains="home")).ok


async def test_a_redirect_to_this_machines_other_name_is_followed():
    """Next answers a request to 127.0.0.1 with a redirect to localhost."""
    with servers.responder(routes({"/": "→http://localhost:{port}/dk", "/dk": "home"})) as port:
        assert (await ask(f"http://127.0.0.1:{port}/", follow_redirects=True)).ok


@pytest.mark.parametrize("target", ["http://127.0.0.1:{other}/", "https://127.0.0.1:{port}/", "http://example.com/"])
async def test_a_redirect_elsewhere_is_never_followed(target):
    asked = []
    with servers.responder(asked.append) as other:
        target = target.replace("{other}", str(other))
        with servers.responder(routes({"/": f"→{target}"})) as port:
            answer = await ask(f"http://127.0.0.1:{port}/", follow_redirects=True)
    assert (answer.ok, answer.code) == (False, "redirect")
    assert asked == []


async def test_redirects_in_a_circle_end():
    with servers.responder(routes({"/": "→/a", "/a": "→/"})) as port:
        assert (await ask(f"http://127.0.0.1:{port}/", follow_redirects=True)).code == "redirect"


async def test_something_that_is_no_web_server_is_told():
    with servers.responder(lambda connection: connection.sendall(b"220 mail ready\r\n")) as port:
        assert (await ask(f"http://127.0.0.1:{port}/")).code == "protocol"


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999/", "nonsense", "ftp://127.0.0.1/", "http://[::1/"])
async def test_a_url_that_cannot_be_asked_is_an_answer_not_an_exception(url):
    assert (await ask(url)).code == "protocol"


@pytest.fixture
def proxied(monkeypatch):
    """A proxy in the environment; what it was asked."""
    asked = []
    with servers.responder(asked.append) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy}")
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        yield asked


async def test_a_proxy_in_the_environment_is_ignored(proxied):
    with servers.responder(replies("200 OK", "Content-Length: 0")) as port:
        answer = await ask(f"http://127.0.0.1:{port}/")
    assert answer.ok
    assert proxied == []


async def test_the_proxy_test_can_fail(proxied, monkeypatch):
    import httpx

    class Trusting(httpx.AsyncClient):
        def __init__(self, **options):
            super().__init__(**{**options, "trust_env": True})

    monkeypatch.setattr(httpx, "AsyncClient", Trusting)
    with servers.responder(replies("200 OK", "Content-Length: 0")) as port:
        assert not (await ask(f"http://127.0.0.1:{port}/")).ok
    assert len(proxied) == 1


async def test_a_password_in_the_url_is_not_shown():
    with servers.responder(replies("401 Who", "Content-Length: 0")) as port:
        answer = await ask(f"http://me:hush@127.0.0.1:{port}/a")
    assert "hush" not in answer.detail
    assert f"http://127.0.0.1:{port}/a" in answer.detail


async def test_many_probes_at_once_do_not_wait_for_each_other():
    with servers.responder(servers.silent) as port:
        begun = time.monotonic()
        answers = await asyncio.gather(*(ask(f"http://127.0.0.1:{port}/", timeout=0.5) for _ in range(8)))
    assert {answer.code for answer in answers} == {"timeout"}
    assert time.monotonic() - begun < 2.5
