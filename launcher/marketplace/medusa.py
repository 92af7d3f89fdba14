"""The only HTTP of the marketplace: what a backend, its admin and a storefront answer.

Every request has a deadline for the whole of it, ignores proxies of the environment (loopback is not for them) and
stays on the host it was sent to. Judging the answers is `verify.py`'s business.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from launcher.plan import others
from launcher.values import Value

if TYPE_CHECKING:
    import httpx

_LARGEST_BODY = 32 * 1024 * 1024
_REDIRECTS = 8
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True, slots=True)
class Page:
    """A complete answer, or why there is none (`error`: refused, timeout, redirect, protocol)."""

    url: str
    status: int = 0
    kind: str = ""  # the content type without parameters
    text: str = field(default="", repr=False)
    error: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)  # names in lower case; repeated ones joined

    def json(self) -> Any:
        """The body as JSON; None when it isn't."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None

    def __str__(self) -> str:
        return f"{self.url} {self.error}" if self.error else f"{self.url} answered {self.status} {self.kind}".rstrip()


class Question(Value, frozen=True):
    """A request: a path of the site, or a whole address."""

    path: str
    method: str = "GET"
    headers: Mapping[str, str] = {}
    json: Any = None  # the body


class Site:
    """One host that is asked questions. Use as `async with open_site(base) as site`."""

    def __init__(self, base: str, client: "httpx.AsyncClient") -> None:
        self.base = base.rstrip("/")
        self._client = client

    async def get(self, path: str, *, seconds: float = 5.0, headers: dict[str, str] | None = None) -> Page:
        """GET one page to its last byte; redirects are the answer, not followed."""
        return await self.send(Question(path, headers=headers or {}), seconds=seconds)

    async def send(self, question: "Question", *, seconds: float = 5.0) -> Page:
        """Any request, answered to its last byte. Cookies are kept by the site, as a browser would."""
        page, _ = await self._once(question.replaced(path=self._url(question.path)), seconds)
        return page

    async def follow(self, path: str, *, seconds: float = 30.0) -> Page:
        """GET a page as a browser does, but never leaving the host."""
        url, here = self._url(path), urlsplit(self.base)
        for _ in range(_REDIRECTS):
            page, location = await self._once(Question(url), seconds)
            if location is None:
                return page
            target = urljoin(url, location)
            if not self.holds(target):
                return Page(url, page.status, error=f"redirects to another host, {urlsplit(target).netloc}")
            url = urlsplit(target)._replace(scheme=here.scheme, netloc=here.netloc).geturl()
        return Page(url, error=f"redirects more than {_REDIRECTS} times")

    async def store(self, path: str, key: str, *, seconds: float = 10.0) -> Page:
        """GET a /store/ route with a publishable key."""
        return await self.get(path, seconds=seconds, headers={"x-publishable-api-key": key})

    def holds(self, url: str) -> bool:
        """Whether an address is on this host: Next redirects to localhost what was asked of 127.0.0.1."""
        here, there = urlsplit(self.base), urlsplit(url)
        if (here.scheme, here.port) != (there.scheme, there.port):
            return False
        return here.hostname == there.hostname or {here.hostname, there.hostname} <= _LOOPBACK

    async def _once(self, question: "Question", seconds: float) -> tuple[Page, str | None]:
        import httpx

        url = question.path
        try:
            request = self._request(question)
            with others.at_work():
                answer, body = await self._answered(request, seconds)
        except TimeoutError:
            return Page(url, error=f"did not answer completely within {seconds:g} s"), None
        except httpx.ConnectError as error:
            certificate = "certificate" in str(error).lower()
            return Page(url, error=f"cannot be trusted: {error}" if certificate else "refuses connections"), None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return Page(url, error=f"does not speak HTTP properly ({type(error).__name__})"), None
        if body is None:
            return Page(url, answer.status_code, error="sends more than 32 MB"), None
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        text = body.decode(answer.encoding or "utf-8", "replace")
        location = answer.headers.get("location") if answer.is_redirect else None
        return Page(url, answer.status_code, kind, text, headers=dict(answer.headers)), location

    async def _answered(self, request: "httpx.Request", seconds: float) -> "tuple[httpx.Response, bytearray | None]":
        """The answer and its body; None for one that is too large."""
        async with asyncio.timeout(seconds):
            answer = await self._client.send(request, stream=True)
            try:
                body = bytearray()
                async for chunk in answer.aiter_bytes():
                    body += chunk
                    if len(body) > _LARGEST_BODY:
                        return answer, None
            finally:
                await answer.aclose()
        return answer, body

    def _request(self, question: "Question") -> "httpx.Request":
        """Names below .localhost are this machine, whatever its resolver says: so do browsers and RFC 6761."""
        import httpx

        url, headers, extensions = httpx.URL(question.path), dict(question.headers), {}
        if url.host.endswith(".localhost"):
            headers.setdefault("host", url.netloc.decode("ascii"))
            extensions["sni_hostname"] = url.host
            url = url.copy_with(host="127.0.0.1")
        return self._client.build_request(
            question.method, url, headers=headers, json=question.json, extensions=extensions
        )

    def _url(self, path: str) -> str:
        return urljoin(self.base + "/", path)


@asynccontextmanager
async def open_site(base: str, authority: Path | None = None, *, plain: bool = False) -> AsyncIterator[Site]:
    """A site with connections and cookies of its own, closed at the end.

    `authority` is the certificate of a local authority (PEM) that is trusted instead of the system's; certificates
    are verified always. With `plain` nothing compressed is asked for: packing the admin's 5 MB costs a backend that has
    just begun a tenth of a second of its one thread, and saves the loopback none.
    """
    import ssl

    import httpx

    verify = ssl.create_default_context(cafile=str(authority)) if authority else base.startswith("https:")
    headers = {"accept-encoding": "identity"} if plain else None
    client = httpx.AsyncClient(trust_env=False, timeout=None, verify=verify, headers=headers)  # noqa: S113 - one deadline a request, above; unverified is what has no TLS
    async with client:
        yield Site(base, client)


class Asset(Value, frozen=True):
    """A file that a page loads before it can run: `kind` is script or stylesheet."""

    address: str
    kind: str


def assets_of(html: str) -> list[Asset]:
    """Scripts, preloaded modules and stylesheets of a page, in order, each once."""
    reader = _AssetReader()
    reader.feed(html)
    return list(dict.fromkeys(reader.found))


class _AssetReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Asset] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        rel = (values.get("rel") or "").lower().split()
        if tag == "script":
            self._add(values.get("src"), "script")
        elif tag == "link" and "modulepreload" in rel:
            self._add(values.get("href"), "script")
        elif tag == "link" and "stylesheet" in rel:
            self._add(values.get("href"), "stylesheet")

    def _add(self, address: str | None, kind: str) -> None:
        if address and not address.startswith("data:"):
            self.found.append(Asset(address, kind))
