"""The judge of boots: usable is what answers all four questions, in their order, and nothing less."""

import http.server
import json
import threading
import time

import pytest

from scripts.bench.boots import checker, floor
from scripts.bench.boots.checker import Target

PAGES = {
    "/health": ("text/plain", b"OK"),
    "/store/regions": ("application/json", json.dumps({"regions": [{"id": "reg_1"}]}).encode()),
    "/app/login": ("text/html", b'<script src="/app/a.js"></script><link href="/app/a.css?v=1">'),
    "/app/a.js": ("text/javascript", b"1"),
    "/app/a.css?v=1": ("text/css", b"b{}"),
    "/": ("text/html", b'<a href="/dk/products/tea">tea</a>'),
}


class Site:
    """A server whose pages a test changes; it remembers what it was asked."""

    def __init__(self, pages):
        site = self
        self.pages, self.asked = dict(pages), []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                site.asked.append(self.path)
                kind, body = site.pages.get(self.path, (None, b""))
                key_is_wrong = self.path == "/store/regions" and self.headers["x-publishable-api-key"] != "pk_right"
                self.send_response(400 if key_is_wrong else 404 if kind is None else 200)
                self.send_header("Content-Type", kind or "text/plain")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def site():
    made = Site(PAGES)
    yield made
    made.close()


def target(site, key="pk_right"):
    return Target(site.url, site.url, key)


def judge(site, ended=lambda: "", key="pk_right"):
    return checker.judge(lambda: target(site, key), ended, began=time.monotonic(), limit=60)


def test_a_stack_that_answers_everything_is_usable(site):
    verdict = judge(site)
    assert verdict.problem == ""
    assert list(verdict.seconds) == ["health", "regions", "admin", "home"]
    assert verdict.usable == max(verdict.seconds.values())


@pytest.mark.parametrize(
    ("path", "page", "missing"),
    [
        ("/health", None, "health, regions, admin, home"),
        ("/store/regions", ("application/json", b'{"regions": []}'), "regions, admin, home"),
        ("/store/regions", ("application/json", b"[]"), "regions, admin, home"),
        ("/app/login", ("text/html", b"no file is named"), "admin, home"),
        ("/app/a.js", ("text/html", b"index.html for everything"), "admin, home"),
        ("/app/a.css?v=1", None, "admin, home"),
        ("/", ("text/html", b"no product"), "home"),
    ],
)
def test_whatever_is_missing_it_is_not_usable(site, path, page, missing):
    site.pages[path] = page or (None, b"")
    asked = iter(["", "", "gone"])
    verdict = judge(site, ended=lambda: next(asked))
    assert verdict.usable is None
    assert verdict.problem == f"gone; not answered: {missing}"


def test_a_wrong_key_is_not_usable(site):
    assert judge(site, ended=lambda: "gone", key="pk_wrong").usable is None


def test_the_storefront_is_left_alone_until_the_backend_is_proven(site):
    """Otherwise the judge would do a contender's warming-up."""
    site.pages["/store/regions"] = (None, b"")
    judge(site, ended=lambda: "gone")
    assert "/" not in site.asked


def test_what_becomes_right_later_is_usable_from_then_on(site):
    right = site.pages.pop("/app/a.js")

    def heal():
        site.pages["/app/a.js"] = right
        return ""

    assert judge(site, ended=heal).problem == ""
    assert site.asked.count("/health") == 1


def test_a_stack_that_has_not_said_where_it_is_is_waited_for(site):
    answers = iter([None, None, target(site)])
    verdict = checker.judge(lambda: next(answers), lambda: "", began=time.monotonic(), limit=60)
    assert verdict.problem == ""


def test_a_moved_stack_has_its_new_ports_in_every_variable():
    old, new = {"backend": 20001, "storefront": 20002}, {"backend": 20011, "storefront": 20012}
    variables = {"PORT": "20001", "CORS": "http://127.0.0.1:20002,http://localhost:20001", "JWT": "20001secret"}
    assert floor.moved(variables, old, new) == {
        "PORT": "20011", "CORS": "http://127.0.0.1:20012,http://localhost:20011", "JWT": "20001secret",
    }  # fmt: skip
