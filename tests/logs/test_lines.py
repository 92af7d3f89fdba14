"""Bytes of a child become lines that harm no terminal (fault rows 28 to 31)."""

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from launcher.characters import CONTROLS, INVISIBLE
from launcher.logs.lines import LONGEST, RESET, SPLIT_MARK, LineSplitter, clean, plain

RED = "\x1b[31m"


def split(*chunks: bytes) -> list[str]:
    splitter = LineSplitter()
    return [line for chunk in chunks for line in splitter.feed(chunk)] + splitter.flush()


def test_lines_are_cut_wherever_the_chunks_are():
    data = b"one\ntwo\r\n\nfour"
    for size in range(1, len(data) + 1):
        chunks = [data[at : at + size] for at in range(0, len(data), size)]
        assert split(*chunks) == ["one", "two", "", "four"]


def test_a_character_cut_between_chunks_is_whole_and_wrong_bytes_are_replaced():
    rocket = "🚀".encode()
    assert split(*(rocket[i : i + 1] for i in range(4)), b"\n") == ["🚀"]
    assert split(b"\xff\xfe latin \xe9\n") == ["�� latin �"]


def test_a_line_without_end_is_split_with_a_mark_and_the_next_one_is_intact():
    splitter = LineSplitter()
    lines = []
    for _ in range(160):
        lines += splitter.feed(b"x" * 65536)
        assert len(splitter._rest) <= LONGEST
    lines += splitter.feed(b"\nnext\n")
    assert lines[-1] == "next"
    assert all(line.endswith(SPLIT_MARK) for line in lines[:-2])
    assert sum(line.count("x") for line in lines[:-1]) == 160 * 65536


def test_a_long_line_that_comes_at_once_is_split_without_cutting_a_character():
    lines = split("ü".encode() * LONGEST + b"\nnext\n")
    assert len(lines) == 3
    assert "�" not in "".join(lines)
    assert lines[-1] == "next"


def test_of_a_progress_bar_the_last_state_is_shown():
    assert split(b"10%\r50%\r100%\n", b"spin\r\n") == ["100%", "spin"]


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (f"{RED}red{RESET} text", f"{RED}red{RESET} text"),
        (f"{RED}red", f"{RED}red{RESET}"),
        ("\x1b[1;38:2:1:2:3mx", f"\x1b[1;38:2:1:2:3mx{RESET}"),
        ("\x1b]52;c;ZXZpbA==\x07after", "after"),
        ("\x1b]0;title\x1b\\after", "after"),
        ("\x1b]0;never ends", ""),
        ("a\x1b[2Jb\x1b[10;10Hc\x1b[?25ld", "abcd"),
        ("a\x1b[31", "a"),
        ("a\x1b", "a"),
        ("a\x1bPdevice\x1b\\b\x1b_app\x1b\\c", "abc"),
        ("a\x1bcb\x1b(Bc\x1b7d", "abcd"),
        ("\x9b31mred", f"{RED}red{RESET}"),
        ("\x9b2Jx\x9d0;title\x9cy", "xy"),
        ("a\x00b", "a\\x00b"),
        ("bell\x07 back\x08 tab\tstays", "bell back tab\tstays"),
    ],
)
def test_only_colours_are_left_of_what_drives_a_terminal(raw, shown):
    assert clean(raw) == shown
    assert plain(raw) == re.sub(r"\x1b\[[0-9;:]*m", "", shown)


def test_every_byte_there_is_makes_harmless_lines():
    for line in split(bytes(range(256)) * 3):
        assert not re.search("[\x00-\x08\x0a-\x1f\x7f-\x9f]", plain(line))


@given(st.lists(st.sampled_from(["\x1b", "[", "]", "m", "3", ";", "\x07", "P", "\\", "\x9b", "\x00", "\r", "x"])))
def test_no_mix_of_escapes_gets_through(parts):
    shown = clean("".join(parts))
    assert not re.search("[\x00-\x08\x0a-\x1f\x7f-\x9f]", re.sub(r"\x1b\[[0-9;:]*m", "", shown))
    assert plain(shown) == plain("".join(parts))
    assert "\x1b" not in shown or re.findall(r"\x1b\[[0-9;:]*m", shown)[-1] in (RESET, "\x1b[m")


def test_an_unterminated_sequence_swallows_no_later_line():
    assert split(b"\x1b]52;c;" + b"A" * 1_000_000 + b"\nnext\n")[-1] == "next"


HOSTILE = [
    b"\x1b", b"\x1b[", b"\x1b]52;c;", b"\x9b", "\x9b2J".encode(), b"\xff", b"\xf0\x9f\x9a", b"\x80", b"\r", b"\n",
    b"\0", b"m",
    b"\x07", b"\x1b\\", "\u202e\u200b".encode(), b"\x1b[31m", b"\x1b[0m", b"x" * 70_000, b"\xe2", b"\t", b"3;1",
]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(HOSTILE) | st.binary(max_size=40), max_size=14),
    st.lists(st.integers(0, 400_000), max_size=6),
)
def test_no_bytes_in_no_pieces_get_past_the_splitter(parts, cuts):
    """Whatever comes, however it is cut: harmless lines, the same ones, of bounded size, in bounded memory."""
    data = b"".join(parts)
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    chunks = [data[low:high] for low, high in itertools.pairwise(places)]
    splitter, lines = LineSplitter(), []
    for chunk in chunks:
        lines += splitter.feed(chunk)
        assert len(splitter._rest) <= LONGEST
    lines += splitter.flush()
    assert lines == split(data)
    for line in lines:
        shown = re.sub(r"\x1b\[[0-9;:]*m", "", line)
        assert not re.search(f"[{CONTROLS}{INVISIBLE}]", shown)
        assert len(line) <= LONGEST + len(SPLIT_MARK) + len(RESET)
        assert "\x1b" not in line or line.endswith((RESET, "\x1b[m", SPLIT_MARK)) or RESET in line or "\x1b[m" in line


@pytest.mark.parametrize("hidden", ["\u202e", "\u2066", "\u200f", "\u200b", "\ufeff", "\u2028", "\U000e0041", "\u00ad"])
def test_what_reorders_or_hides_text_is_not_shown(hidden):
    assert clean(f"user{hidden}txt.exe") == plain(f"user{hidden}txt.exe") == "usertxt.exe"


def test_joiners_of_emoji_and_scripts_stay():
    assert clean("👨‍👩‍👧 می‌خواهم") == "👨‍👩‍👧 می‌خواهم"
