"""The map of the fault matrix is complete, true and up to date."""

import ast
from functools import cache
from pathlib import Path

import pytest

from scripts import faults
from tests import fault_rows
from tests.wine import rows as windows_rows

TESTS = Path(__file__).parent
EVERY_ROW = {*map(str, range(1, 83)), *(f"S{number}" for number in range(1, 24))}
WINDOWS_ALONE = {"2", "23", "25", "26", "75"}
ON_WINDOWS_TOO = {
    *map(str, (2, 8, 9, 11, 15, 16, 17, 18, 19, 20, 21, 25, 26, 28, 29, 30, 31, 32, 33, 35, *range(38, 51), 54)),
    *map(str, (57, 58, 59, 60, 61, 62, 64, 67, 68, 69, 70, 72, 75, 76, 77, 80)),
}
# The rows about processes that must not be left, and what shows that their tests can fail.
WITH_A_CONTROL = {"1", "4", "5", "7", "9", "53", "64", "68", "81"}


@cache
def names_in(file):
    """The names of the tests in a module."""
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    assigned = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return {name for name in functions | assigned if name.startswith("test_")}


def cited():
    """Every test that the map names, with its row."""
    for row, (_, tests) in fault_rows.ROWS.items():
        yield from ((row, test) for test in tests)
    for row, tests in windows_rows.ROWS.items():
        yield from ((row, test) for test in tests)


def test_every_row_is_in_the_map_once():
    assert fault_rows.ROWS.keys() == EVERY_ROW


def test_every_row_of_linux_has_a_test():
    assert {row for row, (_, tests) in fault_rows.ROWS.items() if not tests} == WINDOWS_ALONE


def test_every_row_that_wine_can_ask_has_a_test_or_a_reason_there():
    told = {key.partition(" ")[0] for key in (*windows_rows.ROWS, *windows_rows.NOT_UNDER_WINE)}
    assert told >= ON_WINDOWS_TOO
    assert told <= EVERY_ROW


def test_every_test_in_the_map_exists():
    missing = [(row, test) for row, test in cited() if test.partition("::")[2] not in names_in(test.partition("::")[0])]
    assert missing == []


def test_that_test_can_fail():
    with pytest.raises(FileNotFoundError):
        names_in("no/such_file.py")
    assert "test_that_is_not_there" not in names_in("test_faults.py")


@pytest.mark.parametrize("row", sorted(WITH_A_CONTROL))
def test_the_row_has_a_negative_control(row):
    names = [test.partition("::")[2] for test in fault_rows.ROWS[row][1]]
    assert any("control" in name or "without" in name or "can_fail" in name for name in names), names


def test_the_page_is_up_to_date():
    assert (TESTS / "faults.md").read_text(encoding="utf-8") == faults.page(), "run scripts/faults.py"
