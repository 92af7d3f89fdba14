"""Text, JUnit and HTML of the same findings: complete, safe, and readable by machines where that is promised."""

import base64
import re
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest

from launcher.findings import Finding, Report, Round
from launcher.report.html import html
from launcher.report.junit import junit
from launcher.report.text import line, summary, text

EVIL = "<script>alert('x')</script>\"'&\x1b[31m\x00\x0b\u202e"
ROWS = (
    {"unit": "db", "stage": "dependencies", "phase": "ready", "begun": 0.1, "ready": 2.0, "seconds": 1.9, "note": EVIL},
    {"unit": "seed", "stage": "schema", "phase": "skipped", "begun": 2.0, "ready": 2.0, "seconds": 0.0, "note": None},
    {"unit": "web", "stage": "web", "phase": "failed", "begun": 2.0, "ready": None, "seconds": 3.0, "note": "no"},
    {"unit": "never", "stage": "web", "phase": "waiting", "begun": None, "ready": None, "seconds": None, "note": None},
)
FOUND = (
    Finding("smoke", "key", "passed", "pk_1***2 is accepted", 0.25),
    Finding("smoke", "cors", "failed", "refused", 1.5, "add the origin", "cors-refuses", "one\ntwo"),
    Finding("smoke", "login", "left out", "no login is known"),
    Finding("admin", EVIL, "failed", EVIL, remedy=EVIL, details=EVIL),
)


def report(*findings, **of_round):
    return Report("rxlaunch check", "shop in /shop", (Round(findings or FOUND, seconds=2.0, **of_round),), began=1.0)


# --- text -------------------------------------------------------------------------------------------------------------


def test_a_line_a_finding_and_more_of_what_is_wrong():
    passed, failed, skipped = map(line, FOUND[:3])
    assert re.fullmatch(r"✔ smoke\.key +pk_1\*\*\*2 is accepted \(0\.25 s\)", passed)
    assert [part.strip() for part in failed.splitlines()] == [
        "✘ smoke.cors                         refused (1.50 s)",
        "| one",
        "| two",
        "known failure: cors-refuses",
        "try: add the origin",
    ]
    assert re.fullmatch(r"– smoke\.login +left out: no login is known", skipped)


def test_the_last_line_counts():
    assert text(report()).splitlines()[-1] == "✘ 1 passed, 2 failed, 1 left out in 2.00 s"
    assert summary(report(FOUND[0])) == "✔ 1 passed, 0 failed in 2.00 s"


def test_nothing_asked_is_no_success():
    nothing = Report("t", "s", (Round(()),))
    assert "nothing was asked" in summary(nothing)
    assert not nothing.passed


def test_rounds_have_their_titles_and_notes():
    shown = text(Report("gate", "s", (Round(FOUND[:1], "round 1", notes=("slow",)), Round(FOUND[:1], "round 2"))))
    assert "round 1" in shown
    assert "round 2" in shown
    assert "! slow" in shown


# --- JUnit ------------------------------------------------------------------------------------------------------------


def test_junit_says_the_same_to_machines():
    suites = ET.fromstring(junit(report()))
    assert {name: suites.get(name) for name in ("tests", "failures", "skipped", "errors")} == {
        "tests": "4", "failures": "2", "skipped": "1", "errors": "0",
    }  # fmt: skip
    assert [suite.get("name") for suite in suites] == ["smoke", "admin"]
    failure = suites.find("testsuite/testcase[@name='cors']/failure")
    assert (failure.get("message"), failure.get("type")) == ("refused", "cors-refuses")
    assert "try: add the origin" in failure.text
    assert suites.find("testsuite/testcase[@name='login']/skipped").get("message") == "no login is known"


def test_junit_holds_any_text():
    suites = ET.fromstring(junit(report()))
    (case,) = suites.findall("testsuite[@name='admin']/testcase")
    assert "<script>alert('x')</script>" in case.get("name")
    assert "\x1b" not in case.get("name")


@pytest.mark.parametrize("number", [*range(32), 0xD800, 0xFFFE, 0xFFFF])
def test_junit_is_xml_whatever_is_said(number):
    ET.fromstring(junit(report(Finding("g", f"a{chr(number)}b", "failed", f"c{chr(number)}d", details=chr(number)))))


def test_junit_tells_rounds_apart():
    suites = ET.fromstring(junit(Report("gate", "s", (Round(FOUND[:1], "round 1"), Round(FOUND[:1], "round 2")))))
    assert [suite.get("name") for suite in suites] == ["round 1 smoke", "round 2 smoke"]


# --- HTML -------------------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """The elements and the text of a page, as a browser would take them."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.addresses, self.words = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.addresses += [value for name, value in attrs if name in ("src", "href", "action", "data", "srcset")]

    def handle_data(self, data):
        self.words.append(data)


def test_a_finding_with_markup_does_no_harm():
    whole = report(timeline=ROWS, logs={EVIL: EVIL}, notes=(EVIL,))
    page = html(Report(EVIL, EVIL, whole.rounds, {EVIL: EVIL}))
    read = Page(page)
    assert "script" not in read.elements
    assert "<script" not in page
    assert "<script>alert('x')</script>" in "".join(read.words)
    assert not set("\x1b\x00\x0b\u202e") & set(page)


def test_the_escaping_test_can_fail():
    assert "script" in Page(html(report()).replace("&lt;script&gt;", "<script>")).elements


def test_the_page_needs_nothing_else(tmp_path):
    picture = tmp_path / "login.png"
    picture.write_bytes(b"\x89PNG a picture")
    found = Finding("browser", "login", "passed", "a sidebar", screenshots=(picture, tmp_path / "gone.png"))
    page = html(report(found, timeline=ROWS))
    assert all(address.startswith("data:") for address in Page(page).addresses)
    assert base64.b64encode(b"\x89PNG a picture").decode() in page
    assert "gone.png cannot be shown" in page
    assert not re.search(r"https?://|@import|url\(", page)


def test_the_page_shows_everything():
    page = "".join(Page(html(report(timeline=ROWS, logs={"backend": "the last line"}))).words)
    for told in ("refused", "add the origin", "cors-refuses", "no login is known", "two", "the last line", "db", "web"):
        assert told in page


def test_the_timeline_is_drawn_to_scale():
    page = html(report(timeline=ROWS))
    bars = dict(re.findall(r'<rect class="(ready|skipped|failed)" x="([\d.]+)%"', page))
    assert bars == {"ready": "2.000", "skipped": "40.000", "failed": "40.000"}
    assert "never" not in page


def test_without_a_boot_there_is_no_timeline():
    assert "<svg" not in html(report())
    assert "<svg" not in html(report(timeline=ROWS[3:]))
