"""Questions about the shop: whether a storefront's key, origin and pages are right for this backend. Starts nothing."""

from contextlib import AsyncExitStack
from urllib.parse import urlsplit

from launcher.checks import servers
from launcher.checks.contract import LeftOut, Target, Wrong
from launcher.marketplace import verify
from launcher.marketplace.medusa import Page, Question, Site

_LOGS = "rxlaunch logs backend shows why"
_STATES = {  # of marketplace/database.py → what is told, which failure it is
    "revoked": ("is revoked", "key-revoked"),
    "unknown": ("is not in the backend's database", "key-unknown"),
    "unlinked": ("is linked to no sales channel", "key-unknown"),
}


class Lazily:
    """A site of the target that is opened when the first question is asked; LeftOut then, when it has no address."""

    def __init__(self, target: Target, name: str, stack: AsyncExitStack) -> None:
        self._target = target
        self._name = name
        self._stack = stack
        self._site: Site | None = None

    async def site(self) -> Site:
        """The site, the same one every time."""
        if self._site is None:
            self._target.url(self._name)
            self._site = await self._stack.enter_async_context(self._target.open_site(self._name))
        return self._site


async def key(target: Target, backend: Lazily) -> str:
    """The key that the storefront uses is accepted; what is wrong with one that isn't."""
    from launcher.marketplace.database import shortened
    from launcher.marketplace.publishable_key import PLACEHOLDERS, VARIABLE

    site = await backend.site()
    if not target.key:
        if target.here is None:
            raise LeftOut(f"no publishable key was given ({VARIABLE})")
        raise Wrong("the storefront has no publishable key", failure="key-missing")
    if target.key.strip().lower() in PLACEHOLDERS:
        raise Wrong("the storefront's key is a template's placeholder", failure="key-placeholder")
    page = await site.store("/store/regions", target.key)
    if page.status == 200 and not page.error:
        return f"{shortened(target.key)} is accepted"
    body = page.json()
    message = str(body.get("message", "")) if isinstance(body, dict) else ""
    if "publishable" not in message.lower():
        raise store_failure(page)
    told, failure = await _state(target)
    raise Wrong(f"the storefront's key {shortened(target.key)} {told}", failure=failure)


async def _state(target: Target) -> tuple[str, str]:
    """What the database knows of a key that the backend refuses."""
    unclear = ("is unknown to the backend, or revoked", "key-unknown")
    if target.here is None or not target.key:
        return unclear
    from launcher.marketplace import database
    from launcher.plan.step import StepFailed

    try:
        state = await database.key_state(servers.database_url(target.here), target.key)
    except (LeftOut, StepFailed):
        return unclear
    return _STATES.get(
        state, ("is refused, though the stack's database has it: the backend uses another", "key-unknown")
    )


async def regions(target: Target, backend: Lazily) -> str:
    """There is a region: without one no page can be shown."""
    site = await backend.site()
    if not target.key:
        raise LeftOut("cannot be asked without a publishable key")
    page = await site.store("/store/regions", target.key)
    body = page.json()
    found = body.get("regions") if page.status == 200 and isinstance(body, dict) else None
    if found is None:
        raise store_failure(page)
    if not found:
        raise Wrong("the backend has no region: the storefront cannot show a page", failure="no-regions")
    return f"{len(found)}: {', '.join(str(region.get('name', '?')) for region in found[:5])}"


async def cors(target: Target, backend: Lazily) -> str:
    """A browser on the storefront's page may ask the backend."""
    site = await backend.site()
    origin = origin_of(target.url("storefront"))
    headers = {
        "origin": origin,
        "access-control-request-method": "GET",
        "access-control-request-headers": "x-publishable-api-key",
    }
    answer = await site.send(Question("/store/regions", "OPTIONS", headers=headers))
    if answer.error:
        raise Wrong(f"the preflight of {origin}: {answer}", remedy=_LOGS)
    allowed = answer.headers.get("access-control-allow-origin")
    if allowed in (origin, "*"):
        return f"{origin} is allowed"
    raise Wrong(
        f"browsers on {origin} may not ask the backend: it allows {allowed or 'no such origin'}",
        failure="cors-refuses",
        remedy=f"add {origin} to STORE_CORS in .env, or remove that list; then rxlaunch restart backend",
    )


async def home(target: Target, backend: Lazily, storefront: Lazily) -> str:
    """The storefront's home page, after redirects, shows what this backend sells."""
    site, pages = await storefront.site(), list[Page]()
    problem = await verify.home(site, pages)
    if problem is not None:
        raise Wrong(problem, remedy="rxlaunch logs storefront shows why")
    if target.expect_text:
        return verify.contains(pages[-1], target.expect_text)
    if not target.key:
        return f"{pages[-1].url} answers 200; without a publishable key its products cannot be compared"
    return await verify.wired(await backend.site(), target.key, pages[-1])


def origin_of(url: str) -> str:
    """The origin of an address, as browsers send it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def store_failure(page: Page) -> Wrong:
    """What a refused question means, as a finding."""
    if page.error:
        return Wrong(f"the backend: {page}", remedy=_LOGS)
    told = verify.store_failure(page, page.json())
    missing = "does not exist" in told.message
    return Wrong(told.message, failure="missing-column") if missing else Wrong(told.message, remedy=told.remedy)
