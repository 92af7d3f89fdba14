"""One checkout of the sample for all tests, booted cold once; each test gets it running or stopped, as it asks."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from tests.support.marketplaces import Marketplace


@pytest.fixture(scope="session")
def place():
    """Where the checkouts lie: not with pytest's files, for `medusa build` leaves out paths with “test” in them.

    With RXLAUNCH_E2E_KEEP=DIR it stays there for the next run, which is then not cold.
    """
    kept = os.environ.get("RXLAUNCH_E2E_KEEP")
    directory = Path(kept or tempfile.mkdtemp(prefix="rx-")).resolve()
    yield directory
    if not kept:
        shutil.rmtree(directory)


@pytest.fixture(scope="session")
def market(place):
    """The checkout."""
    made = Marketplace(place / "market", place / "home")
    if not made.root.exists():
        made.root.mkdir(parents=True)
        made.run("init", "--sample", str(made.root), check=0)
    yield made
    made.clean_up()


@pytest.fixture(scope="session")
def cold(market):
    """The first `up -d` there: what it printed."""
    market.down()  # a kept one may run
    return market.up()


@pytest.fixture
def running(market, cold):
    """The marketplace, ready."""
    if not market.is_ready():
        market.down()
        market.up()
    return market


@pytest.fixture
def stopped(market, cold):
    """The marketplace, stopped, whatever the last boot left undone."""
    market.down()
    return market


@pytest.fixture
def warm(running):
    """The marketplace, stopped, with everything done that a boot does but starting."""
    running.down()
    return running


@pytest.fixture(scope="session")
def second(market, cold, place):
    """Another checkout of the same, of the same user; nothing runs there yet."""
    made = Marketplace(place / "second" / "market", market.home)
    shutil.rmtree(made.root, ignore_errors=True)
    market.copy_to(made.root)
    yield made
    made.clean_up()
