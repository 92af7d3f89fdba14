"""Action verify-https: shop and admin answer over HTTPS, and a browser that knows the authority trusts them."""

import asyncio
from pathlib import Path

from launcher.marketplace.medusa import Page, Site, open_site
from launcher.marketplace.verify import until
from launcher.plan.step import Outcome, Run, Skip, StepContext, StepFailed


class VerifyHttps:
    """A page of each name that leads to shop or admin, certificates verified as browsers do."""

    deadline = 60.0

    async def check(self, _context: StepContext) -> Skip | Run:
        """Always to be run."""
        return Run("verifies certificates and pages over HTTPS")

    async def run(self, context: StepContext) -> Outcome:
        """Ask for the home page and for the admin's login page."""
        outputs, pages = context.outputs, _pages(context)
        authority = outputs.get("https_authority")
        if authority is None or not pages:
            raise StepFailed("there is no HTTPS to verify", remedy="this action depends on the service https")
        await until(self.deadline, lambda: _made(Path(authority)))
        await asyncio.gather(*(self._page(Path(authority), base, path) for base, path in pages))
        return Outcome(note=f"{' and '.join(base for base, _ in pages)}, certificates verified")

    async def _page(self, authority: Path, base: str, path: str) -> None:
        async with open_site(base, authority) as site:
            await until(self.deadline, lambda: _problem(site, path))


def _pages(context: StepContext) -> list[tuple[str, str]]:
    """Address and path of what is asked; a name that leads to another server has no page that we know."""
    admin = str(context.options.get("admin_path", "/app")).rstrip("/") + "/login"
    paths = {"storefront": "/", "backend": admin}
    pairs = [pair.split("=") for pair in str(context.options.get("https_names", "")).split(",") if pair]
    addresses = [(context.outputs.get(f"https_{name}"), paths.get(port)) for name, port in pairs]
    return [(base, path) for base, path in addresses if base and path]


async def _made(authority: Path) -> str | None:
    """Caddy makes the authority in its first moments."""
    return None if authority.is_file() else f"Caddy has made no authority: {authority} is not there"


async def _problem(site: Site, path: str) -> str | None:
    page = await site.follow(path, seconds=30.0)
    if page.error and "another host" in page.error:
        raise StepFailed(f"over HTTPS, {page}", remedy=_REDIRECT)
    if page.error or page.status >= 500:
        return f"over HTTPS, {page}"
    if page.status == 404 and path == "/":
        raise StepFailed(f"over HTTPS, {page}", remedy=_unknown(page))
    if page.status != 200 or page.kind != "text/html":
        raise StepFailed(f"over HTTPS, {page}", remedy="rxlaunch logs https shows what Caddy printed")
    return None


_REDIRECT = "a redirect in middleware or next.config names a fixed host, or ignores X-Forwarded-Proto and -Host"


def _unknown(page: Page) -> str:
    host = page.url.split("/")[2].partition(":")[0]
    return f"the storefront knows no store named {host}: make it one, or choose a name it knows ([https] shop = …)"
