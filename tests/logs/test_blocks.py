"""Whole blocks give byte for byte what the careful way gives line by line, and not where a check is left out."""

import base64
import itertools
import json
import re
import sys
from collections import deque
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from launcher.characters import CONTROLS, INVISIBLE
from launcher.logs import harmless, kept, lines, redact
from launcher.logs.harmless import as_shown
from launcher.logs.kept import Kept
from launcher.logs.lines import LONGEST, LineSplitter, clean, plain
from launcher.logs.redact import MASK, Redactor

TOKEN = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
PASSWORD = 'p@ss/wörd "quoted" +1&2=3'
UNWANTED = re.compile(f"(?![\n\r])[{CONTROLS}{INVISIBLE}]")
EVERY_CHARACTER = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]

PARTS = [
    b"a line\n", b"a line of Windows\r\n", b"\n", b"\r\n", b"\r", b"no end", b"tab\there\n",
    "grün ✔ “so” … 🚀\n".encode(), "é".encode(), b"\xc3", b"\xe2\x80", b"\x8b", b"\xff",
    b"\x1b[31mred\x1b[0m\n", b"EADDR\x1b[0mINUSE\n", b"EADDRINUSE\n", b"EADDR", b"INUSE",
    b"\x1b]0;title\x07", b"\0", b"10%\r20%\r30%\n", "\u202eevil\n".encode(), "\x9b2J\n".encode(),
    "\U000e0041\n".encode(), "\u2028".encode(),
    b"x" * (LONGEST - 1), b"x" * LONGEST, b"y" * LONGEST + b"\r\n", b"z\n" * 40,
    TOKEN.encode() + b"\n", TOKEN[:17].encode(), TOKEN[17:].encode(), PASSWORD.encode() + b"\n",
    quote(PASSWORD).encode(), json.dumps(PASSWORD).encode(),
    base64.b64encode(PASSWORD.encode()), base64.b64encode(b"u:" + TOKEN.encode()) + b"\n",
]  # fmt: skip
streams = st.lists(st.sampled_from(PARTS) | st.binary(max_size=12), max_size=25).map(b"".join)
places = st.lists(st.integers(0, 2000) | st.integers(0, 3 * LONGEST), max_size=8)


def cut(data: bytes, where: list[int]) -> list[bytes]:
    ends = sorted({0, len(data), *(place for place in where if place < len(data))})
    return [data[low:high] for low, high in itertools.pairwise(ends)]


class Careful(LineSplitter):
    """Never sees a block that needs no care."""

    def block(self, chunk: bytes) -> None:
        return None


# --- what is harmless ---------------------------------------------------------------------------------------------


def test_a_block_of_all_characters_that_a_terminal_may_get_is_shown_as_it_came():
    block = "\n".join(each for each in EVERY_CHARACTER if not UNWANTED.match(each) and each != "\r").encode() + b"\n"
    assert as_shown(block) is block


def test_each_character_that_a_terminal_may_not_get_needs_care():
    unwanted = [each for each in EVERY_CHARACTER if UNWANTED.match(each)]
    assert len(unwanted) > 200
    assert [each for each in unwanted if as_shown(f"before{each}after\n".encode()) is not None] == []
    assert as_shown(b"10%\r20%\n") is None
    assert as_shown(b"one\r\ntwo\r\n") == b"one\ntwo\n"


def test_what_is_no_text_needs_care():
    for wrong in (b"\xff", b"\xc3", b"\xe2\x80", b"\x80", b"\xed\xa0\x80", b"\xc0\x80"):
        assert as_shown(b"before" + wrong + b"\n") is None


@settings(max_examples=100, deadline=None)
@given(streams)
def test_what_is_shown_as_a_block_is_what_cleaning_line_by_line_gives(data):
    block = data[: data.rfind(b"\n") + 1]
    shown = as_shown(block)
    if shown is not None:
        one_by_one = [line.decode("utf-8", "replace") for line in block.split(b"\n")[:-1]]
        assert shown.decode().split("\n")[:-1] == [clean(line) for line in one_by_one] == [*map(plain, one_by_one)]


# --- lines --------------------------------------------------------------------------------------------------------


def same_lines(data: bytes, where: list[int]) -> bool:
    """Whether blocks, and lines cut from blocks, are what the careful way gives, chunk by chunk."""
    fast, blocks, careful = LineSplitter(), LineSplitter(), Careful()
    for chunk in cut(data, where):
        expected = careful.feed(chunk)
        block = blocks.block(chunk)
        shown = blocks.feed(chunk) if block is None else block.decode().split("\n")[:-1]
        if not (expected == fast.feed(chunk) == shown and careful.rest == fast.rest == blocks.rest):
            return False
    return careful.unfinished == fast.unfinished and careful.flush() == fast.flush()


@settings(max_examples=100, deadline=None)
@given(streams, places)
def test_lines_cut_from_blocks_are_those_of_the_careful_way(data, where):
    assert same_lines(data, where)


def test_control_without_a_look_for_what_needs_care_they_are_not(monkeypatch):
    monkeypatch.setattr(lines, "as_shown", lambda block: block.decode("utf-8", "replace").encode())
    assert same_lines(b"harmless\n", [])
    for harm in (b"\x1b[2J\n", b"10%\r20%\n", "\u202e\n".encode(), "\x9b2J\n".encode(), b"\0\n"):
        assert not same_lines(harm, [])


def test_control_without_a_look_at_their_length_they_are_not(monkeypatch):
    monkeypatch.setattr(lines, "_all_short", lambda _block: True)
    assert same_lines(b"short\n", [])
    assert not same_lines(b"x" * (LONGEST + 1) + b"\n", [])


# --- secrets ------------------------------------------------------------------------------------------------------


class CarefulRedactor(Redactor):
    """Looks for every form of every secret in whatever comes."""

    def _may_hold(self, data: bytes) -> bool:
        return True


def knowing(kind: type[Redactor]) -> Redactor:
    redactor = kind()
    for secret in (TOKEN, PASSWORD, "hunter2"):
        redactor.add(secret)
    return redactor


def same_redaction(data: bytes, where: list[int]) -> bool:
    fast, careful = knowing(Redactor).stream(), knowing(CarefulRedactor).stream()
    shown = all(fast.feed(chunk) == careful.feed(chunk) for chunk in cut(data, where))
    return shown and fast.held == careful.held and fast.flush() == careful.flush()


@settings(max_examples=100, deadline=None)
@given(streams, places, st.sampled_from([0, 64, 4096]))
def test_blocks_are_redacted_as_the_careful_way_does(data, where, big):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(redact, "_BIG", big)
        assert same_redaction(data, where)


def test_every_form_of_a_secret_is_found_in_a_big_block():
    redactor = knowing(Redactor)
    for form in redactor._forms:
        for filler in (b"a line of a log\n" * 1000, bytes(range(256)) * 60):
            assert redactor.all_of(filler + form + filler).count(MASK) == 1


def test_control_without_a_look_for_secrets_they_are_shown(monkeypatch):
    monkeypatch.setattr(Redactor, "_may_hold", lambda _self, _data: False)
    assert same_redaction(b"harmless\n" * 1000, [5000])
    assert not same_redaction(b"harmless\n" * 1000 + TOKEN.encode(), [])


# --- the lines kept -----------------------------------------------------------------------------------------------


class Everything:
    """What `Kept` promises, said in the plainest way: every chunk cut and cleaned at once."""

    def __init__(self) -> None:
        self.splitter = Careful()
        self.last: deque[str] = deque(maxlen=kept.KEPT_LINES)
        self.all: list[str] = []

    def add(self, chunk: bytes) -> None:
        shown = [plain(line) for line in self.splitter.feed(chunk)]
        self.last.extend(shown)
        self.all += shown

    def seen(self, pattern: str) -> bool:
        return any(re.search(pattern, line) for line in [*self.all, plain(self.splitter.unfinished)])


PATTERNS = ("EADDRINUSE", "^red$", "a line", r"\d0%", "line continues")


def same_kept(data: bytes, where: list[int], looks: list[bool]) -> bool:
    """Whether the same lines are kept and the same patterns were seen, however often somebody looks meanwhile."""
    keeping, everything = Kept(), Everything()
    for pattern in PATTERNS:
        keeping.seen(pattern)
    for chunk, look in zip(cut(data, where), itertools.cycle(looks)):
        keeping.add(chunk)
        everything.add(chunk)
        if look and (keeping.lines(), keeping.unfinished) != ([*everything.last], everything.splitter.unfinished):
            return False
    seen = [keeping.seen(pattern) == everything.seen(pattern) for pattern in PATTERNS]
    return keeping.lines() == [*everything.last] and all(seen)


LITTLE_ROOM = {"KEPT_LINES": 5, "_MOST_BYTES": 400, "_MOST_CHUNKS": 6, "_LOOKS": (60, 200)}  # so that little is a flood
small = st.lists(
    st.sampled_from([part for part in PARTS if len(part) < 100]) | st.binary(max_size=12), min_size=20, max_size=120
).map(b"".join)
small_places = st.lists(st.integers(0, 2000), max_size=30)


@pytest.fixture
def little_room(monkeypatch):
    for name, value in LITTLE_ROOM.items():
        monkeypatch.setattr(kept, name, value)


@settings(max_examples=100, deadline=None)
@given(small, small_places, st.lists(st.booleans(), min_size=1, max_size=5))
def test_of_a_flood_the_same_lines_are_kept_and_seen(data, where, looks):
    with pytest.MonkeyPatch.context() as patch:
        for name, value in LITTLE_ROOM.items():
            patch.setattr(kept, name, value)
        assert same_kept(data, where, looks)


HIDDEN = [b"EADDRINUSE\n" + b"z\n" * 300, b"EADDR\x1b[0mINUSE\n" + b"z\n" * 300, b"red\r\n" + b"z\n" * 300]


@pytest.mark.parametrize("data", HIDDEN)
def test_no_sought_line_goes_by_in_a_flood(little_room, data):
    assert same_kept(data, [*range(0, 600, 100)], [False])


@pytest.mark.parametrize("data", HIDDEN)
def test_control_without_a_look_for_the_sought_it_does(little_room, data, monkeypatch):
    monkeypatch.setattr(Kept, "_may_hold_sought", lambda _self: False)
    assert not same_kept(data, [*range(0, 600, 100)], [False])


def test_a_flood_is_not_cut_into_lines_that_nobody_will_see(monkeypatch):
    cut_into = []
    feed = LineSplitter.feed
    monkeypatch.setattr(LineSplitter, "feed", lambda self, chunk: [cut_into.append(len(chunk)), *feed(self, chunk)][1:])
    keeping = Kept()
    block = b"".join(b"line %08d %s\n" % (number, b"x" * 85) for number in range(2500))
    for _ in range(40):
        keeping.add(block)
        assert keeping._size <= kept._MOST_BYTES
    assert len(keeping.lines()) == kept.KEPT_LINES
    assert sum(cut_into) < len(block) * 5


def test_the_bytes_that_begin_what_is_unwanted_beyond_ascii_are_known():
    firsts = {each.encode()[0] for each in EVERY_CHARACTER if UNWANTED.match(each) and not each.isascii()}
    assert firsts == set(harmless._FIRST_BYTES)
