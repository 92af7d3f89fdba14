"""HTTPS for real: Caddy before small servers. Names lead where they should; only names of ours have certificates."""

import asyncio
import os
import socket
import ssl

import pytest

from launcher import native, services
from launcher.marketplace.medusa import open_site
from launcher.plan.step import StepFailed
from launcher.ports import PortBook, Wishes
from launcher.services import wheels
from launcher.stack.model import PortSpec
from tests.support import servers
from tests.support.https import caddy, context_for, serving


@pytest.fixture(scope="module")
def upstreams():
    with serving("shop") as shop, serving("admin") as admin:
        yield {"storefront": shop, "backend": admin}


@pytest.fixture
async def https(tmp_path, upstreams):
    async with caddy(context_for(tmp_path, **upstreams)) as running:
        yield running


@pytest.mark.parametrize(
    ("host", "who"),
    [
        ("shop.localhost", "shop"),
        ("admin.localhost", "admin"),
        ("north.localhost", "shop"),  # a tenant of the stack file
        ("tenant-made-today.localhost", "shop"),  # one that the stack file doesn't know
        ("eu.north.localhost", "shop"),
    ],
)
async def test_each_name_leads_to_its_server_which_sees_the_visitors_host(https, host, who):
    page = await https.ask(host, "/a/b?c=d", headers={"x-forwarded-host": "forged.example"})
    told = page.json()
    assert (told["name"], told["path"]) == (who, "/a/b?c=d")
    named = f"{host}:{https.port}"
    assert (told["host"], told["x-forwarded-host"], told["x-forwarded-proto"]) == (named, named, "https")


async def test_certificates_are_good_for_those_who_know_the_authority_and_for_nobody_else(https):
    assert (await https.ask("shop.localhost")).status == 200
    async with open_site(https.url("shop.localhost")) as site:  # with the system's authorities
        assert "cannot be trusted" in (await site.get("/")).error


async def test_the_hosts_of_tenants_have_certificates_wherever_they_lie(https):
    names = await asyncio.to_thread(https.certificate, "n.example")
    assert names["subjectAltName"] == (("DNS", "n.example"),)


@pytest.mark.parametrize("host", ["example.com", "localhost.example.com", "notlocalhost", "localhost"])
async def test_a_name_that_is_none_of_ours_gets_no_certificate(https, host):
    with pytest.raises(ssl.SSLError):
        await asyncio.to_thread(https.certificate, host)
    await asyncio.to_thread(https.certificate, "any.localhost")  # while others still do


async def test_a_host_that_is_none_of_ours_reaches_no_server(https):
    page = await https.ask("shop.localhost", headers={"host": "rebound.example.com"})
    assert (page.status, page.json()) == (421, None)


@pytest.mark.parametrize("path", ["/go", "/plain"])
async def test_a_server_that_redirects_to_its_own_address_leads_the_visitor_to_the_same_name(https, path):
    page = await https.ask("north.localhost", path)
    query = "?x=1" if path == "/go" else ""
    assert page.headers["location"] == f"{https.url('north.localhost')}/there{query}"


async def test_a_redirect_to_somewhere_else_is_left_alone(https):
    assert (await https.ask("shop.localhost", "/away")).headers["location"] == "https://example.com/"


async def test_websockets_go_through(https):
    def talk():
        context = ssl.create_default_context(cafile=str(https.authority))
        with (
            socket.create_connection(("127.0.0.1", https.port)) as plain,
            context.wrap_socket(plain, server_hostname="shop.localhost") as secure,
            secure.makefile("rwb") as stream,
        ):
            stream.write(
                b"GET /hmr HTTP/1.1\r\nHost: shop.localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
            )
            stream.flush()
            head = [stream.readline()]
            while head[-1].strip():
                head.append(stream.readline())
            stream.write(b"once\n")
            stream.flush()
            once = stream.readline()
            stream.write(b"and again\n")
            stream.flush()
            return head[0], once, stream.readline()

    status, *heard = await asyncio.to_thread(talk)
    assert b"101" in status
    assert heard == [b"heard once\n", b"heard and again\n"]


async def test_a_server_that_is_down_is_told_as_such(tmp_path, upstreams):
    ports = {**upstreams, "storefront": servers.free_port()}
    async with caddy(context_for(tmp_path, **ports)) as https:
        page = await https.ask("shop.localhost")
        assert page.status == 502
        assert "rxlaunch status" in page.text
        assert (await https.ask("admin.localhost")).status == 200


async def test_it_listens_on_the_loopback_alone_and_on_one_port(https):
    places = native.listening(https.child.family())
    assert {address for address, _ in places} <= {"127.0.0.1", "::1"}
    assert {port for _, port in places} == {https.port}  # no admin endpoint, no port 80


@pytest.mark.linux_only("file modes")
async def test_everything_it_writes_lies_in_the_state_directory_and_is_private(tmp_path, upstreams, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    context = context_for(tmp_path, **upstreams)
    async with caddy(context) as https:
        await https.ask("fresh.localhost")
    assert not (tmp_path / "home").exists()
    files = [path for path in context.state_dir.rglob("*") if path.is_file()]
    assert any(path.name == "root.key" for path in files)
    assert {path.stat().st_mode & 0o077 for path in files} == {0}
    assert {path.name for path in tmp_path.iterdir()} == {context.state_dir.name}


async def test_the_authority_stays_the_same_over_restarts(tmp_path, upstreams):
    context = context_for(tmp_path, **upstreams)
    async with caddy(context) as https:
        first = https.authority.read_bytes()
    async with caddy(context) as https:
        assert https.authority.read_bytes() == first
        assert (await https.ask("shop.localhost")).status == 200


async def test_the_port_of_another_caddy_is_not_shared(https, tmp_path):
    """Caddy binds with SO_REUSEPORT: a second one would start, and take half of the visitors."""
    book = PortBook(Wishes({"https": PortSpec(prefer=https.port)}), tmp_path / "leases.json", "me")
    book.choose()
    try:
        assert book.chosen["https"] != https.port
        assert "caddy" in book.moved[0].holder
    finally:
        book.give_back()


async def test_without_a_storefront_only_the_names_there_are_get_certificates(tmp_path, upstreams):
    context = context_for(tmp_path, backend=upstreams["backend"])
    context.options["https_names"] = "admin=backend"
    async with caddy(context) as https:
        assert (await https.ask("admin.localhost")).status == 200
        with pytest.raises(ssl.SSLError):
            await asyncio.to_thread(https.certificate, "shop.localhost")


async def test_more_names_lead_to_more_ports(tmp_path, upstreams):
    with serving("mail") as mail:
        context = context_for(tmp_path, **upstreams, mailpit=mail)
        context.options["https_names"] += ",mail=mailpit"
        async with caddy(context) as https:
            assert (await https.ask("mail.localhost")).json()["name"] == "mail"


async def test_without_the_wheel_the_one_on_the_path_is_used_and_without_any_the_remedy_is_told(tmp_path, monkeypatch):
    program = wheels.caddy()
    monkeypatch.setattr(wheels, "caddy", lambda: None)
    context = context_for(tmp_path, storefront=1, backend=2)
    context.env["PATH"] = os.fspath(program.parent)
    assert (await services.provider("caddy", None).resolve(context)).argv[0] == os.fspath(program)
    context.env["PATH"] = ""
    with pytest.raises(StepFailed, match="no Caddy") as failed:
        await services.provider("caddy", None).resolve(context)
    assert 'pip install "rxlaunch[https]"' in failed.value.remedy
