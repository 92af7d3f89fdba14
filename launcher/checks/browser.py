"""Group `browser`: the administrator signs in and works, a visitor finds products, in a real browser (R10, R21, R22).

Proof is what the pages show, never that an address was reached. Here is what both halves share.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

from launcher.browser import find
from launcher.browser.visit import Chromium, launch
from launcher.checks import admin_pages, shop_pages
from launcher.checks.album import Album
from launcher.checks.contract import LeftOut, Target, ask
from launcher.findings import Finding

GROUP = "browser"


async def browser(target: Target, *, required: bool = False) -> AsyncIterator[Finding]:
    """Everything that only a browser sees.

    Without an installed browser all of it is left out by name; with `required` that is a failure.
    """
    if not target.urls.keys() & {"backend", "storefront"}:
        for name in (*admin_pages.names(target.checks), *shop_pages.NAMES):
            yield Finding(GROUP, name, "left out", "there is neither a backend nor a storefront to look at")
        return
    async with AsyncExitStack() as open_things:
        started: list[Chromium] = []

        async def start() -> str:
            try:
                program = find.program()
            except find.NoBrowser as missing:
                if required:
                    raise
                raise LeftOut(f"{missing.message}; try: {missing.remedy}") from None
            started.append(await open_things.enter_async_context(launch(program, _authorities(target))))
            return f"Chromium {started[0].version}, {program}"

        yield await ask(GROUP, "program", start)
        if not started:
            for name in (*admin_pages.names(target.checks), *shop_pages.NAMES):
                yield Finding(GROUP, name, "left out", "there is no browser to look with")
            return
        album = Album(target)
        async for finding in admin_pages.look(target, started[0], album):
            yield finding
        async for finding in shop_pages.look(target, started[0], album):
            yield finding


def _authorities(target: Target) -> list[Path]:
    """The certificates that a local authority signs with: its root, and the intermediate one that servers send."""
    root = target.here.outputs.get("https_authority") if target.here else None
    return sorted(Path(root).parent.glob("*.crt")) if root else []
