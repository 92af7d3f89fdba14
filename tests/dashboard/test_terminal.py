import contextlib
import io
import os

import pytest
from rich.console import Console

from launcher import events as e
from launcher.dashboard.terminal import Forgiving, LiveView, describe, stages
from launcher.state.snapshot import UnitView, fold
from tests.support.stacks import running_snapshot, started


@pytest.fixture(autouse=True)
def capable_terminal(monkeypatch):
    """Whatever terminal the tests themselves are run from."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)


class Screen:
    """A terminal that keeps what was written to it."""

    def __init__(self, width=100):
        self.file = io.StringIO()
        self.console = Console(file=self.file, force_terminal=True, width=width, height=30, color_system="standard")

    @property
    def text(self):
        return self.file.getvalue()


@pytest.fixture
def screen():
    return Screen()


SHOW_CURSOR, HIDE_CURSOR = "\x1b[?25h", "\x1b[?25l"


def restored(screen):
    return screen.text.count(SHOW_CURSOR) == screen.text.count(HIDE_CURSOR) == 1


def booting():
    snapshot = fold(None, started())
    snapshot = fold(snapshot, e.UnitStarting("postgres", 1))
    return fold(snapshot, e.UnitWaiting("backend", (("postgres", "ready"),)))


def test_units_are_shown_by_stage_with_what_they_wait_for(screen):
    view = LiveView(screen.console)
    view.update(booting())
    with view:
        assert view.active
        view._live.refresh()
    assert "dependencies" in screen.text
    assert "waits for postgres" in screen.text
    assert restored(screen)


def test_an_exception_leaves_the_terminal_as_it_was(screen):
    with pytest.raises(RuntimeError), LiveView(screen.console) as view:
        view.update(booting())
        raise RuntimeError
    assert not view.active
    assert restored(screen)


def test_a_keyboard_interrupt_does_too(screen):
    with contextlib.suppress(KeyboardInterrupt), LiveView(screen.console):
        raise KeyboardInterrupt
    assert restored(screen)


def test_finishing_leaves_a_summary_standing_and_ends_the_display(screen):
    with LiveView(screen.console) as view:
        view.finish(running_snapshot())
        assert not view.active
        view.finish(running_snapshot())
    assert "killed" in screen.text.rpartition(SHOW_CURSOR)[2]
    assert restored(screen)


def test_output_is_printed_above_with_the_units_name_and_its_colours(screen):
    with LiveView(screen.console) as view:
        view.update(booting())
        view.log("backend", "\x1b[32mgreen\x1b[0m [bold]no markup[/bold]")
    assert "backend  |" in screen.text
    assert "\x1b[32mgreen" in screen.text
    assert "[bold]no markup[/bold]" in screen.text


def test_printing_before_and_after_the_display_does_nothing(screen):
    view = LiveView(screen.console)
    view.print("before")
    with view:
        pass
    view.print("after")
    assert "before" not in screen.text
    assert "after" not in screen.text


@pytest.mark.parametrize("width", [1, 5, 20, 300])
def test_any_width_will_do(width):
    screen = Screen(width)
    with LiveView(screen.console) as view:
        view.update(running_snapshot())
        view._live.refresh()
        screen.console.width = max(1, width // 2)
        view._live.refresh()
    assert restored(screen)


def test_a_long_line_is_not_cut(screen):
    with LiveView(screen.console) as view:
        view.print("x" * 250)
    assert "x" * 250 in screen.text


def test_nothing_known_yet_shows_nothing(screen):
    with LiveView(screen.console) as view:
        view._live.refresh()
    assert restored(screen)


def test_a_unit_says_what_it_does():
    waiting = UnitView("b", "waiting", waiting_on=(("a", "ready"), ("c", "done")))
    assert describe(waiting, 0) == "waits for a, c"
    assert describe(UnitView("b", "starting", since=10.0, last_probe="refused"), 12.5) == "starting 2.5 s, refused"
    assert describe(UnitView("b", "starting", since=10.0), 9.0) == "starting 0.0 s"
    assert describe(UnitView("b", "ready", seconds=1.25, note="embedded"), 0) == "ready after 1.2 s, embedded"
    assert describe(UnitView("b", "failed", failure=e.Failure("crashed\nbadly")), 0) == "failed, crashed"
    assert describe(UnitView("b"), 0) == "pending"


def test_stages_come_in_the_order_of_their_first_unit():
    assert [(stage, [unit.name for unit in units]) for stage, units in stages(booting())] == [
        ("dependencies", ["postgres"]),
        ("", ["backend"]),
    ]


def test_a_terminal_that_is_gone_is_no_error():
    reading, writing = os.pipe()
    os.close(reading)
    stream = open(writing, "w", encoding="utf-8", buffering=1)  # noqa: SIM115, PTH123 - closed below
    console = Console(file=Forgiving(stream), force_terminal=True, width=80)
    with LiveView(console) as view:
        view.update(booting())
        view.print("anybody there?")
        view.finish(running_snapshot())
    with contextlib.suppress(OSError):
        stream.close()


def test_what_the_terminals_encoding_lacks_is_replaced():
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="cp1252")
    forgiving = Forgiving(stream)
    forgiving.write("ready ● 🚀 ü\n")
    forgiving.flush()
    assert raw.getvalue().decode("cp1252").split() == ["ready", "?", "?", "ü"]
    assert forgiving.encoding == "cp1252"
