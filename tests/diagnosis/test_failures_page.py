"""docs/failures.md says what the catalogue says."""

from pathlib import Path

from launcher import diagnosis

PAGE = Path(__file__).parents[2] / "docs" / "failures.md"


def test_the_page_is_that_of_the_catalogue():
    assert diagnosis.table() in PAGE.read_text(encoding="utf-8"), "run scripts/failures.py"
