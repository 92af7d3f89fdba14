"""Gives the tests a Windows, or says why there is none; counts what could not be asked of it."""

import os
from collections import Counter

import pytest

from scripts import wine
from tests.support.windows import Machine
from tests.support.windows_stacks import WindowsStack
from tests.wine import inner

_groups = {}


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


@pytest.fixture
def stack(prepared, tmp_path):
    """A checkout for one test."""
    made = WindowsStack(prepared, tmp_path)
    yield made
    made.clean_up()


@pytest.fixture(scope="session")
def results_of(prepared, tmp_path_factory):
    """The results of a portable module under Wine; the modules of its group run with it, once."""

    def results(module):
        group = inner.group_of(module)
        if group not in _groups:
            _groups[group] = inner.run(prepared, group, tmp_path_factory.mktemp("portable"))
        return [result for result in _groups[group] if result.module == module]

    return results


def pytest_terminal_summary(terminalreporter):
    """What ran under Wine within one of our tests, and what did not, by name."""
    results = [result for group in _groups.values() for result in group]
    if not results:
        return
    counted = Counter(result.outcome for result in results)
    terminalreporter.section("portable tests under Wine")
    terminalreporter.line(", ".join(f"{number} {outcome}" for outcome, number in sorted(counted.items())))
    for result in results:
        if result.outcome == "skipped":
            reason = result.text.splitlines()[0] if result.text else "no reason given"
            terminalreporter.line(f"SKIPPED {result.module}::{result.name}: {reason}")
