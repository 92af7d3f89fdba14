"""What goes wrong while a page is looked at, gathered from its events and judged. Looks at no page itself."""

import asyncio
import re
from collections.abc import Collection
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from launcher.values import Value

if TYPE_CHECKING:
    from playwright.async_api import ConsoleMessage, Error, Page, Request, Response

_CRITICAL = frozenset({"document", "script", "stylesheet", "fetch", "xhr"})
_CALLS = frozenset({"fetch", "xhr"})
_API = re.compile(r"/(admin|auth|store)(/|$)")
_SIGN_IN = ("/auth/user/emailpass", "/auth/session")
_EXPECTED = frozenset({("/admin/users/me", 401)})  # how the admin asks who is logged in
_LEFT = ("net::ERR_ABORTED", "NS_BINDING_ABORTED", "cancelled")  # the page was left before the answer came
_BROKEN = re.compile(  # what a console says of code that does not arrive, or not in one piece
    r"module script|MIME type|ChunkLoadError|Loading (CSS )?chunk|dynamically imported module"
    r"|React Router caught|Minified React error|Unexpected token '<'",
    re.IGNORECASE,
)
_LONGEST = 300  # characters of a message
_PAUSE = 0.05

Kind = Literal["page error", "console", "request", "foreign origin"]


class Flaw(Value, frozen=True):
    """One thing that went wrong."""

    kind: Kind
    what: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.what}"


class Answer(Value, frozen=True):
    """What a question of signing in was answered."""

    path: str
    status: int


def origin(url: str) -> str:
    """Scheme, host and port."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


class Watch:
    """Hears everything that a page does. `own` are the origins whose answers count."""

    def __init__(self, page: "Page", own: Collection[str]) -> None:
        self._own = frozenset(own)
        self._flaws: dict[Flaw, None] = {}  # each once, in order
        self._pending: set[Request] = set()
        self.answers: list[Answer] = []
        page.on("pageerror", self._page_error)
        page.on("console", self._console)
        page.on("request", self._asked)
        page.on("response", self._answered)
        page.on("requestfailed", self._failed)
        page.on("requestfinished", self._finished)

    @property
    def flaws(self) -> tuple[Flaw, ...]:
        """What went wrong since the last `forget`."""
        return tuple(self._flaws)

    @property
    def waiting_for(self) -> tuple[str, ...]:
        """Critical questions that are not answered to their last byte."""
        return tuple(sorted({_named(each) for each in self._pending}))

    def forget(self) -> None:
        """Begin anew: what was seen so far belongs to another step."""
        self._flaws.clear()
        self.answers.clear()

    async def settle(self, quiet: float, seconds: float) -> None:
        """Wait until nothing critical is under way for a while; never longer than `seconds`."""
        loop = asyncio.get_running_loop()
        end, since = loop.time() + seconds, loop.time()
        while loop.time() < end and loop.time() - since < quiet:
            if self._pending:
                since = loop.time()
            await asyncio.sleep(_PAUSE)

    def _add(self, kind: Kind, what: str) -> None:
        self._flaws[Flaw(kind, what if len(what) <= _LONGEST else what[:_LONGEST] + "…")] = None

    def _page_error(self, error: "Error") -> None:
        self._add("page error", str(error).partition("\n")[0])

    def _console(self, message: "ConsoleMessage") -> None:
        if message.type == "error" and _BROKEN.search(message.text):
            self._add("console", message.text.partition("\n")[0])

    def _asked(self, request: "Request") -> None:
        if not _critical(request):
            return
        if self._ours(request):
            self._pending.add(request)
        elif request.resource_type in _CALLS and _API.match(urlsplit(request.url).path):
            self._add("foreign origin", f"calls {_named(request)} at {origin(request.url)}")

    def _answered(self, response: "Response") -> None:
        path, status, request = urlsplit(response.url).path, response.status, response.request
        if path in _SIGN_IN:
            self.answers.append(Answer(path, status))
        if not _critical(request) or not self._ours(request):
            return
        if status >= 400 and (path, status) not in _EXPECTED:
            self._add("request", f"{_named(request)} answered {status}")
        elif request.resource_type in ("script", "stylesheet") and _is_html(response):
            self._add("request", f"{request.resource_type} {path} is missing: a page is served in its place")

    def _finished(self, request: "Request") -> None:
        self._pending.discard(request)

    def _failed(self, request: "Request") -> None:
        self._pending.discard(request)
        reason = request.failure or "failed"
        if _critical(request) and self._ours(request) and reason not in _LEFT:
            self._add("request", f"{_named(request)} failed: {reason}")

    def _ours(self, request: "Request") -> bool:
        return origin(request.url) in self._own


def _critical(request: "Request") -> bool:
    return request.resource_type in _CRITICAL


def _is_html(response: "Response") -> bool:
    return response.headers.get("content-type", "").lower().startswith("text/html")


def _named(request: "Request") -> str:
    """What was asked for, without the query, in which anything may be."""
    return f"{request.method} {urlsplit(request.url).path}"
