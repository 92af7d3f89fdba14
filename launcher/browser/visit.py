"""Headless visits with a fresh profile: open, click, wait for what a person would see. Judging it is `checks/`."""

import asyncio
import contextlib
import os
import re
from collections.abc import AsyncIterator, Awaitable, Collection, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from launcher import native
from launcher.browser import trust
from launcher.browser.watch import Flaw, Watch
from launcher.errors import LauncherError
from launcher.values import Value

if TYPE_CHECKING:
    from playwright.async_api import Browser, Locator, Page

_SIZE = (1280, 800)
_LAUNCH = 60.0
_SLICE = 0.5
_AFTER_A_FLAW = 3.0  # seconds of patience with a page on which something has gone wrong already
_QUIET, _SETTLE = 0.3, 5.0
_EXCERPT = 160
HEADINGS = ":is(h1, h2, h3, h4, [role=heading]):not(:is(aside, nav, header, footer) *)"


class BrowserFailed(LauncherError):
    """The browser itself would not work."""


class NotSeen(LauncherError):
    """The page did not show what it should; the message says what it shows instead."""


class Link(Value, frozen=True):
    """A visible link: the first line of its text, and the path it leads to."""

    text: str
    path: str


class Chromium:
    """A running browser."""

    def __init__(self, browser: "Browser") -> None:
        self._browser = browser
        self.version = browser.version

    @asynccontextmanager
    async def visit(self, own: Collection[str]) -> AsyncIterator["Visit"]:
        """A fresh profile and a page in it. `own` are the origins (scheme://host:port) whose answers count."""
        from playwright.async_api import Error

        try:
            context = await self._browser.new_context(
                viewport={"width": _SIZE[0], "height": _SIZE[1]}, locale="en-US", reduced_motion="reduce"
            )
            page = await context.new_page()
        except Error as error:
            raise BrowserFailed(f"the browser has died: {error.message.partition(chr(10))[0][:_EXCERPT]}") from None
        try:
            yield Visit(page, own)
        finally:
            with contextlib.suppress(Error):  # the browser is gone, and the profile with it
                await context.close()


@asynccontextmanager
async def launch(program: Path, authorities: Sequence[Path] = ()) -> AsyncIterator[Chromium]:
    """Start the browser; it ends with the block. `authorities` are certificates (PEM) of local authorities to trust.

    Raises BrowserFailed.
    """
    from playwright.async_api import Error, async_playwright

    arguments = []
    if getattr(os, "geteuid", lambda: 1)() == 0:
        arguments.append("--no-sandbox")  # Chromium refuses to run as root otherwise
    keys = trust.fingerprints(authorities)
    if keys:
        arguments.append(f"--ignore-certificate-errors-spki-list={','.join(keys)}")
    asyncio.get_running_loop().set_exception_handler(_without_the_drivers_end)
    async with contextlib.AsyncExitStack() as driver:
        try:
            playwright = await driver.enter_async_context(async_playwright())
            browser = await playwright.chromium.launch(
                executable_path=program, args=arguments, headless=True, timeout=_LAUNCH * 1000
            )
        except (Error, OSError) as error:
            raise _would_not_start(program, str(error)) from None
        try:
            yield Chromium(browser)
        finally:
            with contextlib.suppress(Error):  # it may have died, or heard Ctrl-C as we did
                await browser.close()


def _without_the_drivers_end(loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """Ctrl-C reaches Playwright's driver, too; what it owes then is asked for by nobody, and is no news."""
    if "Connection closed while reading from the driver" not in str(context.get("exception")):
        loop.default_exception_handler(context)


def _would_not_start(program: Path, said: str) -> BrowserFailed:
    """What keeps browsers from starting, as far as it is known."""
    lines = [line.strip(" -") for line in said.splitlines() if line.strip()]
    remedy = f"start it by hand (`{program} --version`), or name another in RXLAUNCH_BROWSER"
    if "sandbox" in said:
        remedy = "this system does not let it make its sandbox: allow user namespaces, or install it from a package"
    told = next((line for line in lines if "rror" in line and "pw:" not in line), lines[0] if lines else "no reason")
    return BrowserFailed(f"{program} does not start: {told[:_EXCERPT]}", remedy=remedy)


class Visit:
    """One page, and whatever goes wrong on it."""

    def __init__(self, page: "Page", own: Collection[str]) -> None:
        self._page = page
        self.watch = Watch(page, own)

    @property
    def url(self) -> str:
        """Where the page is now."""
        return self._page.url

    @property
    def flaws(self) -> tuple[Flaw, ...]:
        """What went wrong since `watch.forget`."""
        return self.watch.flaws

    async def open(self, url: str, seconds: float) -> None:
        """Go to an address; returns when the page's own text is there. Raises NotSeen."""
        await self._do(self._page.goto(url, wait_until="domcontentloaded", timeout=seconds * 1000), f"open {url}")

    async def fill(self, selector: str, value: str) -> None:
        """Type into a field. The value is in no message."""
        await self._do(self._page.locator(selector).first.fill(value, timeout=10_000), f"fill in {selector}")

    async def click(self, selector: str) -> None:
        """Click the first visible element."""
        await self._do(
            self._page.locator(f"{selector} >> visible=true").first.click(timeout=10_000), f"click {selector}"
        )

    async def links(self, selector: str) -> list[Link]:
        """The visible links that match."""
        from playwright.async_api import Error

        found = []
        try:
            for each in await self._page.locator(f"{selector} >> visible=true").all():
                path = await each.get_attribute("href", timeout=1000)
                text = (await each.inner_text(timeout=1000)).strip().partition("\n")[0].strip()
                found.append(Link(text, path or ""))
        except Error:  # the page changed while it was read
            return found
        return found

    async def see(self, selector: str, what: str, seconds: float, text: str | re.Pattern[str] | None = None) -> str:
        """Wait until an element is visible (and holds the text); its text.

        `what` names it: "no {what} …". On a page with a flaw already, patience is short. Raises NotSeen.
        """
        locator = self._page.locator(f"{selector} >> visible=true")
        if text is not None:
            locator = locator.filter(has_text=text)
        loop = asyncio.get_running_loop()
        began, flawed = loop.time(), None
        while not await self._visible(locator.first):
            now = loop.time()
            flawed = flawed or (now if self.flaws else None)
            if now - began >= seconds or (flawed and now - flawed >= _AFTER_A_FLAW):
                raise NotSeen(await self._instead(what, now - began))
        return await self._text(locator.first)

    async def settle(self) -> None:
        """Let what is under way arrive: what fails late fails, too."""
        await self.watch.settle(_QUIET, _SETTLE)

    async def text(self) -> str:
        """All that the page shows."""
        return await self._text(self._page.locator("body"))

    async def leave_for(self, path: str, seconds: float) -> None:
        """Wait until the page's address is below this path, as it is after a click on a link. Raises NotSeen."""
        pattern = re.compile(rf"^[a-z]+://[^/]+{re.escape(path)}([/?#].*)?$")
        await self._do(self._page.wait_for_url(pattern, wait_until="commit", timeout=seconds * 1000), f"go to {path}")

    async def screenshot(self, file: Path) -> bool:
        """Write what the page looks like into a private file (PNG); whether that worked. Passwords show as dots."""
        from playwright.async_api import Error

        try:
            image = await self._page.screenshot(animations="disabled", timeout=15_000)
        except Error:
            return False
        native.write_private(file, image)
        return True

    async def _visible(self, locator: "Locator") -> bool:
        from playwright.async_api import Error
        from playwright.async_api import TimeoutError as TooLate

        try:
            await locator.wait_for(state="visible", timeout=_SLICE * 1000)
        except TooLate:
            return False
        except Error:  # the page is just being left
            await asyncio.sleep(_SLICE)
            return False
        return True

    async def _text(self, locator: "Locator") -> str:
        from playwright.async_api import Error

        try:
            return await locator.inner_text(timeout=2000)
        except Error:
            return ""

    async def _instead(self, what: str, seconds: float) -> str:
        shown = " ".join((await self.text()).split())
        there = f"it shows {shown[:_EXCERPT]!r}" if shown else "it shows nothing"
        waits = ", ".join(self.watch.waiting_for[:3])
        late = f", and still waits for {waits}" if waits else ""
        return f"no {what} after {seconds:.0f} s on {self.url}: {there}{late}"

    async def _do(self, action: Awaitable[object], what: str) -> None:
        from playwright.async_api import Error

        try:
            await action
        except Error as error:
            told = error.message.partition("\n")[0].removeprefix("Page.goto: ")
            raise NotSeen(f"could not {what}: {told[:_EXCERPT]}") from None
