"""What `up` prints of the units' output: the same bytes whether it came in harmless blocks or line by line."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from launcher.app.views import Plain
from launcher.logs.files import UnitLog
from launcher.logs.lines import LONGEST, LineSplitter
from launcher.logs.redact import Redactor
from launcher.paths import for_root

SECRET = "hunter2-and-more"
PARTS = [
    b"a line\n", b"of Windows\r\n", b"no end", b"\n", b"\x1b[31mred\n", "grün ✔ \u202e\n".encode(), b"\xff\n", b"\0",
    "🚀".encode()[:2], "🚀".encode()[2:], SECRET.encode(), SECRET[:7].encode(), SECRET[7:].encode(),
    b"\r", b"y" * LONGEST, b"a plain line of a log\n" * 300,
]  # fmt: skip


class Paper:
    """Keeps what is printed."""

    def __init__(self) -> None:
        self.written = b""
        self.blocks = 0

    def write(self, text: str) -> int:
        self.written += text.encode("utf-8", "replace")
        return len(text)

    def write_lines(self, lines: bytes) -> None:
        self.written += lines
        self.blocks += 1


def printed(directory, chunks, *, color: bool, careful: bool) -> Paper:
    """What a view shows of a unit that printed these chunks."""
    paper = Paper()
    redactor = Redactor()
    redactor.add(SECRET)
    with pytest.MonkeyPatch.context() as patch:
        if careful:
            patch.setattr(LineSplitter, "block", lambda _self, _chunk: None)
            patch.setattr(Redactor, "_may_hold", lambda _self, _data: True)
        view = Plain(for_root(directory), color=color, patient=paper)
        log = UnitLog(directory / "web.log", redactor, lambda chunk: view.output("web", chunk))
        for chunk in chunks:
            log.write(chunk)
        log.close()
    return paper


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from(PARTS) | st.binary(max_size=12), max_size=14).map(b"".join),
    st.lists(st.integers(0, 2 * LONGEST), max_size=6),
    st.booleans(),
)
def test_blocks_are_printed_byte_for_byte_as_line_by_line(tmp_path_factory, data, where, color):
    ends = sorted({0, len(data), *(place for place in where if place < len(data))})
    chunks = [data[low:high] for low, high in itertools.pairwise(ends)]
    directory = tmp_path_factory.mktemp("logs")
    fast = printed(directory / "fast", chunks, color=color, careful=False)
    careful = printed(directory / "careful", chunks, color=color, careful=True)
    assert fast.written == careful.written
    assert SECRET.encode() not in fast.written
    assert (directory / "fast" / "web.log").read_bytes() == (directory / "careful" / "web.log").read_bytes()
    assert careful.blocks == 0


def test_a_flood_is_printed_in_blocks(tmp_path):
    data = b"".join(b"line %08d %s\n" % (number, b"x" * 85) for number in range(5000))
    paper = printed(tmp_path, [data[at : at + 65536] for at in range(0, len(data), 65536)], color=False, careful=False)
    assert paper.blocks == -(-len(data) // 65536)
    assert paper.written.count(b"web | line ") == 5000
