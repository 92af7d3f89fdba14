"""Every row of the fault matrix that concerns Windows has tests that ran under Wine, or is skipped by name."""

import ast
from pathlib import Path

import pytest

from tests.wine.rows import NOT_UNDER_WINE, ROWS

pytestmark = [pytest.mark.wine, pytest.mark.timeout(600)]
TESTS = Path(__file__).resolve().parents[1]


def functions_of(file):
    """The test functions of a module of ours."""
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in tree.body if isinstance(node, kinds)}


@pytest.mark.parametrize("row", ROWS)
def test_the_row_is_asked_under_wine(row, results_of):
    for name in ROWS[row]:
        file, _, function = name.partition("::")
        if file.startswith("wine/"):
            assert function in functions_of(file), f"there is no test {name}"
            continue
        results = [one for one in results_of(f"tests/{file}") if one.name.partition("[")[0] == function]
        assert [one.name for one in results if one.outcome == "failed"] == []
        assert any(one.outcome == "passed" for one in results), f"{name} did not run"


@pytest.mark.parametrize("row", NOT_UNDER_WINE)
def test_the_row_is_beyond_wine(row):
    pytest.skip(NOT_UNDER_WINE[row])
