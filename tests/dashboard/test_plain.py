import pytest

from launcher import events as e
from launcher.dashboard import plain
from launcher.dashboard.prefix import color_of, format_block, format_line
from tests.support.stacks import every_event


@pytest.mark.parametrize(
    ("event", "unit", "told"),
    [
        (e.UnitReady("postgres", 0.9, "embedded, port 15432"), "postgres", "ready after 0.9 s (embedded, port 15432)"),
        (e.UnitSkipped("migrate", "nothing changed"), "migrate", "skipped: nothing changed"),
        (e.UnitDone("seed", 12.34), "seed", "done in 12.3 s"),
        (e.UnitStarting("backend", 1), "backend", "starting"),
        (e.UnitStarting("backend", 3), "backend", "starting again (number 3)"),
        (e.UnitStarting("migrate", 1, "2 are new"), "migrate", "starting: 2 are new"),
        (e.UnitExited("backend", 1, e.Exit(code=3), expected=False), "backend", "exited with code 3"),
        (e.UnitBackingOff("backend", 0.5, 2), "backend", "starts again in 0.5 s (failure 2)"),
        (e.UnitStopped("backend", forced=True), "backend", "did not stop in time and was killed"),
        (e.PortChosen("backend", 9002, 9001, "node"), "backend", "port 9002, because 9001 is taken by node"),
        (e.Note("careful"), "note", "careful"),
        (e.Note("careful", "backend"), "backend", "careful"),
        (e.StackReady(12.0), "ready", "in 12.0 s"),
        (e.StackStopping("interrupted"), "stopping", "interrupted"),
        (e.StackStopped(0), "stopped", ""),
        (e.StackStopped(13), "stopped", "exit code 13"),
    ],
)
def test_an_event_is_one_aligned_line(event, unit, told):
    assert plain.line(event, 1.24) == f"   1.2s  {unit:<18} {told}".rstrip()


@pytest.mark.parametrize(
    "event",
    [
        e.PortChosen("backend", 9001),
        e.UnitWaiting("backend", (("postgres", "ready"),)),
        e.UnitStarted("backend", 1, 77),
        e.UnitProbed("backend", False, "refused"),
        e.UnitExited("backend", 1, e.Exit(code=0), expected=True),
        e.UnitStopping("backend"),
    ],
)
def test_an_event_of_every_day_is_worth_no_line(event):
    assert plain.line(event, 1.0) is None


def test_a_failure_says_what_why_and_what_to_do():
    tail = tuple(f"log line {number}" for number in range(25))
    failure = e.Failure("exited with code 1 before it was ready", "connection refused", tail, "check DATABASE_URL")
    lines = (plain.line(e.UnitFailed("backend", "backend", failure), 71.26) or "").splitlines()
    assert lines[0] == f"  71.3s  {'backend':<18} failed: exited with code 1 before it was ready"
    assert lines[1].strip() == "last probe: connection refused"
    assert [line.strip() for line in lines[2:-1]] == [f"| log line {number}" for number in range(5, 25)]
    assert lines[-1].strip() == "try: check DATABASE_URL"
    assert {len(line) - len(line.lstrip()) for line in lines[1:]} == {lines[0].index("failed")}


def test_processes_left_behind_are_named():
    event = e.UnitExited("backend", 1, e.Exit(code=0, leftovers=("node", "esbuild")), expected=False)
    assert "left node, esbuild behind" in (plain.line(event, 1.0) or "")


def test_there_are_no_colours_unless_asked_for():
    for event in every_event():
        assert "\x1b" not in (plain.line(event, 1.0) or "")
        colored = plain.line(event, 1.0, color=True)
        assert colored is None or colored.count("\x1b[") in (0, 2)


def test_no_answer_of_a_server_drives_the_terminal():
    evil = "\x1b]52;c;ZXZpbA==\x07\x1b[2J\x9b1mbody\r\x00"
    for event in (e.UnitUnready("x", evil), e.UnitFailed("x", "x", e.Failure(evil, evil, (evil,), evil)), e.Note(evil)):
        assert not set(plain.line(event, 1.0) or "") & set("\x1b\x07\x9b\r\x00")


def test_a_line_has_its_units_name_before_it():
    assert format_line("backend", "text", 10, color=False) == "backend    | text"
    assert format_line("backend", "text", 0, color=False) == "backend | text"
    colored = format_line("backend", "text", 10, color=True)
    assert colored == f"\x1b[{color_of('backend')}mbackend    |\x1b[0m text"


def test_a_unit_keeps_its_colour_and_it_is_never_red():
    assert color_of("backend") == color_of("backend")
    assert not {color_of(name) for name in map(str, range(100))} & {31, 91, 0}


@pytest.mark.parametrize("color", [False, True])
def test_a_block_has_the_name_before_each_of_its_lines(color):
    for lines in (["one"], ["one", "", "zwölf"], [""], ["", ""]):
        block = "".join(f"{line}\n" for line in lines).encode()
        one_by_one = "".join(format_line("backend", line, 10, color=color) + "\n" for line in lines)
        assert format_block("backend", block, 10, color=color) == one_by_one.encode()
    assert format_block("backend", b"", 10, color=color) == b""
