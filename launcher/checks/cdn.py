"""The admin through a proxy or CDN (runbook R20): its page is kept by nobody, its files by everybody, all edges agree.

Asked of deployments only, after `admin.py`, which proves that files are there and where the bundle will call.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from urllib.parse import urljoin, urlsplit

from launcher.checks import caching
from launcher.checks.contract import Asking, LeftOut, Target, Wrong
from launcher.findings import Finding
from launcher.marketplace import admin_build, bundle, verify
from launcher.marketplace.medusa import Asset, Page, Question, assets_of

GROUP = "cdn"
_FETCHES = 4  # of the page, each by a connection of its own
_SAMPLE = 12  # of the files that are loaded later
_AT_ONCE = 8
_SECONDS = 20.0
_DEEP = ("/orders", "/settings/store")
_FORBID = (
    "let the origin send Cache-Control: no-cache with every page of the admin, and let no rule of the CDN override it"
)
_IMMUTABLE = "send Cache-Control: public, max-age=31536000, immutable with what is below assets/, and with nothing else"
_ASK_FOR = {"identity": {"accept-encoding": "identity"}, "gzip": {"accept-encoding": "gzip"}}


async def check(target: Target) -> AsyncIterator[Finding]:
    """The page and its deep links, every edge, the files, what is missing, and the files of the build before."""
    ask = Asking(GROUP)
    seen = _Seen(target)
    yield await ask("index", seen.index)
    yield await ask("deep-links", seen.deep_links, ("index",))
    yield await ask("edges", seen.edges, ("index",))
    yield await ask("assets", seen.assets, ("index",))
    yield await ask("encodings", seen.encodings, ("index",))
    yield await ask("absent", seen.absent, ("index",))
    yield await ask("old-assets", seen.old_assets, ("index",))


class _Seen:
    """The admin as it comes through, remembered from one question to the next."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._base = target.admin_path.rstrip("/")
        self._page = Page("")

    async def index(self) -> str:
        """The page, by each of its addresses, twice: nobody keeps it."""
        self._page = await self._get(f"{self._base}/login")
        if self._page.error or self._page.status != 200 or self._page.kind != "text/html" or not self._own(self._page):
            raise Wrong(f"there is no admin: {self._page}", remedy="rxlaunch check admin tells more")
        paths = (f"{self._base}/login", self._base or "/", f"{self._base}/")
        await self._refuse_kept(paths)
        return f"not kept by anybody: Cache-Control: {self._page.headers.get('cache-control', '')}"

    async def deep_links(self) -> str:
        """Pages within the admin are the same page, and as little kept."""
        paths = [self._base + path for path in (*_DEEP, f"/products/rxlaunch-{secrets.token_hex(4)}")]
        pages = await self._refuse_kept(paths)
        for page in pages:
            if self._own(page) != self._own(self._page):
                raise Wrong(
                    f"{page.url} is not the page of the admin: {page}",
                    remedy="let every path below the admin's, but not below its assets/, lead to the same page",
                )
        return f"{len(pages)} pages within, none of them kept"

    async def edges(self) -> str:
        """The page names the same files whoever answers."""
        pages = await asyncio.gather(*[self._get(f"{self._base}/login") for _ in range(_FETCHES)])
        versions = {tuple(self._own(page)) for page in (self._page, *pages) if not page.error}
        if len(versions) > 1:
            named = " and ".join(sorted(version[0].rpartition("/")[2] for version in versions if version))
            raise Wrong(
                f"not every edge has the same build: the page names {named}",
                remedy="purge the page everywhere, and see that every origin behind the CDN has the new build",
            )
        return f"{_FETCHES + 1} answers over connections of their own name the same files"

    async def assets(self) -> str:
        """Files with a hash in their names have the right type, and are kept for ever."""
        assets = await self._files()
        pages = await self._all([partial(self._get, asset.address) for asset in assets])
        for asset, page in zip(assets, pages, strict=True):
            if (fault := verify.asset_fault(asset, page)) is not None:
                raise Wrong(fault.told, failure=fault.failure, remedy="purge it, and deploy files before pages")
            why = caching.why_not_kept(page.headers)
            if why is not None and bundle.is_hashed(_name(asset)):
                raise Wrong(f"{asset.address} is asked for again and again: {why}", remedy=_IMMUTABLE)
        return f"{len(assets)} files with the right types, immutable"

    async def encodings(self) -> str:
        """Compressed or not, a file is the same, and nobody gets it compressed who did not ask for that."""
        script = next((asset for asset in await self._files() if asset.kind == "script"), None)
        if script is None:
            raise LeftOut("the page names no script of its own")
        plain, small = [await self._get(script.address, headers) for headers in _ASK_FOR.values()]
        if plain.headers.get("content-encoding", "identity") != "identity":
            raise Wrong(
                f"{script.address} comes as {plain.headers['content-encoding']} to who did not ask for it",
                remedy="let the CDN vary its copies by Accept-Encoding",
            )
        if plain.text != small.text:
            raise Wrong(
                f"{script.address} differs when it is compressed", remedy="purge it; its copies are of two builds"
            )
        how = small.headers.get("content-encoding")
        return f"the same as it is and by {how}" if how else "never compressed, which costs visitors time"

    async def absent(self) -> str:
        """A file that is not there (yet) is not remembered as a page, or as missing."""
        address = self._whole(f"{self._base}/{bundle.ASSETS}rxlaunch-{secrets.token_hex(4)}.js")
        first, again = await self._get(address), await self._get(address)
        why = caching.was_kept(again.headers) or caching.why_kept(first.headers)
        if first.status < 500 and not first.error and why is not None:
            raise Wrong(
                f"a file that is not there is answered with {first.status} {first.kind}, and that is kept: {why}",
                remedy="let caches keep only what is below assets/ and answered with 200 and the right type; "
                "else whoever asks too early for a new file gets this for as long",
            )
        return f"answered with {first.status} {first.kind}, which nobody keeps"

    async def old_assets(self) -> str:
        """What the build before had, and open tabs still ask for, is there."""
        names = [name for name in self._target.admin_before if bundle.is_hashed(name)]
        if not names:
            raise LeftOut("no build before was named (--admin-before BUILD)")
        found = [Asset(self._whole(f"{self._base}/{name}"), _kind_of(name)) for name in names]
        async with self._target.open_site("backend") as site:
            questions = [partial(site.send, Question(asset.address, "HEAD"), seconds=_SECONDS) for asset in found]
            pages = await self._all(questions)
        gone = [asset.address for asset, page in zip(found, pages, strict=True) if _is_gone(page)]
        if gone:
            raise Wrong(
                f"{len(gone)} of {len(found)} files of the build before are gone, {_name_of(gone[0])} first: "
                "tabs that are open break when they load another page",
                remedy="deploy new files beside the old ones, and delete those a week later (docs/admin-cdn.md)",
                details="\n".join(gone),
            )
        return f"all {len(found)} files of the build before are still there"

    # --- asking -------------------------------------------------------------------------------------------

    async def _refuse_kept(self, paths: Sequence[str]) -> list[Page]:
        """Ask each twice. Raises Wrong for one that may be kept, or that was."""
        pages = []
        for path in paths:
            page, again = await self._get(path), await self._get(path)
            pages.append(page)
            if page.error or page.status != 200:
                continue  # a redirect to the page, which is judged itself
            if (why := caching.why_kept(page.headers)) is not None:
                raise Wrong(f"{page.url} may be kept after a deployment: {why}", remedy=_FORBID)
            if (kept := caching.was_kept(again.headers)) is not None:
                raise Wrong(f"{page.url} came out of a cache ({kept}), whatever the origin says", remedy=_FORBID)
        return pages

    async def _get(self, path: str, headers: dict[str, str] | None = None) -> Page:
        """One answer, over a connection of its own."""
        self._target.url("backend")
        async with self._target.open_site("backend") as site:
            return await site.get(path, seconds=_SECONDS, headers=headers)

    async def _all(self, questions: Sequence[Callable[[], Awaitable[Page]]]) -> list[Page]:
        slots = asyncio.Semaphore(_AT_ONCE)

        async def one(question: Callable[[], Awaitable[Page]]) -> Page:
            async with slots:
                return await question()

        return list(await asyncio.gather(*map(one, questions)))

    # --- what the page names ------------------------------------------------------------------------------

    def _own(self, page: Page) -> list[str]:
        """The files below the admin's own path that a page names."""
        whole = [urljoin(page.url, asset.address) for asset in assets_of(page.text)]
        return [address for address in whole if urlsplit(address).path.startswith(f"{self._base}/")]

    async def _files(self) -> list[Asset]:
        """The files that the page names, and some of those that its bundle loads later."""
        named = [
            Asset(address, asset.kind)
            for asset in assets_of(self._page.text)
            if (address := self._whole(asset.address)) in self._own(self._page)
        ]
        later: list[str] = []
        for asset in named:
            if asset.kind == "script":
                later += admin_build.chunks_of((await self._get(asset.address)).text)
        sample = later[:: max(1, len(later) // _SAMPLE)]
        return [*named, *(Asset(self._whole(f"{self._base}/{name}"), _kind_of(name)) for name in sample)]

    def _whole(self, address: str) -> str:
        return urljoin(self._page.url, address)


def _name(asset: Asset) -> str:
    return bundle.ASSETS + _name_of(asset.address)


def _name_of(address: str) -> str:
    return urlsplit(address).path.rpartition("/")[2]


def _kind_of(name: str) -> str:
    return "stylesheet" if name.endswith(".css") else "script"


def _is_gone(page: Page) -> bool:
    """A page instead of the file means that it is gone, as much as 404 does."""
    return bool(page.error) or page.status != 200 or page.kind == "text/html"
