"""The storefront in a browser: its home page, and a product's page with its title and price."""

import re
import unicodedata
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from launcher.browser.visit import Chromium, NotSeen, Visit
from launcher.browser.watch import origin
from launcher.checks.album import Album
from launcher.checks.contract import LeftOut, Target
from launcher.checks.looking import GROUP, PATIENCE
from launcher.checks.looking import look as look_at
from launcher.findings import Finding

HOME, PRODUCT = "storefront home", "product page"
NAMES = (HOME, PRODUCT)
_LINKS = 'a[href*="/products/"]'
_TITLES = ":is(h1, h2, h3, [role=heading])"
_CURRENCY = re.compile(r"\b[A-Z]{3}\b|\bkr\.?|\bzł|\bKč|\bFt\b")
_AMOUNT = re.compile(r"\d")
_NEAR = 6  # characters between a currency and its amount
_LOOPBACK = ("localhost", "127.0.0.1")


async def look(target: Target, browser: Chromium, album: Album) -> AsyncIterator[Finding]:
    """The home page, then the product of the stack file, or the first one that the home page links to."""
    if "storefront" not in target.urls:
        for name in NAMES:
            yield Finding(GROUP, name, "left out", "no address of the storefront")
        return
    async with browser.visit(_origins(target)) as visit:
        shop = _Shop(target, visit)
        yield await look_at(target, visit, album, HOME, shop.home)
        yield await look_at(target, visit, album, PRODUCT, shop.product)


def _origins(target: Target) -> set[str]:
    """Storefront and backend, by each name of this machine: pages may name it otherwise than we do."""
    found = set()
    for url in target.urls.values():
        found.add(origin(url))
        parts = urlsplit(url)
        if parts.hostname in _LOOPBACK:
            found |= {f"{parts.scheme}://{name}:{parts.port}" for name in _LOOPBACK}
    return found


class _Shop:
    """A visitor."""

    def __init__(self, target: Target, visit: Visit) -> None:
        self._target = target
        self._visit = visit
        self._given = target.checks.product
        self._expected = target.expect_text
        self._home: str | None = None  # where the home page led
        self._product: str | None = None

    async def home(self) -> str:
        """Its products, or what the stack file says it shows."""
        visit = self._visit
        await visit.open(self._target.url("storefront"), PATIENCE)
        if self._expected:
            await visit.see("body *", f"text {self._expected!r}", PATIENCE, self._expected)
            shown = f"it shows {self._expected!r}"
        else:
            shown = await self._products()
        self._home = visit.url
        links = await visit.links(_LINKS)
        self._product = links[0].path if links else None
        return f"{visit.url}: {shown}"

    async def _products(self) -> str:
        """Links to products, wherever there are any to show; else a heading."""
        for_sale = await self._for_sale()
        if for_sale is not None and not for_sale:
            heading = await self._visit.see(_TITLES, "heading", PATIENCE)
            return f"the heading {heading.strip()!r}; the store has no products"
        await self._visit.see(_LINKS, "product", PATIENCE)
        links = await self._visit.links(_LINKS)
        return f"{len({link.path for link in links})} products, {links[0].text[:60]!r} first"

    async def product(self) -> str:
        """Its title as the backend tells it, and a price."""
        path = await self._where()
        visit = self._visit
        link = f'a[href="{self._product}"]'
        if not self._given and self._product and await visit.links(link):
            await visit.click(link)
            await visit.leave_for(urlsplit(path).path, PATIENCE)
        else:
            await visit.open(path, PATIENCE)
        known = await self._title(urlsplit(path).path.rstrip("/").rpartition("/")[2])
        exact = re.compile(rf"^\s*{re.escape(known)}\s*$") if known else None
        title = await visit.see(_TITLES, f"title {known!r}" if known else "title", PATIENCE, exact)
        price = price_in(await visit.text())
        if price is None:
            raise NotSeen(f"{visit.url} shows the title {title.strip()!r}, but no price")
        return f"{visit.url}: {title.strip()!r} for {price}"

    async def _where(self) -> str:
        """The address of the product's page."""
        if self._home is None:
            raise LeftOut("the home page could not be seen")
        if self._given:
            return self._home.rstrip("/") + "/" + self._given.lstrip("/")
        if self._product:
            return origin(self._home) + urlsplit(self._product).path
        for_sale = await self._for_sale()
        if not for_sale:
            raise LeftOut("the home page links to no product; name one in [checks] product")
        return f"{self._home.rstrip('/')}/products/{quote(str(for_sale[0].get('handle')))}"

    async def _title(self, handle: str) -> str | None:
        found = await self._listed(f"/store/products?limit=1&fields=title,handle&handle={quote(handle)}")
        return str(found[0]["title"]) if found else None

    async def _for_sale(self) -> list[Mapping[str, Any]] | None:
        return await self._listed("/store/products?limit=1&fields=title,handle")

    async def _listed(self, path: str) -> list[Mapping[str, Any]] | None:
        """What the backend tells of products; None when it cannot be asked, which other checks say."""
        if self._target.key is None or "backend" not in self._target.urls:
            return None
        async with self._target.open_site("backend") as site:
            body = (await site.store(path, self._target.key)).json()
        found = body.get("products") if isinstance(body, dict) else None
        return found if isinstance(found, list) else None


def price_in(text: str) -> str | None:
    """The first amount of money in a text: a currency's sign or code beside a number."""
    for line in text.splitlines():
        for sign in _signs(line):
            begin, end = max(0, sign.start() - 14), sign.end() + 14
            before, after = line[begin : sign.start()], line[sign.end() : end]
            if _AMOUNT.search(after[:_NEAR]):
                return (sign.group() + re.split(r"[^\d.,\s\u00a0'-]", after)[0]).strip()
            if _AMOUNT.search(before[-_NEAR:]):
                return (re.split(r"[^\d.,\s\u00a0'-]", before)[-1] + sign.group()).strip()
    return None


def _signs(line: str) -> list["re.Match[str]"]:
    symbols = "".join({each for each in line if unicodedata.category(each) == "Sc"})
    found = list(_CURRENCY.finditer(line))
    return found + (list(re.finditer(f"[{re.escape(symbols)}]", line)) if symbols else [])
