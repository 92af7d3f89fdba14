"""The Markdown of a report: a table, the end of what failed, and nothing that breaks out of its place."""

from launcher.findings import Finding, Report, Round
from launcher.report import summary


def rendered(*findings, **options):
    return summary.render(Report("rxlaunch ci", "shop", (Round(findings, **options),)))


def test_a_row_a_finding_with_stage_and_seconds():
    text = rendered(Finding("boot", "web", "passed", "ready", 1.25), timeline=[{"unit": "web", "stage": "backend"}])
    assert "### ✅ rxlaunch ci: shop" in text
    assert "| ✅ | web | backend | 1.2 | ready |" in text


def test_what_failed_is_told_with_its_remedy_and_the_end_of_its_output():
    lines = "\n".join(f"line {number}" for number in range(100))
    text = rendered(Finding("boot", "web", "failed", "gone", remedy="look", details=lines))
    assert "### ❌" in text
    assert "Try: look" in text
    assert "line 99" in text
    assert "line 10\n" not in text


def test_the_log_stands_in_for_details_that_are_missing():
    assert "from the log" in rendered(Finding("boot", "web", "failed", "gone"), logs={"web": "from the log"})


def test_text_from_outside_is_no_markup():
    evil = "a | b\n# c <img src=x> [x](http://y) `z` @everybody"
    text = rendered(Finding("boot", "web", "failed", evil, details="```\n</details>\n````"))
    row = next(line for line in text.splitlines() if line.startswith("| ❌"))
    assert row.count("|") == 6
    assert "<img" not in text
    assert "@everybody" not in text
    assert "`````text" in text  # longer than any fence within
