import pytest

from launcher import diagnosis
from launcher.app.doctor import past
from launcher.findings import Finding

FAILED = Finding("last-run", "end", "failed", "redis failed: refused", remedy="look", failure="redis-unreachable")


def redis(verdict):
    return Finding("data", "redis", verdict, "…")


def test_a_failure_is_past_when_its_question_was_asked_again_and_passed():
    (_, last) = past.forgiven([redis("passed"), FAILED])
    assert last.verdict == "passed"
    assert "redis failed: refused; that is in order now" in last.evidence


@pytest.mark.parametrize(
    "others", [[redis("failed")], [redis("left out")], [], [Finding("data", "key", "passed", "…")]]
)
def test_it_is_not_past_otherwise(others):
    assert past.forgiven([*others, FAILED])[-1] == FAILED


def test_a_failure_without_a_name_is_never_past():
    unknown = Finding("last-run", "end", "failed", "exited with code 1")
    assert past.forgiven([redis("passed"), unknown])[-1] == unknown


def test_only_failures_of_the_catalogue_are_asked_again():
    assert past._ASKED.keys() <= {failure.name for failure in diagnosis.CATALOGUE}
