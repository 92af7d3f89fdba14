"""The page of a boot: complete, safe, to scale, and in need of nothing else."""

import re
from html.parser import HTMLParser

from launcher.report.boot_page import page
from tests.support.boots import beside, document, failed, unit

EVIL = "<script>alert('x')</script>\"'&\x1b[31m\x00\x0b\u202e"


class Page(HTMLParser):
    """The elements, addresses and words of a page, as a browser would take them."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.addresses, self.words = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.addresses += [value for name, value in attrs if name in ("src", "href", "action", "data", "srcset")]

    def handle_data(self, data):
        self.words.append(data)


def words(found):
    return " ".join(" ".join(Page(page(found)).words).split())


def test_the_page_tells_how_it_ended_the_path_and_our_own_time():
    told = words(document())
    for sentence in ("✔ ready", "shop: the boot", "ready in 9.00 s", "backend 6.98 s", "0.30 s + 0.30 s loading"):
        assert sentence in told
    assert "grew: backend took 7.0 s; 3.0 s is usual here (median of 7 boots)" in told


def test_the_segments_are_to_scale_and_in_their_shades():
    drawn = page(document())
    bars = re.findall(r'<rect class="seg-(\w+)" x="([\d.]+)%" width="([\d.]+)%"', drawn)
    first = [(kind, float(left), float(width)) for kind, left, width in bars[:3]]
    assert [kind for kind, _, _ in first] == ["working", "probing", "ready"]
    assert [round(left + width, 1) for _, left, width in first] == [3.3, 22.2, 100.0]
    assert ("own", "0.000", "2.222") in bars


def test_the_critical_path_is_marked_and_nothing_else():
    drawn = page(document())
    assert re.findall(r'class="on-path">(\w+) ◆', drawn) == ["db", "migrate", "backend"]


def test_what_was_skipped_failed_or_never_begun_says_why():
    assert "migrate skipped migrations and database are unchanged" in words(document())
    told = words(failed())
    assert "✘ failed" in told
    assert "migrate failed exited with code 1" in told
    assert "backend not begun waited for migrate" in told


def test_earlier_boots_stand_beside_this_one_and_what_grew_is_marked():
    drawn = page(document())
    (grown,) = re.findall(r'<tr class="grew"><td>(\w+)</td>', drawn)
    assert grown == "backend"
    assert "db the db stage 1.80 s 1.70 s 7" in words(document())
    assert "earlier boots" not in words(document(history=[beside("db", 1.0, None, boots=0)]))


def test_a_boot_in_which_nothing_began_is_a_page_too():
    empty = document(
        unit("db", "pending", None, None), outcome="failed", path=[], history=[],
        own={"loading": None, "seconds": None, "gaps": None},
        summary={"outcome": "failed after 0.10 s: port 80 is taken", "own": None, "grew": []},
    )  # fmt: skip
    assert "<svg" not in page(empty)
    assert "port 80 is taken" in words(empty)


def test_what_was_told_is_text_and_never_markup():
    evil = document(
        unit(EVIL, "skipped", 0.1, 0.2, ("working", 0.1, 0.2), note=EVIL, stage=EVIL, critical=True),
        unit("b" + EVIL, "waiting", None, None, ("waiting", 0.1, 0.2), needs=[EVIL]),
        name=EVIL, root=EVIL, mode=EVIL, path=[{"unit": EVIL, "from": 0.1, "to": 0.2}],
        history=[beside(EVIL, 1.0, 1.0)], summary={"outcome": EVIL, "own": EVIL, "grew": [EVIL]},
    )  # fmt: skip
    drawn = page(evil)
    assert "script" not in Page(drawn).elements
    assert "<script>alert('x')</script>" in "".join(Page(drawn).words)
    assert not set("\x1b\x00\x0b\u202e") & set(drawn)
    assert "script" in Page(drawn.replace("&lt;script&gt;", "<script>")).elements, "this test can fail"


def test_the_page_needs_nothing_else():
    drawn = page(document())
    assert all(address.startswith("data:") for address in Page(drawn).addresses)
    assert not re.search(r"https?://|@import|url\(", drawn)


def test_the_style_is_ascii_so_that_references_may_stand_for_all_other_characters():
    (style,) = re.findall(r"<style>(.*?)</style>", page(document()), re.DOTALL)
    assert style.isascii()
