"""Findings as one HTML page that needs nothing else: no script, no address, pictures inlined. Pure, but for pictures.

Everything that comes from outside goes through `_text` (`page.py`): it ends up as text, never as markup.
"""

import base64
import time
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from launcher.findings import Finding, Report, Round
from launcher.report import waterfall
from launcher.report.page import page
from launcher.report.page import text as _text
from launcher.report.text import MARKS, counts, seconds

_CLASSES = {"passed": "passed", "failed": "failed", "left out": "left"}
_LARGEST_PICTURE = 8 * 1024 * 1024
_KINDS = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp"}


def html(report: Report) -> str:
    """The page."""
    findings = [finding for each in report.rounds for finding in each.findings]
    rounds = "".join(_round(each, number, len(report.rounds)) for number, each in enumerate(report.rounds, 1))
    title = f"{'✔' if report.passed else '✘'} {report.title}"
    return page(title, f"{_header(report)}{_filters(findings)}<main>{rounds}{_environment(report.environment)}</main>")


def _header(report: Report) -> str:
    verdict = "passed" if report.passed else "failed"
    total = seconds(sum(each.seconds for each in report.rounds))
    when = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(report.began)) if report.began else ""
    return (
        f'<header><span class="verdict {verdict}">{MARKS[verdict]} {verdict}</span><h1>{_text(report.title)}</h1>'
        f'<p class="subject">{_text(report.subject)}</p>'
        f'<p class="when">{_text(" · ".join(filter(None, (when, f"{total} in all"))))}</p></header>'
    )


def _filters(findings: list[Finding]) -> str:
    """Radio buttons and style: filters that need no script."""
    number = counts(findings)
    choices = (
        ("all", "All", len(findings)),
        ("failed", "Failed", number["failed"]),
        ("passed", "Passed", number["passed"]),
        ("left", "Left out", number["left out"]),
    )
    radios = "".join(
        f'<input class="filter" type="radio" name="filter" id="{name}"{" checked" if name == "all" else ""}>'
        for name, _, _ in choices
    )
    labels = "".join(f'<label for="{name}">{label} <b>{many}</b></label>' for name, label, many in choices)
    return f'{radios}<nav class="filters" aria-label="filter">{labels}</nav>'


def _round(each: Round, number: int, rounds: int) -> str:
    groups: dict[str, list[Finding]] = defaultdict(list)
    for finding in each.findings:
        groups[finding.check].append(finding)
    title = each.title or (f"Round {number}" if rounds > 1 else "")
    heading = f"<h2>{_text(title)} <small>({seconds(each.seconds)})</small></h2>" if title else ""
    notes = "".join(f'<p class="note">{_text(note)}</p>' for note in each.notes)
    return heading + notes + "".join(map(_group, groups.values())) + _timeline(each) + _logs(each.logs)


def _group(findings: list[Finding]) -> str:
    told = ", ".join(f"{many} {verdict}" for verdict, many in counts(findings).items() if many)
    took = seconds(sum(finding.seconds for finding in findings))
    return (
        f'<section class="group"><div class="head"><h3>{_text(findings[0].check)}</h3>'
        f"<span>{told} · {took}</span></div>{''.join(map(_finding, findings))}</section>"
    )


def _finding(finding: Finding) -> str:
    took = "" if finding.verdict == "left out" else seconds(finding.seconds)
    return (
        f'<article class="finding {_CLASSES[finding.verdict]}" id="{_text(finding.id)}">'
        f'<span class="mark" title="{finding.verdict}">{MARKS[finding.verdict]}</span>'
        f'<span class="name">{_text(finding.name)}</span><span class="evidence">{_text(finding.evidence)}</span>'
        f'<span class="took">{took}</span>{_more(finding)}</article>'
    )


def _more(finding: Finding) -> str:
    parts = []
    if finding.remedy:
        parts.append(f'<p class="remedy"><b>Try:</b> {_text(finding.remedy)}</p>')
    if finding.failure:
        parts.append(f'<p class="known">known failure: {_text(finding.failure)}</p>')
    if finding.details:
        parts.append(f"<pre>{_text(finding.details)}</pre>")
    if finding.screenshots:
        parts.append(f'<div class="pictures">{"".join(map(_picture, finding.screenshots))}</div>')
    return f'<div class="more">{"".join(parts)}</div>' if parts else ""


def _picture(path: Path) -> str:
    kind = _KINDS.get(path.suffix.lower())
    try:
        data = path.read_bytes() if kind else b""
    except OSError:
        data = b""
    if not kind or not 0 < len(data) <= _LARGEST_PICTURE:
        return f"<figure><figcaption>{_text(path.name)} cannot be shown</figcaption></figure>"
    source = f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"
    name = _text(path.stem)
    return f'<figure><img src="{source}" alt="{name}" loading="lazy"><figcaption>{name}</figcaption></figure>'


def _timeline(each: Round) -> str:
    drawing = waterfall.svg(each.timeline, _text)
    if not drawing:
        return ""
    legend = "".join(
        f'<span><i style="background:var(--{color})"></i>{told}</span>'
        for (_, told), color in zip(waterfall.LEGEND, ("passed", "work", "skip", "failed"), strict=True)
    )
    inside = f'{drawing}<p class="legend">{legend}</p>'
    return f'<details class="card" open><summary>Timeline of the boot</summary>{inside}</details>'


def _logs(logs: Mapping[str, str]) -> str:
    units = "".join(
        f"<details><summary>{_text(unit)}</summary><pre>{_text(text)}</pre></details>" for unit, text in logs.items()
    )
    return f'<details class="card"><summary>Ends of the logs</summary>{units}</details>' if units else ""


def _environment(environment: Mapping[str, str]) -> str:
    rows = "".join(f"<tr><th>{_text(name)}</th><td>{_text(value)}</td></tr>" for name, value in environment.items())
    return f'<details class="card"><summary>Environment</summary><table>{rows}</table></details>' if rows else ""
