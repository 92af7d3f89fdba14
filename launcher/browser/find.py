"""Finds an installed browser that Playwright can drive: Chrome, Chromium or Edge. Downloads nothing, starts nothing."""

import os
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

from launcher import native
from launcher.errors import LauncherError

VARIABLE = "RXLAUNCH_BROWSER"
_CACHED = ("chromium-*/chrome-*/**/chrome*", "chromium-*/chrome-*/**/Chromium", "chromium-*/chrome-*/**/Google Chrome*")


class NoBrowser(LauncherError):
    """There is nothing to look at pages with."""


def program(environment: Mapping[str, str] = os.environ) -> Path:
    """The browser to use. Raises NoBrowser with the remedy when there is none, or no Playwright."""
    if find_spec("playwright") is None:
        raise NoBrowser("Playwright is not installed", remedy='pip install "rxlaunch[browser]"')
    wanted = environment.get(VARIABLE)
    path = environment.get("PATH") or environment.get("Path") or ""
    if wanted:
        found = native.executable(wanted, path)
        if found is None:
            raise NoBrowser(
                f"{VARIABLE} names {wanted}, which is no program",
                remedy=f"set {VARIABLE} to the path of Chrome, Chromium or Edge, or leave it out",
            )
        return Path(found)
    found = next(_found(path), None)
    if found is None:
        raise NoBrowser(
            "no browser is installed: neither Chrome, Chromium nor Edge is on the PATH or in its usual place",
            remedy=f"install one (`apt install chromium`, https://www.google.com/chrome), name yours in {VARIABLE}, "
            "or let Playwright download its own: `playwright install chromium`",
        )
    return Path(found)


def _found(path: str) -> Iterator[str]:
    """Everything that could be used, best first: what the user installed before what Playwright did."""
    for candidate in _candidates():
        runnable = native.executable(str(candidate), path)
        if runnable is not None:
            yield runnable


def _candidates() -> Iterator[str | Path]:
    yield from native.BROWSER_NAMES
    yield from native.browser_places()
    chosen = os.environ.get("PLAYWRIGHT_BROWSERS_PATH")
    for cache in [Path(chosen)] if chosen and chosen != "0" else native.browser_caches():
        for pattern in _CACHED:
            yield from (each for each in sorted(cache.glob(pattern), reverse=True) if _program(each))


def _program(path: Path) -> bool:
    return path.is_file() and path.stem in {"chrome", "Chromium", "Google Chrome for Testing"}
