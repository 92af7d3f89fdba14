"""The machine, by scripted histories."""

import pytest

from launcher.stack.model import RestartSpec
from tests.support.histories import CRASH, Exit, History, Phase, e, m, unit


def test_units_that_need_nothing_begin_together():
    history = History(unit("pg"), unit("redis"), unit("api", needs=("pg", "redis")))
    history.boot()
    assert history.begun() == ["pg", "redis"]


def test_a_dependent_begins_in_the_turn_in_which_its_last_condition_holds():
    history = History(unit("pg"), unit("redis"), unit("api", needs=("pg", "redis")))
    history.boot()
    history.ready("pg")
    assert "api" not in history.begun()
    history.ready("redis")
    assert history.begun()[-1] == "api"


def test_a_skipped_task_satisfies_its_dependents():
    history = History(unit("tmig", service=False), unit("api", needs=("tmig",)))
    history.boot()
    history.done("tmig", skipped="nothing changed")
    assert history.begun() == ["tmig", "api"]


def test_a_wait_names_what_it_waits_for_and_is_published_once():
    history = History(unit("pg"), unit("tmig", service=False), unit("api", needs=("pg", "tmig")))
    history.boot()
    history.started("pg")
    waits = [event.on for event in history.published(e.UnitWaiting)]
    assert waits == [(("pg", "ready"), ("tmig", "done"))]


def test_the_stack_is_ready_when_every_wanted_unit_is():
    history = History(unit("pg"), unit("tmig", service=False, needs=("pg",)))
    history.boot()
    history.ready("pg")
    assert not history.published(e.StackReady)
    history.done("tmig")
    assert len(history.published(e.StackReady)) == 1


def test_units_that_nobody_asked_for_are_left_alone():
    history = History(unit("pg"), unit("web"), wanted={"pg"})
    history.boot()
    history.ready("pg")
    assert history.begun() == ["pg"]
    assert history.published(e.StackReady)


def test_starting_a_unit_later_begins_what_it_needs_first():
    history = History(unit("pg"), unit("web", needs=("pg",)), wanted=set())
    history.boot()
    history.play(e.StartUnits(("web",)))
    assert history.begun() == ["pg"]
    history.ready("pg")
    assert history.begun() == ["pg", "web"]


@pytest.mark.parametrize(
    ("stage", "code"),
    [("dependencies", 10), ("schema", 11), ("build", 12), ("backend", 13), ("key", 14), ("storefront", 15),
     ("verify", 16), ("mine", 1)],
)  # fmt: skip
def test_a_failure_during_the_boot_stops_everything_with_the_code_of_its_stage(stage, code):
    history = History(unit("pg"), unit("x", needs=("pg",), stage=stage))
    history.boot()
    history.ready("pg")
    history.crash("x")
    assert history.interrupted() == ["pg"]
    history.stopped("pg")
    assert history.exit_code() == code


def test_a_service_that_ends_with_0_before_it_is_ready_has_failed():
    history = History(unit("web"))
    history.boot()
    history.crash("web", code=0)
    assert history.phase("web") is Phase.FAILED


def test_a_crashing_service_waits_longer_before_each_restart():
    history = History(unit("api", restart=RestartSpec(delay=0.5, max_delay=3)))
    history.boot()
    history.ready("api")
    for _ in range(4):
        history.crash("api")
        history.play(m.TimerFired("api", history.generation("api")))
    assert history.delays() == [0.5, 1.0, 2.0, 3.0]


def test_a_service_that_flaps_is_given_up_and_the_rest_goes_on():
    history = History(unit("pg"), unit("api", needs=("pg",), restart=RestartSpec(max_failures=3)))
    history.boot()
    history.ready("pg", "api")
    for _ in range(3):
        history.crash("api")
        history.play(m.TimerFired("api", history.generation("api")))
    assert history.phase("api") is Phase.FAILED
    assert history.phase("pg") is Phase.READY
    assert history.exit_code() is None


def test_being_ready_long_enough_clears_the_failures():
    history = History(unit("api", restart=RestartSpec(max_failures=2, reset_after=30)))
    history.boot()
    history.ready("api")
    for _ in range(5):
        history.now += 31
        history.crash("api")
        history.play(m.TimerFired("api", history.generation("api")))
        history.ready("api")
    assert history.phase("api") is Phase.READY
    assert set(history.delays()) == {0.0}, "what was ready for longer than the delay has waited already"


def test_the_delay_counts_from_when_the_service_was_ready():
    history = History(unit("api", restart=RestartSpec(delay=0.5, factor=2)))
    history.boot()
    history.ready("api")
    history.now += 0.2
    history.crash("api")
    history.play(m.TimerFired("api", history.generation("api")))
    history.ready("api")
    history.now += 0.2
    history.crash("api")
    assert history.delays() == [pytest.approx(0.3), pytest.approx(0.8)]


def test_being_alive_without_being_ready_clears_nothing():
    history = History(unit("api", restart=RestartSpec(max_failures=2, window=60)))
    history.boot()
    history.ready("api")
    history.crash("api")
    history.play(m.TimerFired("api", history.generation("api")))
    history.now += 31
    history.crash("api")
    assert history.phase("api") is Phase.FAILED


@pytest.mark.parametrize(
    ("policy", "code", "phase"),
    [("no", 1, Phase.FAILED), ("on-failure", 0, Phase.STOPPED), ("on-failure", 1, Phase.BACKOFF),
     ("always", 0, Phase.BACKOFF)],
)  # fmt: skip
def test_the_restart_policy_decides_what_an_exit_means(policy, code, phase):
    history = History(unit("api", restart=RestartSpec(policy=policy)))
    history.boot()
    history.ready("api")
    history.crash("api", code=code)
    assert history.phase("api") is phase


def test_stopping_goes_in_reverse_dependency_order():
    history = History(unit("pg"), unit("api", needs=("pg",)), unit("web", needs=("api",)))
    history.boot()
    history.ready("pg", "api", "web")
    history.play(e.StopStack())
    assert history.interrupted() == ["web"]
    history.stopped("web")
    history.stopped("api")
    history.stopped("pg")
    assert history.interrupted() == ["web", "api", "pg"]
    assert history.exit_code() == 0


def test_an_indirect_dependent_is_waited_for_although_what_is_between_does_not_run():
    history = History(unit("pg"), unit("tmig", service=False, needs=("pg",)), unit("api", needs=("tmig",)))
    history.boot()
    history.ready("pg")
    history.done("tmig")
    history.ready("api")
    history.play(e.StopStack())
    assert history.interrupted() == ["api"]


def test_killing_reaches_everything_at_once():
    history = History(unit("pg"), unit("api", needs=("pg",)))
    history.boot()
    history.ready("pg", "api")
    history.play(e.StopStack(exit_code=130))
    effects = history.play(e.KillStack())
    assert {effect.unit for effect in effects if isinstance(effect, m.Kill)} == {"pg", "api"}


def test_a_second_request_to_stop_changes_nothing_not_even_the_exit_code():
    history = History(unit("pg"))
    history.boot()
    history.ready("pg")
    history.play(e.StopStack(exit_code=130), e.StopStack(exit_code=143))
    assert history.interrupted() == ["pg"]
    history.stopped("pg")
    assert history.exit_code() == 130


def test_stopping_a_stack_that_still_waits_needs_no_process_to_end():
    history = History(unit("pg"), unit("api", needs=("pg",)))
    history.boot()
    history.play(e.StopStack(exit_code=130))
    history.stopped("pg")
    assert history.exit_code() == 130
    assert history.begun() == ["pg"]


def test_many_restarts_at_once_make_one():
    history = History(unit("api"))
    history.boot()
    history.ready("api")
    history.play(*[e.RestartUnits(("api",))] * 20)
    assert history.interrupted() == ["api"]
    history.stopped("api")
    assert history.begun() == ["api", "api"]


def test_restarting_a_unit_that_waits_for_its_dependency_begins_nothing_early():
    history = History(unit("pg"), unit("api", needs=("pg",)))
    history.boot()
    history.play(e.RestartUnits(("api",)))
    assert history.begun() == ["pg"]
    history.ready("pg")
    assert history.begun() == ["pg", "api"]


def test_stopping_one_unit_leaves_the_others():
    history = History(unit("pg"), unit("api", needs=("pg",)))
    history.boot()
    history.ready("pg", "api")
    history.play(e.StopUnits(("api",)))
    history.stopped("api")
    assert (history.phase("api"), history.phase("pg")) == (Phase.STOPPED, Phase.READY)


def test_a_stop_during_the_backoff_cancels_the_restart():
    history = History(unit("api"))
    history.boot()
    history.ready("api")
    history.crash("api")
    generation = history.generation("api")
    history.play(e.StopUnits(("api",)), m.TimerFired("api", generation))
    assert history.phase("api") is Phase.STOPPED
    assert history.begun() == ["api"]


def test_a_start_while_it_stops_begins_it_again_afterwards():
    history = History(unit("api"))
    history.boot()
    history.ready("api")
    history.play(e.StopUnits(("api",)), e.StartUnits(("api",)))
    history.stopped("api")
    assert history.begun() == ["api", "api"]


def test_starting_what_failed_gives_it_a_fresh_start():
    history = History(unit("pg"), unit("api", restart=RestartSpec(policy="no")))
    history.boot()
    history.ready("pg", "api")
    history.crash("api")
    history.play(e.StartUnits(("api",)))
    assert history.begun()[-1] == "api"


def test_a_message_of_an_older_incarnation_changes_nothing():
    history = History(unit("api"))
    history.boot()
    history.ready("api")
    old = history.generation("api")
    history.play(e.RestartUnits(("api",)))
    history.stopped("api")
    before = history.state
    history.play(m.Ended("api", old, CRASH, Exit(1)), m.Ready("api", old), m.TimerFired("api", old))
    assert history.state == before


def test_losing_liveness_is_told_and_restarts_nothing():
    history = History(unit("pg"), unit("api", needs=("pg",)))
    history.boot()
    history.ready("pg", "api")
    history.play(m.Unready("pg", history.generation("pg"), "refused"))
    assert [event.unit for event in history.published(e.UnitUnready)] == ["pg"]
    assert history.interrupted() == []
    history.play(m.Ready("pg", history.generation("pg")))
    assert history.state.units["pg"].healthy


def test_a_lost_port_is_picked_again_three_times_and_then_fails():
    history = History(unit("api"), unit("web"))
    history.boot()
    history.ready("web")
    for _ in range(3):
        history.play(m.PortLost("api", history.generation("api"), ("api", "web"), CRASH))
        assert history.phase("api") is Phase.STARTING
        history.stopped("web")
        history.ready("web")
    history.play(m.PortLost("api", history.generation("api"), ("api", "web"), CRASH))
    assert history.phase("api") is Phase.FAILED


def test_whoever_knew_the_lost_port_is_restarted():
    history = History(unit("api"), unit("web"), unit("other"))
    history.boot()
    history.ready("web", "other")
    history.play(m.PortLost("api", history.generation("api"), ("api", "web"), CRASH))
    assert history.interrupted() == ["web"]


def test_nothing_is_decided_any_more_once_it_has_finished():
    history = History(unit("api"))
    history.boot()
    history.play(e.StopStack())
    history.stopped("api")
    assert history.play(e.StartUnits(("api",)), e.KillStack()) == ()
