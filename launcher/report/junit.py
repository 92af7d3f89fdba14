"""Findings as JUnit XML, as CI systems read it: a suite a group of a round, a case a finding. Pure."""

import re
from collections import defaultdict
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from launcher.findings import Finding, Report, Round

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(report: Report) -> str:
    """The report as a document of its own."""
    suites = ET.Element("testsuites", name=_text(f"{report.title}: {report.subject}"))
    for number, each in enumerate(report.rounds, 1):
        title = each.title or (f"round {number}" if len(report.rounds) > 1 else "")
        groups: dict[str, list[Finding]] = defaultdict(list)
        for finding in each.findings:
            groups[finding.check].append(finding)
        for group, findings in groups.items():
            suites.append(_suite(f"{title} {group}".strip(), findings, report.began))
        if each.notes and len(suites):
            ET.SubElement(suites[-1], "system-out").text = _text("\n".join(each.notes))
    _total(suites, [finding for each in report.rounds for finding in each.findings], report.rounds)
    ET.indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(suites, encoding="unicode") + "\n"


def _suite(name: str, findings: list[Finding], began: float) -> ET.Element:
    suite = ET.Element(
        "testsuite",
        name=_text(name),
        tests=str(len(findings)),
        failures=_count(findings, "failed"),
        errors="0",
        skipped=_count(findings, "left out"),
        time=_seconds(sum(finding.seconds for finding in findings)),
    )
    if began:
        suite.set("timestamp", datetime.fromtimestamp(began, UTC).strftime("%Y-%m-%dT%H:%M:%S"))
    for finding in findings:
        suite.append(_case(name, finding))
    return suite


def _case(suite: str, finding: Finding) -> ET.Element:
    case = ET.Element("testcase", classname=_text(suite), name=_text(finding.name), time=_seconds(finding.seconds))
    if finding.verdict == "failed":
        failure = ET.SubElement(case, "failure", message=_text(finding.evidence), type=finding.failure or "failed")
        remedy = f"try: {finding.remedy}" if finding.remedy else ""
        failure.text = _text("\n".join(filter(None, (finding.evidence, finding.details, remedy))))
    elif finding.verdict == "left out":
        ET.SubElement(case, "skipped", message=_text(finding.evidence))
    else:
        ET.SubElement(case, "system-out").text = _text("\n".join(filter(None, (finding.evidence, finding.details))))
    return case


def _total(suites: ET.Element, findings: list[Finding], rounds: tuple[Round, ...]) -> None:
    suites.set("tests", str(len(findings)))
    suites.set("failures", _count(findings, "failed"))
    suites.set("errors", "0")
    suites.set("skipped", _count(findings, "left out"))
    suites.set("time", _seconds(sum(each.seconds for each in rounds)))


def _count(findings: list[Finding], verdict: str) -> str:
    return str(sum(finding.verdict == verdict for finding in findings))


def _seconds(value: float) -> str:
    return f"{value:.3f}"


def _text(value: str) -> str:
    """The text without characters that XML cannot hold, however they are written."""
    return _NOT_XML.sub("�", value)
