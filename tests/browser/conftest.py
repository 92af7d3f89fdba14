"""A small marketplace, a state directory of its own, and a browser if one is installed."""

import os

import pytest

from launcher.browser import find
from launcher.checks import looking
from launcher.checks.browser import browser
from tests.support.small_marketplace import small_marketplace


@pytest.fixture
def program():
    try:
        return find.program()
    except find.NoBrowser as missing:
        pytest.fail(str(missing)) if os.environ.get("RXLAUNCH_REQUIRE_BROWSER") else pytest.skip(str(missing))


@pytest.fixture
def shop(tmp_path, monkeypatch, program):
    monkeypatch.setenv("RXLAUNCH_HOME", str(tmp_path / "home"))
    with small_marketplace() as made:
        yield made


@pytest.fixture
def patience(monkeypatch):
    """Patience for what will never come."""
    for module in ("admin_pages", "shop_pages"):
        monkeypatch.setattr(f"launcher.checks.{module}.PATIENCE", 3.0)
    return looking


@pytest.fixture
def look(shop):
    """Look at the small marketplace; the findings by name."""

    async def looked():
        return {found.name: found async for found in browser(shop.target)}

    return looked
