"""A real Caddy for tests, as the provider prepares it, and small servers to stand behind it."""

import asyncio
import contextlib
import http.server
import json
import socket
import ssl
import threading
from dataclasses import dataclass
from pathlib import Path

from launcher import services
from launcher.marketplace.medusa import Question, open_site
from tests.support import servers
from tests.support.steps import FakeContext


class Upstream(http.server.BaseHTTPRequestHandler):
    """Tells who it is and what it was asked; redirects to its own address; echoes what comes on a websocket."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet: else the second waits 40 ms for the first one to be acknowledged

    def do_GET(self):
        if self.headers.get("upgrade") == "websocket":
            return self.echo()
        if self.path in self.server.pages:
            return self.answer(*self.server.pages[self.path])
        own = {"/go": f"http://localhost:{self.server.server_port}/there?x=1", "/away": "https://example.com/"}
        own["/plain"] = f"http://{self.headers['host']}/there"
        if self.path in own:
            return self.answer(302, b"", location=own[self.path])
        told = {"name": self.server.name, "path": self.path}
        told |= {name.lower(): value for name, value in self.headers.items()}
        return self.answer(200, json.dumps(told).encode())

    def answer(self, status, body, kind="application/json", **headers):
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def echo(self):
        self.send_response(101)
        self.send_header("upgrade", "websocket")
        self.send_header("connection", "upgrade")
        self.end_headers()
        self.wfile.flush()
        while data := self.rfile.readline():
            self.wfile.write(b"heard " + data)
            self.wfile.flush()
        self.close_connection = True

    def log_message(self, *arguments):
        pass


@contextlib.contextmanager
def serving(name, pages=None):
    """A server on a free port; `pages` are answers by path: status, body, content type. Gives the port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    server.name, server.pages, server.daemon_threads = name, pages or {}, True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Https:
    """A running Caddy."""

    port: int
    authority: Path
    child: object
    outputs: dict

    def url(self, host):
        """The address of a host."""
        return f"https://{host}:{self.port}"

    async def ask(self, host, path="/", **how):
        """A question to one of its hosts, which must be answered."""
        async with open_site(self.url(host), self.authority) as site:
            page = await site.send(Question(path, **how))
            assert page.error is None, page
            return page

    def certificate(self, name):
        """The certificate that a client which asks for this name is shown, verified with the authority."""
        context = ssl.create_default_context(cafile=str(self.authority))
        with (
            socket.create_connection(("127.0.0.1", self.port)) as plain,
            context.wrap_socket(plain, server_hostname=name) as secure,
        ):
            return secure.getpeercert()


@contextlib.asynccontextmanager
async def caddy(context):
    """Caddy as the provider prepares it, started as the supervisor would."""
    launch = await services.provider("caddy", None).resolve(context)
    server = servers.Server(context.ports["https"])
    async with servers._running(launch.argv, launch.cwd, server) as running:
        await servers.listening(running)
        authority = Path(launch.outputs["https_authority"])
        async with asyncio.timeout(20):
            while not authority.is_file():
                await asyncio.sleep(0.01)
        yield Https(context.ports["https"], authority, running.child, dict(launch.outputs))


def context_for(directory, **ports):
    """What the provider of a stack with a shop and an admin sees; HTTPS gets a free port."""
    options = {
        "https_names": "shop=storefront,admin=backend",
        "https_hosts": "north.localhost,n.example",
        "stack_name": "s",
    }
    return FakeContext(directory, unit="https", ports={"https": servers.free_port(), **ports}, options=options)
