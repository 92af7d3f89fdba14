"""A report as Markdown, for the summary page of a CI system. Pure: text from outside cannot break out of its place."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from launcher.findings import Finding, Report, Round

_MARKS = {"passed": "✅", "failed": "❌", "left out": "➖"}
_TAIL_LINES = 40


def render(report: Report) -> str:
    """A heading, a table of each round, and the end of the output of what failed."""
    lines = [
        f"### {_MARKS['passed' if report.passed else 'failed']} {_inline(report.title)}: {_inline(report.subject)}",
        "",
    ]
    for each in report.rounds:
        lines += _round(each)
    return "\n".join(lines) + "\n"


def _round(each: Round) -> Iterator[str]:
    if each.title:
        yield from (f"#### {_inline(each.title)}", "")
    phases = {str(row.get("unit")): row for row in each.timeline}
    yield from ("| | what | stage | seconds | |", "|---|---|---|---:|---|")
    for found in each.findings:
        yield _row(found, phases.get(found.name, {}))
    yield ""
    for note in each.notes:
        yield f"- {_inline(note)}"
    for found in each.failed:
        yield from _failure(found, each.logs.get(found.name, ""))


def _row(found: Finding, row: Mapping[str, Any]) -> str:
    stage = str(row.get("stage") or found.check)
    cells = (_MARKS[found.verdict], found.name, stage, f"{found.seconds:.1f}", found.evidence.split("\n", 1)[0])
    return f"| {' | '.join(map(_inline, cells))} |"


def _failure(found: Finding, log: str) -> Iterator[str]:
    yield from ("", f"**{_inline(found.name)}**: {_inline(found.evidence)}")
    if found.remedy:
        yield from ("", f"Try: {_inline(found.remedy)}")
    text = "\n".join((found.details or log).splitlines()[-_TAIL_LINES:])
    if text:
        fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
        yield from ("", f"{fence}text", text, fence)


def _inline(text: str) -> str:
    """Text that stays text in a cell or a line: no column, no markup, no link, no mention."""
    one_line = " ".join(text.split())
    return re.sub(r"([\\`*_{}\[\]<>|#!~@])", lambda found: f"&#{ord(found[1])};", one_line)
