"""Gives the tests a Windows, or says why there is none."""

import os

import pytest

from scripts import wine
from tests.support.windows import Machine


@pytest.fixture(scope="session")
def prepared():
    """The prepared Wine; made at the first use (half a minute, and downloads)."""
    if wine.wine() is None:
        (pytest.fail if os.environ.get("RXLAUNCH_REQUIRE_WINE") else pytest.skip)("wine is not installed")
    return wine.prepare(wine.default_directory())


@pytest.fixture
def windows(prepared, tmp_path):
    """A Windows for one test."""
    return Machine(prepared, tmp_path)
