"""Known failures: which one a reason, a log or a finding speaks of, and what heals it. Pure; the data is catalogue.py.

Used when a unit fails (`up`, `why`), by checks whose finding names a failure, and by `doctor`.
"""

from collections.abc import Iterable, Sequence

from launcher.diagnosis.catalogue import CATALOGUE, Failure
from launcher.findings import Finding

__all__ = ["CATALOGUE", "Failure", "explained", "known", "recognise", "remedy", "remedy_of", "table"]

_BY_NAME = {failure.name: failure for failure in CATALOGUE}


def known(name: str | None) -> Failure | None:
    """The failure of that name; None for one that the catalogue lacks."""
    return _BY_NAME.get(name or "")


def recognise(reason: str, tail: Sequence[str] = ()) -> Failure | None:
    """The failure that a reason, or else the last lines of a log, speak of. What stands first is the cause."""
    return _first(reason.splitlines()) or _first(tail)


def remedy(reason: str, tail: Sequence[str]) -> str | None:
    """What heals the failure that is recognised."""
    found = recognise(reason, tail)
    return found.remedy if found else None


def remedy_of(finding: Finding) -> str | None:
    """What to do about a finding: its own remedy, else that of the failure it names."""
    failure = known(finding.failure)
    return finding.remedy or (failure.remedy if failure else None)


def explained(failure: Failure) -> str:
    """The failure in one sentence: what it is called, and how it comes about."""
    return f"{failure.title} ({failure.name}): {failure.cause}"


def table(failures: Iterable[Failure] = CATALOGUE) -> str:
    """The catalogue as a Markdown table."""
    rows = [
        "| failure | what | why | what heals it | `doctor --fix` |",
        "|---|---|---|---|---|",
        *(
            f"| `{one.name}` | {_cell(one.title)} | {_cell(one.cause)} | {_cell(one.remedy)} | {one.fix or ''} |"
            for one in failures
        ),
    ]
    return "\n".join(rows)


def _first(lines: Iterable[str]) -> Failure | None:
    for line in lines:
        for failure in CATALOGUE:
            if failure.matches(line):
                return failure
    return None


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
