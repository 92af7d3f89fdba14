"""A small origin that serves an admin's build, and a real caching proxy in front of it, which can be set up wrongly."""

import contextlib
import gzip
import http.client
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KINDS = {".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".ttf": "font/ttf"}
IMMUTABLE = "public, max-age=31536000, immutable"
FIRST = "index-AAAAAAA1.js"
PAGE = (
    '<!DOCTYPE html><html><head><script type="module" crossorigin src="/app/assets/{script}"></script>'
    '<link rel="stylesheet" href="/app/assets/index-CCCCCCC3.css"></head><body><div id="medusa"></div></body></html>'
)
BUNDLE = (
    'var api="/",mode="session";const __vite__mapDeps=(i,m=__vite__mapDeps,d=(m.f||(m.f=["assets/later-BBBBBBB2.js"])))'
)


def build(script: str = FIRST) -> dict[str, str]:
    """The files of a build, by their paths below /app/."""
    return {
        "index.html": PAGE.format(script=script),
        f"assets/{script}": BUNDLE + ";" + "x" * 2000,
        "assets/later-BBBBBBB2.js": "later",
        "assets/index-CCCCCCC3.css": "body{}",
    }


@dataclass
class Origin:
    """What the origin serves and says; as Medusa does it, unless a test changes it."""

    files: dict[str, str] = field(default_factory=build)
    page_headers: dict[str, str] = field(default_factory=lambda: {"Cache-Control": "no-cache"})
    file_headers: dict[str, str] = field(default_factory=lambda: {"Cache-Control": IMMUTABLE})
    absent_status: int | None = None  # of a file that is not there; None: the page, with 200
    absent_headers: dict[str, str] = field(default_factory=lambda: {"Cache-Control": "no-cache"})
    not_pages: tuple[str, ...] = ()  # deep links that are not the admin's page
    kinds: dict[str, str] = field(default_factory=dict)  # other types than the right ones, by the name's end

    def answer(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body."""
        name = path.removeprefix("/app").lstrip("/")
        if name.startswith("assets/") and name not in self.files:
            page = self.files["index.html"].encode()
            return self.absent_status or 200, {"Content-Type": "text/html", **self.absent_headers}, page
        if any(name.startswith(other) for other in self.not_pages):
            return 404, {"Content-Type": "text/html"}, b"not here"
        found = name if name in self.files else "index.html"
        end = found[found.rindex(".") :]
        kind = self.kinds.get(end, KINDS[end])
        headers = self.page_headers if found == "index.html" else self.file_headers
        return 200, {"Content-Type": kind, **headers}, self.files[found].encode()


@dataclass
class Rules:
    """How the proxy keeps answers; by the book, unless a test changes it."""

    override: int | None = None  # seconds it keeps everything, whatever the origin says
    ignore_encoding: bool = False  # one copy for all, whoever asked for it compressed
    hide_its_work: bool = False  # says neither Age nor X-Cache
    edges: list[Origin] = field(default_factory=list)  # other origins, that every second connection is led to


@contextlib.contextmanager
def served(origin: Origin, rules: Rules) -> Iterator[str]:
    """The address of the proxy in front of the origin."""
    with _running(_origin_handler(origin)) as behind:
        others = [_running(_origin_handler(other)) for other in rules.edges]
        with contextlib.ExitStack() as stack:
            ports = [behind, *[stack.enter_context(other) for other in others]]
            with _running(_proxy_handler(_Proxy(ports, rules))) as port:
                yield f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def _running(handler: type[BaseHTTPRequestHandler]) -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Quiet(BaseHTTPRequestHandler):
    def log_message(self, *_arguments):
        """Say nothing."""

    def reply(self, status, headers, body):
        """Send a whole answer."""
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _origin_handler(origin: Origin) -> type[BaseHTTPRequestHandler]:
    class Handler(_Quiet):
        def do_GET(self):
            status, headers, body = origin.answer(self.path)
            if "gzip" in self.headers.get("Accept-Encoding", "") and len(body) > 1000:
                headers, body = {**headers, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}, gzip.compress(body)
            self.reply(status, headers, body)

        do_HEAD = do_GET  # noqa: N815 - the library's name

    return Handler


class _Proxy:
    """What was kept, by address and encoding."""

    def __init__(self, ports: list[int], rules: Rules) -> None:
        self.rules = rules
        self._ports = ports
        self._turn = 0
        self._kept: dict[tuple[str, str], tuple[float, int, tuple[int, dict[str, str], bytes]]] = {}

    def get(self, path: str, encoding: str) -> tuple[int, dict[str, str], bytes, int | None]:
        """An answer, and its age when it was a kept one."""
        key = (path, "" if self.rules.ignore_encoding else encoding)
        if key in self._kept:
            at, seconds, answer = self._kept[key]
            if time.monotonic() - at < seconds:
                return (*answer, int(time.monotonic() - at) + 1)
        answer = self._fetch(path, encoding)
        seconds = self.rules.override if self.rules.override is not None else _lifetime(answer[1])
        if seconds:
            self._kept[key] = (time.monotonic(), seconds, answer)
        return (*answer, None)

    def _fetch(self, path: str, encoding: str) -> tuple[int, dict[str, str], bytes]:
        self._turn += 1
        connection = http.client.HTTPConnection("127.0.0.1", self._ports[self._turn % len(self._ports)], timeout=10)
        try:
            connection.request("GET", path, headers={"Accept-Encoding": encoding})
            answer = connection.getresponse()
            own = {"server", "date", "content-length"}
            headers = {name: value for name, value in answer.getheaders() if name.lower() not in own}
            return answer.status, headers, answer.read()
        finally:
            connection.close()


def _lifetime(headers: dict[str, str]) -> int:
    words = [word.strip() for word in headers.get("Cache-Control", "").split(",")]
    if {"no-cache", "no-store", "private"} & set(words):
        return 0
    return next((int(word.partition("=")[2]) for word in words if word.startswith("max-age=")), 0)


def _proxy_handler(proxy: _Proxy) -> type[BaseHTTPRequestHandler]:
    class Handler(_Quiet):
        def do_GET(self):
            status, headers, body, age = proxy.get(self.path, self.headers.get("Accept-Encoding", "identity"))
            if not proxy.rules.hide_its_work:
                headers = {**headers, "X-Cache": "MISS" if age is None else "HIT", "Age": str(age or 0)}
            self.reply(status, headers, body)

        do_HEAD = do_GET  # noqa: N815 - the library's name

    return Handler
