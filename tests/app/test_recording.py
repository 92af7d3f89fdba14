"""The state file follows what happens: at once, then at most every few milliseconds, and never behind an answer."""

import asyncio
import json

import pytest

from launcher import events as e
from launcher.app import recording, views
from launcher.app.opening import open_stack
from launcher.app.recording import Recorder
from launcher.app.request import Request


@pytest.fixture
def recorder(tmp_path, monkeypatch):
    """Of a stack with one service, which has just begun; nothing is saved twice within an hour, unless it must be."""
    monkeypatch.setenv("RXLAUNCH_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(recording, "_SAVE_GAP", 3600.0)
    (tmp_path / "rxlaunch.toml").write_text('[services.web]\ncommand = ["true"]\n')
    opened = open_stack(Request(tmp_path))
    opened.paths.home.mkdir(parents=True)
    made = Recorder(opened, "instance", views.Silent())
    made.publish(e.StackStarting("instance", "x", str(tmp_path), 1, "dev", ("web",)))
    yield made
    made.close()


def phases(recorder):
    """Of stack and service, as the file tells them."""
    document = json.loads(recorder._paths.state.read_text())
    return document["phase"], document["units"]["web"]["phase"]


async def test_after_a_quiet_time_it_is_written_as_soon_as_the_loop_turns(recorder):
    recorder._next_save = 0.0
    recorder.publish(e.UnitStarting("web", 1))
    assert phases(recorder) == ("starting", "pending"), "what comes together is written once"
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert phases(recorder) == ("starting", "starting")


async def test_in_a_burst_it_waits_unless_somebody_is_answered(recorder):
    recorder.publish(e.UnitStarting("web", 1))
    await asyncio.sleep(0.05)
    assert phases(recorder) == ("starting", "pending"), "the control: it would have to wait"
    recorder.settle()
    assert phases(recorder) == ("starting", "starting")


@pytest.mark.parametrize("event", [e.StackReady(1.0), e.StackStopping("enough", 0)])
async def test_what_the_whole_stack_does_is_written_before_anybody_hears_of_it(recorder, event):
    heard = []
    recorder.view.event = lambda _event, snapshot: heard.append((snapshot.phase, phases(recorder)[0]))
    recorder.publish(event)
    ((told, written),) = heard
    assert told == written
    assert recorder._timer is None, "and not once more"
