"""Every failure is recognised by the lines that were measured on the real thing, and by no other's."""

import re
from pathlib import Path

import pytest

from launcher import diagnosis
from launcher.findings import Finding


def measured() -> dict[str, list[str]]:
    """The lines of lines.txt by the name of their failure."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in (Path(__file__).parent / "lines.txt").read_text(encoding="utf-8").splitlines():
        heading = re.fullmatch(r"\[([\w-]+)\]", line)
        name = heading[1] if heading else name
        found.setdefault(name, []).extend([line] if line and not heading else [])
    del found[""]  # the comment
    return found


LINES = measured()
HARMLESS = LINES.pop("-")
EVERY_LINE = [(name, line) for name, lines in LINES.items() for line in lines]


def test_every_failure_has_an_example_here_and_no_name_twice():
    names = [failure.name for failure in diagnosis.CATALOGUE]
    assert len(names) == len(set(names))
    assert set(names) == set(LINES)


@pytest.mark.parametrize("failure", diagnosis.CATALOGUE, ids=lambda failure: failure.name)
def test_only_what_has_no_pattern_has_no_example_and_everything_has_a_remedy(failure):
    assert bool(failure.patterns) == bool(LINES[failure.name])
    assert failure.title
    assert failure.cause
    assert failure.remedy


@pytest.mark.parametrize("failure", diagnosis.CATALOGUE, ids=lambda failure: failure.name)
def test_every_pattern_is_needed_by_an_example(failure):
    idle = [
        pattern
        for pattern in failure.patterns
        if not any(type(failure)("x", "x", "x", "x", (pattern,)).matches(line) for line in LINES[failure.name])
    ]
    assert idle == []


@pytest.mark.parametrize(("name", "line"), EVERY_LINE, ids=[f"{name}-{line[:40]}" for name, line in EVERY_LINE])
def test_a_measured_line_is_of_exactly_one_failure(name, line):
    assert [failure.name for failure in diagnosis.CATALOGUE if failure.matches(line)] == [name]


@pytest.mark.parametrize("line", HARMLESS)
def test_what_is_no_error_is_recognised_as_none(line):
    assert diagnosis.recognise(line) is None
    assert diagnosis.recognise("ended", [line]) is None


def test_the_reason_counts_before_the_log_and_the_first_line_before_the_later():
    (taken,), (short,) = LINES["port-taken"][:1], LINES["secret-short"][:1]
    redis = LINES["redis-unreachable"][0]
    assert diagnosis.recognise(taken, [redis]).name == "port-taken"
    assert diagnosis.recognise("exited with code 1", [HARMLESS[0], short, redis]).name == "secret-short"
    assert diagnosis.recognise("exited with code 1", []) is None


def test_the_remedy_of_a_finding_is_its_own_or_that_of_its_failure():
    found = Finding("admin", "assets", "failed", "it is not there", failure="asset-missing")
    assert diagnosis.remedy_of(found) == diagnosis.known("asset-missing").remedy
    own = Finding("admin", "assets", "failed", "it is not there", remedy="look", failure="asset-missing")
    assert diagnosis.remedy_of(own) == "look"
    assert diagnosis.remedy_of(Finding("x", "y", "failed", "z")) is None
    assert diagnosis.remedy("exited with code 1", ["npm error code EUSAGE"]).startswith("npm ci")


def test_only_the_beginning_of_an_endless_line_is_looked_at():
    """A pattern that is slow on long lines held up the supervisor for half a minute."""
    line = "JWT_SECRET is not set"
    assert diagnosis.recognise("y" * 900 + f" {line}").name == "secret-missing"
    assert diagnosis.recognise("y" * 60_000 + f" {line}") is None
