"""docs/failures.md says what the catalogue says."""

from pathlib import Path

from launcher import diagnosis
from launcher.app.doctor import repairs

PAGE = Path(__file__).parents[2] / "docs" / "failures.md"


def test_the_page_is_that_of_the_catalogue():
    assert diagnosis.table() in PAGE.read_text(encoding="utf-8"), "run scripts/failures.py"


def test_every_repair_of_the_catalogue_exists_and_none_is_idle():
    assert {failure.fix for failure in diagnosis.CATALOGUE if failure.fix} == set(repairs.REPAIRS)
