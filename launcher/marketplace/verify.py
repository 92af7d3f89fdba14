"""Actions verify-backend, verify-admin and verify-storefront: proof that what runs can be used.

They wait a short while for what a fresh process may still owe, and fail at once for what waiting cannot heal. A page
of the storefront alone proves little (Next answers from its cache with the backend down), hence verify-backend first.
"""

import asyncio
import html
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any
from urllib.parse import urljoin, urlsplit

from launcher.marketplace.medusa import Asset, Page, Site, assets_of, open_site
from launcher.plan import others
from launcher.plan.step import Outcome, Run, Skip, StepContext, StepFailed
from launcher.values import Value

_SCRIPT_KINDS = frozenset({"text/javascript", "application/javascript", "application/x-javascript"})
_SESSION_SECONDS = 2.0
_ASSETS_AT_ONCE = 8

Attempt = Callable[[], Awaitable[str | None]]
"""None when proven; a reason to try again; or StepFailed when trying again is no use."""


class VerifyBackend:
    """Regions with the key, and an admin API that finishes its answers."""

    deadline = 15.0

    async def check(self, _context: StepContext) -> Skip | Run:
        """Always to be run: yesterday's proof is none."""
        return Run("verifies regions with the key, and the admin API")

    async def run(self, context: StepContext) -> Outcome:
        """Ask both questions that the first pages will ask."""
        key = _key(context)
        async with _site(context, "backend") as site:
            found: list[str] = []
            await until(self.deadline, lambda: _regions(site, key, found))
            await until(3 * _SESSION_SECONDS, lambda: session(site))
        return Outcome(note=f"regions: {', '.join(found[:5])}; the admin API answers completely")


class VerifyAdmin:
    """The login page, and every script and stylesheet it names with the right type (runbook R10, R13)."""

    deadline = 15.0

    async def check(self, _context: StepContext) -> Skip | Run:
        """Always to be run."""
        return Run("verifies the login page and the files it names")

    async def run(self, context: StepContext) -> Outcome:
        """Load the page as a browser would, without running it."""
        path = str(context.options.get("admin_path", "/app")).rstrip("/") + "/login"
        counted: list[int] = []
        async with _site(context, "backend") as site:
            await until(self.deadline, lambda: _admin(site, path, counted))
        return Outcome(note=f"the login page and the {counted[-1]} files it names")


class VerifyStorefront:
    """The home page, after redirects, shows this backend's goods (runbook R3)."""

    deadline = 90.0

    async def check(self, _context: StepContext) -> Skip | Run:
        """Always to be run."""
        return Run("verifies that the home page shows products")

    async def run(self, context: StepContext) -> Outcome:
        """Render the home page and compare it with what the backend sells."""
        pages: list[Page] = []
        async with _site(context, "storefront") as site:
            await until(self.deadline, lambda: home(site, pages))
        expected = context.options.get("expect_text")
        if expected:
            return Outcome(note=contains(pages[-1], str(expected)))
        async with _site(context, "backend") as backend:
            return Outcome(note=await wired(backend, _key(context), pages[-1]))


async def until(seconds: float, attempt: Attempt) -> None:
    """Repeat with growing pauses until it is proven or the time is over."""
    loop = asyncio.get_running_loop()
    end, pause = loop.time() + seconds, 0.05
    while True:
        reason = await attempt()
        if reason is None:
            return
        if loop.time() + pause >= end:
            raise StepFailed(reason, remedy="rxlaunch logs shows what the service printed")
        with others.at_work():
            await asyncio.sleep(pause)
        pause = min(pause * 2, 1.0)


async def _regions(site: Site, key: str, found: list[str]) -> str | None:
    page = await site.store("/store/regions", key)
    if page.error or page.status >= 500:
        return str(page)
    body = page.json()
    if page.status != 200 or not isinstance(body, dict):
        raise store_failure(page, body)
    regions = body.get("regions")
    if not regions:
        raise StepFailed(
            "the backend answers, but has no region: the storefront cannot show a page",
            remedy="run the project's seed (`npm run seed`), or create a region in the admin",
        )
    found[:] = [str(region.get("name", "?")) for region in regions]
    return None


def store_failure(page: Page, body: Any) -> StepFailed:
    """What a refused /store/ request means (boot contract, sections 2 and 4)."""
    message = str(body.get("message", "")) if isinstance(body, dict) else ""
    if "publishable" in message.lower():
        return StepFailed(
            "the backend rejects the storefront's publishable key: it is unknown or revoked there",
            remedy="the backend must use the database the key was made in: compare DATABASE_URL, then `rxlaunch up`",
        )
    if "does not exist" in message:
        return StepFailed(
            f"the database's schema is not the one the backend expects: {message}",
            remedy="run the migrations: npx medusa db:migrate (rxlaunch check schema names what is missing)",
        )
    return StepFailed(f"{page}: {message}" if message else str(page), remedy="rxlaunch logs backend shows why")


async def session(site: Site) -> str | None:
    """Why nobody could log in; None when the admin API finishes its answers."""
    page = await site.get("/admin/users/me", seconds=_SESSION_SECONDS)
    if page.error and "completely" in page.error:
        return (
            f"the admin API does not finish its answer within {_SESSION_SECONDS:g} s: its session store, Redis, "
            "does not answer, and nobody can log in (REDIS_URL)"
        )
    if page.error or page.status not in {200, 401}:
        return f"the admin API is not well: {page}"
    return None


async def _admin(site: Site, path: str, counted: list[int]) -> str | None:
    page = await site.get(path)
    if page.error or page.status >= 500:
        return f"the admin's login page: {page}"
    if page.status != 200 or page.kind != "text/html":
        raise StepFailed(
            f"the admin's login page: {page}", remedy="is the admin switched off in medusa-config, or not built?"
        )
    assets = [asset for asset in assets_of(page.text) if site.holds(urljoin(page.url, asset.address))]
    if not any(asset.kind == "script" for asset in assets):
        raise StepFailed("the admin's login page names no script: it is no built admin", remedy=_REBUILD)
    slots = asyncio.Semaphore(_ASSETS_AT_ONCE)
    answers = await asyncio.gather(*(_asset_problem(site, page.url, asset, slots) for asset in assets))
    problems = [problem for problem in answers if problem]
    if problems:
        shown = "; ".join(problems[:3]) + (f"; and {len(problems) - 3} more" if len(problems) > 3 else "")
        raise StepFailed(f"the admin would stay blank: {shown}", remedy=_REBUILD)
    counted.append(len(assets))
    return None


_REBUILD = "build the admin again and restart the backend, which reads the page once: rxlaunch up --fresh"


async def _asset_problem(site: Site, page_url: str, asset: Asset, slots: asyncio.Semaphore) -> str | None:
    async with slots:
        answer = await site.get(urljoin(page_url, asset.address), seconds=10.0)
    fault = asset_fault(asset, answer)
    return fault.told if fault else None


class AssetFault(Value, frozen=True):
    """What is wrong with an asset as it is served; `failure` names an entry of the catalogue."""

    told: str
    failure: str | None


def asset_fault(asset: Asset, answer: Page) -> AssetFault | None:
    """What keeps a browser from using the asset; None when nothing does."""
    name = urlsplit(asset.address).path
    if answer.error:
        return AssetFault(f"{name} {answer.error}", None)
    if answer.status != 200:
        return AssetFault(f"{name} answered {answer.status}", "asset-missing" if answer.status in {404, 410} else None)
    if answer.kind == "text/html":
        return AssetFault(f"{name} is missing (a page is served in its place)", "asset-missing")
    right = _SCRIPT_KINDS if asset.kind == "script" else {"text/css"}
    return None if answer.kind in right else AssetFault(f"{name} is served as {answer.kind or 'no type'}", "wrong-mime")


async def home(site: Site, pages: list[Page]) -> str | None:
    """Why the storefront's home page cannot be had yet; None once it is in `pages`. Raises StepFailed."""
    page = await site.follow("/", seconds=60.0)
    if page.error and "another host" in page.error:
        raise StepFailed(
            f"the storefront's home page {page.error}",
            remedy="NEXT_PUBLIC_BASE_URL or a redirect in middleware or next.config names a fixed host",
        )
    if page.error or page.status >= 500:
        return f"the storefront's home page: {page}"
    if page.status != 200:
        raise StepFailed(f"the storefront's home page: {page}", remedy="rxlaunch logs storefront shows why")
    pages.append(page)
    return None


def contains(page: Page, expected: str) -> str:
    """That the page contains what the stack file expects of it. Raises StepFailed."""
    if not _shows(page, expected):
        raise StepFailed(
            f"the storefront's home page ({page.url}) does not contain {expected!r}",
            remedy="open it and look, or correct [marketplace] expect_text",
        )
    return f"{page.url} contains {expected!r}"


async def wired(backend: Site, key: str, home: Page) -> str:
    """How the home page proves that it knows this backend: a product, else a country of one of its regions."""
    products = _listed(await backend.store("/store/products?limit=100&fields=title,handle", key), "products")
    for product in products:
        if any(_shows(home, text) for text in (product.get("title"), _link(product)) if text):
            return f"{home.url} shows {product.get('title') or product.get('handle')!r}"
    country = urlsplit(home.url).path.strip("/").partition("/")[0].lower()
    regions = _listed(await backend.store("/store/regions", key), "regions")
    known = {str(each.get("iso_2")) for region in regions for each in region.get("countries") or []}
    if country and country in known:
        return f"{home.url} shows no product, but leads to a country of the backend's regions"
    if not products:
        return f"{home.url} answers; the store has no products that it could show"
    raise StepFailed(
        f"the storefront's home page ({home.url}) shows none of the store's {len(products)} products",
        remedy="it may talk to another backend, or show none by design: then set [marketplace] expect_text",
    )


def _listed(page: Page, what: str) -> list[Mapping[str, Any]]:
    if page.error or page.status != 200:
        raise StepFailed(f"the backend would not list its {what}: {page}", remedy="rxlaunch logs backend shows why")
    body = page.json()
    found = body.get(what) if isinstance(body, dict) else None
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _link(product: Mapping[str, Any]) -> str | None:
    handle = product.get("handle")
    return f"/products/{handle}" if handle else None


def _shows(page: Page, text: str) -> bool:
    return text in page.text or text in html.unescape(page.text)


def _site(context: StepContext, port: str) -> AbstractAsyncContextManager[Site]:
    if port not in context.ports:
        raise StepFailed(f"no port is named {port}", remedy=f"add it to [ports]: {port} = …")
    return open_site(f"http://127.0.0.1:{context.ports[port]}", plain=True)


def _key(context: StepContext) -> str:
    key = context.outputs.get("publishable_key")
    if not key:
        raise StepFailed("there is no publishable key", remedy="this action depends on the publishable-key task")
    return key
