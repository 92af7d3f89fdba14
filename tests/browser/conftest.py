"""A small marketplace, a state directory of its own, and one browser for all tests, if one is installed."""

import os
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio

from launcher.browser import find
from launcher.browser.visit import launch
from launcher.checks import browser as group
from launcher.checks.browser import browser
from tests.support.small_marketplace import small_marketplace


@pytest.fixture(scope="session")
def program():
    try:
        return find.program()
    except find.NoBrowser as missing:
        pytest.fail(str(missing)) if os.environ.get("RXLAUNCH_REQUIRE_BROWSER") else pytest.skip(str(missing))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium(program):
    """A browser; profiles are fresh with every visit anyway."""
    async with launch(program) as browser:
        yield browser


@pytest.fixture
def shop(tmp_path, monkeypatch, chromium):
    @asynccontextmanager
    async def launched(_program, _authorities):
        yield chromium

    monkeypatch.setenv("RXLAUNCH_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(group, "launch", launched)
    with small_marketplace() as made:
        yield made


@pytest.fixture
def patience(monkeypatch):
    """Patience for what will never come."""
    for module in ("admin_pages", "shop_pages"):
        monkeypatch.setattr(f"launcher.checks.{module}.PATIENCE", 3.0)


@pytest.fixture
def look(shop):
    """Look at the small marketplace; the findings by name."""

    async def looked():
        return {found.name: found async for found in browser(shop.target)}

    return looked
