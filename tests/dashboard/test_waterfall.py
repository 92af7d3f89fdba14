"""The waterfall of characters: to scale, within the width, in what a stream can show, with colours where wanted."""

import io
import re

import pytest

from launcher.dashboard.waterfall import ASCII, BLOCKS, Canvas, canvas_of, draw
from tests.support.boots import document, failed, unit

SGR = re.compile(r"\x1b\[[0-9;]*m")
WIDTHS = (20, 40, 60, 80, 100, 200)


def lines(found, **canvas):
    return draw(found, Canvas(**canvas)).splitlines()


def line_of(found, name, **canvas):
    """The line of a unit."""
    return next(line for line in lines(found, **canvas) if line[2:].startswith(name))


def bar(line, signs=BLOCKS):
    """How often each sign of the bars is in a line."""
    return {kind: line.count(sign) for kind, sign in signs.bars.items() if line.count(sign) and kind != "own"}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("found", [document(), failed()], ids=["ready", "failed"])
def test_no_line_is_longer_than_the_terminal_is_wide(width, found):
    for unicode in (True, False):
        for line in lines(found, width=width, unicode=unicode):
            assert len(line) <= max(width, 40), line


def test_the_bars_are_to_scale_and_follow_each_other():
    line = line_of(document(), "db", width=100)
    assert bar(line).keys() == {"working", "probing", "ready"}
    probing, ready = line.count("▒"), line.count("━")
    assert probing / (probing + ready) == pytest.approx(1.7 / 8.7, abs=0.03)
    assert re.fullmatch(r"\* db +█▒+━+ +1\.80 s +1\.70 s", line)


def test_the_shortest_work_is_seen():
    tiny = unit("tiny", "done", 4.0, 4.001, ("waiting", 0.0, 4.0), ("working", 4.0, 4.001))
    for width in WIDTHS:
        assert "█" in line_of(document(tiny), "tiny", width=width)


def test_only_units_of_the_critical_path_are_marked():
    marked = {line[2:].split()[0] for line in lines(document(), width=80) if line.startswith("* ")}
    assert marked == {"db", "migrate", "backend"}
    assert "  · waiting   █ working   ▒ probing   ━ ready   ○ skipped   * critical path   ▲ grew" in lines(
        document(), width=90
    )


def test_what_was_skipped_says_why_and_what_failed_too():
    assert "skipped  migrate: migrations and database are unchanged" in lines(document(), width=80)
    shown = lines(failed(), width=80)
    assert shown[0].startswith("shop: failed after 4.00 s: migrate failed (dev, ")
    assert "failed  migrate: exited with code 1" in shown
    assert "never begun  backend" in shown
    assert line_of(failed(), "migrate", width=80).count("✘") == 1


def test_the_path_and_our_own_time_are_told():
    shown = lines(document(), width=100)
    assert "critical path  db 1.80 s → migrate 0.02 s → backend 6.98 s" in shown
    assert "rxlaunch's own: 0.30 s + 0.30 s loading" in shown
    assert re.fullmatch(r"  \(rxlaunch\) █+ +█ +0\.30 s", line_of(document(), "(rxlaunch)", width=100))


def test_what_is_not_known_of_our_own_time_is_not_told():
    assert not [line for line in lines(failed(), width=100) if "rxlaunch" in line]


def test_the_usual_times_stand_beside_this_run_where_there_is_room():
    assert line_of(document(), "backend", width=80).endswith("6.98 s   3.00 s ▲")
    assert line_of(document(), "migrate", width=80).endswith("0.02 s        –")
    assert "usual" not in "\n".join(lines(document(), width=60)).replace("is usual here", "")
    assert "grew  backend took 7.0 s; 3.0 s is usual here (median of 7 boots)" in lines(document(), width=60 + 20)


def test_the_axis_has_labels_where_the_times_are():
    axis, first = lines(document(), width=120)[1], line_of(document(), "db", width=120)
    assert re.match(r" +0 s +1 s +2 s", axis)
    assert abs(axis.index("2 s") - first.index("━")) <= 1


def test_a_boot_that_goes_on_names_what_waits():
    waiting = unit("web", "waiting", None, None, ("waiting", 0.2, 3.0))
    shown = lines(document(waiting, outcome="booting", path=[]), width=80)
    assert "waiting  web" in shown


def test_units_that_were_not_asked_for_are_named_and_not_drawn():
    shown = lines(document(document()["units"][0], unit("mail", "pending", None, None)), width=80)
    assert "not in this boot  mail" in shown
    assert not [line for line in shown if line[2:].startswith("mail")]


def test_a_boot_in_which_nothing_began_is_one_sentence():
    empty = document(
        unit("db", "pending", None, None), outcome="failed", path=[], history=[],
        own={"loading": None, "seconds": None, "gaps": None},
        summary={"outcome": "failed after 0.10 s: port 80 is taken", "own": None, "grew": []},
    )  # fmt: skip
    assert len(lines(empty, width=100)) == 1


def test_ascii_is_all_there_is_where_the_stream_can_do_no_more():
    odd = document()
    odd["units"][1]["note"] = "größer — nothing changed"
    text = draw(odd, Canvas(width=100, unicode=False))
    assert text.isascii()
    assert bar(line_of(odd, "db", width=100, unicode=False).rpartition("  ")[0], ASCII).keys() >= {"working", "probing"}
    assert "db 1.80 s -> migrate" in text


def test_colours_change_nothing_but_colours():
    for found in (document(), failed()):
        plain, tinted = draw(found, Canvas(width=90)), draw(found, Canvas(width=90, color=True))
        assert "\x1b" not in plain
        assert SGR.sub("", tinted) == plain
        assert tinted.count("\x1b[0m") * 2 == tinted.count("\x1b[")


def test_nothing_that_was_told_drives_the_terminal():
    evil = "\x1b]52;c;ZXZpbA==\x07\x1b[2J\x9b1mbody\r\x00\u202e"
    found = document(unit(evil, "skipped", 0.1, 0.2, ("working", 0.1, 0.2), note=evil), name=evil)
    found["summary"] = {"outcome": evil, "own": None, "grew": [evil]}
    found["path"] = [{"unit": evil, "from": 0.0, "to": 1.0}]
    assert not set(draw(found, Canvas())) & set("\x1b\x07\x9b\r\x00\u202e")


class Stream(io.TextIOWrapper):
    """A stream of some encoding, on a terminal or not."""

    def __init__(self, encoding, terminal):
        super().__init__(io.BytesIO(), encoding=encoding)
        self._terminal = terminal

    def isatty(self):
        return self._terminal


@pytest.mark.parametrize(
    ("encoding", "terminal", "unicode", "color"),
    [
        ("utf-8", True, True, True),
        ("utf-8", False, True, False),
        ("ascii", True, False, True),
        ("cp1252", False, False, False),
        ("cp437", True, False, True),
    ],
)
def test_a_stream_says_what_it_can_show(monkeypatch, encoding, terminal, unicode, color):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "77")
    assert canvas_of(Stream(encoding, terminal)) == Canvas(77, unicode, color)


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_a_terminal_that_wants_no_colours_gets_none(monkeypatch, name, value):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert canvas_of(Stream("utf-8", True)).color
    monkeypatch.setenv(name, value)
    assert not canvas_of(Stream("utf-8", True)).color
