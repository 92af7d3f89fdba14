"""A service that begins before what it depends on holds: when it may, what ends it, and what it gains by it: time."""

import pytest

from launcher.run import head_start
from tests.support.histories import CRASH, Exit, History, Phase, e, m, unit


def stack(*, idle=("tmig", "tbuild"), head_start=True):
    """A backend that may begin beside a migration and a build; the migration needs Postgres."""
    units = [
        unit("pg"),
        unit("tbuild", service=False),
        unit("tmig", service=False, needs=("pg",)),
        unit("backend", needs=("pg", "tmig", "tbuild")).replaced(head_start=head_start),
    ]
    history = History(*(each.replaced(idle=each.name in idle) for each in units))
    history.boot()
    return history


def finished(history):
    """What the backend depends on turns out to be as it should."""
    history.ready("pg")
    history.done("tbuild", skipped="unchanged")
    history.done("tmig", skipped="unchanged")


def test_it_begins_once_its_servers_run_though_nothing_holds_yet():
    history = stack()
    assert "backend" not in history.begun(), "Postgres has no address yet"
    history.started("pg")
    assert history.begun()[-1] == "backend"
    assert history.phase("pg") == history.phase("tbuild") == Phase.STARTING


def test_what_it_depends_on_catches_up_and_it_goes_on_as_if_nothing_had_been():
    history = stack()
    history.started("pg")
    finished(history)
    assert not history.state.units["backend"].ahead
    history.ready("backend")
    assert history.begun().count("backend") == 1
    assert history.interrupted() == []
    assert history.published(e.StackReady)


@pytest.mark.parametrize("worker", ["tmig", "tbuild"])
def test_a_task_that_finds_work_takes_the_head_start_back(worker):
    history = stack()
    history.started("pg")
    history.ready("pg")
    history.play(m.Working(worker, 1))
    assert history.interrupted() == ["backend"]
    assert worker in history.published(e.Note)[-1].text
    history.stopped("backend")
    assert history.phase("backend") == Phase.PENDING
    history.done("tmig")
    history.done("tbuild")
    assert history.begun().count("backend") == 2
    assert history.generation("backend") == 2
    assert history.published(e.UnitStarting)[-1].restarts == 0, "nothing has failed"


def test_a_task_deeper_down_takes_it_back_too():
    install = unit("tinstall", service=False).replaced(idle=True)
    migrate = unit("tmig", service=False, needs=("tinstall",)).replaced(idle=True)
    history = History(install, migrate, unit("backend", needs=("tmig",)).replaced(head_start=True))
    history.boot()
    assert "backend" in history.begun()
    history.play(m.Working("tinstall", 1))
    assert history.interrupted() == ["backend"]


def test_it_does_not_begin_early_when_a_task_had_work_the_last_time():
    history = stack(idle=("tmig",))
    history.started("pg")
    assert "backend" not in history.begun()


def test_it_does_not_begin_early_when_a_task_has_found_work_already():
    history = stack()
    history.play(m.Working("tbuild", 1))
    history.started("pg")
    assert "backend" not in history.begun()


def test_control_without_the_option_it_waits_for_everything():
    history = stack(head_start=False)
    history.started("pg")
    assert "backend" not in history.begun()
    finished(history)
    assert "backend" in history.begun()


def test_one_that_ends_too_early_has_not_failed_and_begins_when_all_is_there():
    history = stack()
    history.started("pg")
    history.crash("backend")
    assert history.phase("backend") == Phase.PENDING
    assert not history.published(e.UnitFailed)
    history.ready("pg")
    assert history.begun().count("backend") == 1, "no second head start"
    finished(history)
    assert history.begun().count("backend") == 2
    assert history.published(e.UnitStarting)[-1].restarts == 0


def test_one_that_cannot_even_be_started_has_not_failed_either():
    history = stack()
    history.started("pg")
    history.play(m.Ended("backend", 1, CRASH))  # a variable that a task has yet to give
    assert history.phase("backend") == Phase.PENDING
    assert not history.published(e.UnitFailed)


def test_when_all_holds_its_end_is_a_failure_like_any_other():
    history = stack()
    history.started("pg")
    finished(history)
    history.crash("backend")
    assert history.published(e.UnitFailed)
    assert history.state.stopping


def test_after_a_second_without_what_it_depends_on_it_is_taken_back():
    history = stack()
    history.started("pg")
    assert history.delays() == [head_start.SECONDS]
    history.play(m.TimerFired("backend", 1))
    assert history.interrupted() == ["backend"]


def test_the_timer_does_nothing_to_one_that_was_caught_up_with():
    history = stack()
    history.started("pg")
    finished(history)
    history.play(m.TimerFired("backend", 1))
    assert history.interrupted() == []


def test_work_found_later_on_is_nothing_to_one_that_was_caught_up_with():
    history = stack()
    history.started("pg")
    finished(history)
    history.play(e.RestartUnits(("tbuild",)))
    history.play(m.Working("tbuild", 2))
    assert history.interrupted() == []


def test_a_restart_gets_no_head_start():
    history = stack()
    history.started("pg")
    finished(history)
    history.ready("backend")
    history.play(e.RestartUnits(("backend", "tmig")))
    history.stopped("backend")
    assert history.phase("backend") == Phase.PENDING, "the migration is asked again first"


def test_a_stack_that_is_stopped_meanwhile_stops_it_too():
    history = stack()
    history.started("pg")
    history.play(e.StopStack())
    assert "backend" in history.interrupted()
    history.play(m.Ended("backend", 1, CRASH, Exit(0)))
    assert history.phase("backend") == Phase.STOPPED
