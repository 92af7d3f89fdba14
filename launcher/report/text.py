"""Findings as lines for people: one a finding, what is wrong with its remedy, a last line with the counts. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping

from launcher.findings import Finding, Report

MARKS: Mapping[str, str] = {"passed": "✔", "failed": "✘", "left out": "–"}
_WIDTH = 34  # of the id: most fit, and the others push their line on
_INDENT = "    "


def text(report: Report) -> str:
    """The whole report."""
    several = len(report.rounds) > 1
    blocks = [f"{report.title}: {report.subject}"]
    for number, each in enumerate(report.rounds, 1):
        if several or each.title:
            blocks.append(f"\n{each.title or f'round {number}'} ({seconds(each.seconds)})")
        blocks += map(line, each.findings)
        blocks += [f"! {note}" for note in each.notes]
    return "\n".join([*blocks, summary(report)])


def line(finding: Finding) -> str:
    """A finding as it is told while others are still asked: one line, and more of what is wrong."""
    mark = MARKS[finding.verdict]
    first = f"{mark} {finding.id:<{_WIDTH}} {_one_line(finding)} ({seconds(finding.seconds)})"
    if finding.verdict == "left out":
        first = f"{mark} {finding.id:<{_WIDTH}} left out: {_one_line(finding)}"
    if finding.verdict != "failed":
        return first
    more = [f"{_INDENT}| {detail}" for detail in finding.details.splitlines()]
    if finding.failure:
        more.append(f"{_INDENT}known failure: {finding.failure}")
    if finding.remedy:
        more.append(f"{_INDENT}try: {finding.remedy}")
    return "\n".join([first, *more])


def summary(report: Report) -> str:
    """The last line: how many of what, and how long it took."""
    found = [finding for each in report.rounds for finding in each.findings]
    total = sum(each.seconds for each in report.rounds)
    told = ", ".join(
        f"{number} {verdict}" for verdict, number in counts(found).items() if number or verdict != "left out"
    )
    if not found:
        told = "nothing was asked"
    return f"{MARKS['passed'] if report.passed else MARKS['failed']} {told} in {seconds(total)}"


def counts(findings: Iterable[Finding]) -> dict[str, int]:
    """How many of each verdict."""
    found = Counter(finding.verdict for finding in findings)
    return {verdict: found[verdict] for verdict in ("passed", "failed", "left out")}


def seconds(value: float) -> str:
    """A time as people read it."""
    if value < 0.01:
        return "0 s"
    return f"{value:.2f} s" if value < 10 else f"{value:.0f} s" if value < 120 else f"{value / 60:.1f} min"


def _one_line(finding: Finding) -> str:
    return " ".join(finding.evidence.split())
