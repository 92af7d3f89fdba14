"""A boot folded from its events: what each unit did when, the critical path, and what was rxlaunch's own time."""

import pytest

from launcher import events as e
from launcher.app import critical, segments

NEEDS = {
    "db": {},
    "assets": {},
    "migrate": {"db": "healthy"},
    "web": {"migrate": "completed", "assets": "completed"},
}


def beginning(needs=NEEDS, asked_at=99.5):
    recorded = tuple((unit, tuple(on.items())) for unit, on in needs.items())
    return e.StackStarting("i1", "shop", "/shop", 7, "dev", tuple(NEEDS), needs=recorded, asked_at=asked_at, at=100.0)


def service(name, begun, asked, ready, generation=1):
    """A service of ours: begun, its process runs, it is asked, it is ready."""
    return [
        e.UnitStarting(name, generation, at=begun),
        e.UnitStarted(name, generation, 7, at=asked),
        e.UnitProbing(name, generation, at=asked),
        e.UnitReady(name, ready - begun, at=ready),
    ]


def task(name, begun, done, *spans):
    """A task, and when others worked for it."""
    worked = [e.UnitWorked(name, 1, spans, at=done)] if spans else []
    return [e.UnitStarting(name, 1, at=begun), *worked, e.UnitDone(name, done - begun, at=done)]


def boot(*events, begin=None, now=None):
    found = segments.fold([begin or beginning(), *sorted(events, key=lambda event: event.at)], now)
    assert found is not None
    return found


WARM = [
    e.UnitWaiting("migrate", (("db", "ready"),), at=100.2),
    e.UnitWaiting("web", (("migrate", "done"), ("assets", "done")), at=100.2),
    *service("db", 100.2, 100.3, 102.0),
    *task("assets", 100.2, 101.0, (100.25, 100.9)),
    *task("migrate", 102.0, 105.0, (102.1, 104.8)),
    *service("web", 105.0, 105.1, 109.0),
    e.StackReady(8.8, at=109.0),
]


def shown(found, unit):
    """The segments of a unit, rounded."""
    return [(each.kind, round(each.begin, 3), round(each.end, 3)) for each in found.courses[unit].segments]


def units_of_path(found):
    return [step.unit for step in critical.path(found)]


def gaps(found):
    return [(round(begin, 3), round(end, 3)) for begin, end in critical.own(found)]


# --- segments ---------------------------------------------------------------------------------------------------------


def test_a_service_waits_works_is_probed_and_is_ready_to_the_end_of_the_boot():
    found = boot(*WARM)
    assert shown(found, "web") == [("waiting", 0.2, 5.0), ("working", 5.0, 5.1), ("probing", 5.1, 9.0)]
    assert shown(found, "db") == [("working", 0.2, 0.3), ("probing", 0.3, 2.0), ("ready", 2.0, 9.0)]


def test_a_task_works_and_is_over():
    assert shown(boot(*WARM), "assets") == [("working", 0.2, 1.0)]


def test_the_events_of_a_version_that_told_of_no_probing_are_understood():
    found = boot(
        e.UnitStarting("db", 1, at=100.5),
        e.UnitStarted("db", 1, 7, at=100.6),
        e.UnitProbed("db", False, "refused", at=101.0),
        e.UnitProbed("db", True, "ok", at=102.0),
        e.UnitReady("db", 1.5, at=102.0),
        e.StackReady(2.0, at=102.0),
        begin=beginning({}, None),
    )
    assert shown(found, "db") == [("working", 0.5, 1.0), ("probing", 1.0, 2.0)]
    assert critical.own(found) is None
    assert critical.loading(found) is None


def test_a_restart_during_the_boot_has_both_of_its_lives():
    found = boot(
        *service("db", 100.0, 100.1, 101.0),
        e.UnitStopping("db", at=102.0),
        e.UnitStopped("db", at=102.5),
        *service("db", 103.0, 103.1, 104.0, generation=2),
        e.StackReady(5.0, at=105.0),
    )
    kinds = [kind for kind, _, _ in shown(found, "db")]
    assert kinds == ["working", "probing", "ready", "working", "probing", "ready"]


def test_what_comes_after_the_boot_is_not_in_it():
    later = [*service("web", 200.0, 201.0, 202.0, generation=2), e.StackStopping("x", 0, at=300.0)]
    again = boot(*WARM, *later)
    assert again.outcome == "ready"
    assert [shown(again, unit) for unit in NEEDS] == [shown(boot(*WARM), unit) for unit in NEEDS]


def test_only_the_last_boot_of_a_file_counts():
    found = segments.fold([*[beginning(), *WARM], beginning(), *service("db", 100.5, 101.0, 102.0)], 110.0)
    assert found is not None
    assert found.outcome == "booting"
    assert shown(found, "web") == []


@pytest.mark.parametrize(
    ("end", "now", "outcome", "seconds"),
    [
        (e.StackReady(1.0, at=109.0), 200.0, "ready", 9.0),
        (e.StackStopping("web failed", 15, at=108.0), None, "failed", 8.0),
        (e.StackStopping("interrupted", 130, at=108.0), None, "stopped", 8.0),
        (e.Note("so far", at=103.0), 107.0, "booting", 7.0),
        (e.Note("so far", at=103.0), None, "ended", 3.0),
    ],
)
def test_how_a_boot_ended(end, now, outcome, seconds):
    found = boot(e.UnitStarting("db", 1, at=101.0), end, now=now)
    assert (found.outcome, found.seconds) == (outcome, seconds)


def test_no_events_are_no_boot():
    assert segments.fold([], 1.0) is None
    assert segments.fold([e.StackReady(1.0)], 1.0) is None


# --- the critical path ------------------------------------------------------------------------------------------------


def test_the_path_leads_from_what_was_ready_last_through_what_it_waited_for_last():
    steps = critical.path(boot(*WARM))
    assert [(step.unit, round(step.begin, 3), round(step.end, 3)) for step in steps] == [
        ("db", 0.2, 2.0), ("migrate", 2.0, 5.0), ("web", 5.0, 9.0),
    ]  # fmt: skip


def test_the_path_goes_the_other_way_when_the_other_took_longer():
    slow = [event for event in WARM if getattr(event, "unit", "") != "assets"]
    events = [*slow[:2], *task("assets", 100.2, 105.5), *slow[2:6], *task("migrate", 102.0, 105.0)]
    found = boot(*events, *service("web", 105.5, 105.6, 109.0), e.StackReady(9.0, at=109.0))
    assert units_of_path(found) == ["assets", "web"]


def test_a_skipped_unit_is_on_the_path_and_tells_why():
    skipped = [event for event in WARM if getattr(event, "unit", "") != "migrate"]
    found = boot(
        *skipped, e.UnitStarting("migrate", 1, at=102.0), e.UnitSkipped("migrate", "nothing changed", at=105.0)
    )
    assert units_of_path(found) == ["db", "migrate", "web"]
    assert (found.row("migrate")["phase"], found.row("migrate")["note"]) == ("skipped", "nothing changed")


def test_the_path_of_a_failed_boot_leads_to_what_failed():
    found = boot(
        *service("db", 100.2, 100.3, 102.0),
        e.UnitStarting("assets", 1, at=100.2),
        e.UnitStarting("migrate", 1, at=102.0),
        e.UnitFailed("migrate", "schema", e.Failure("exited with code 1"), at=104.0),
        e.StackStopping("migrate failed", 11, at=104.0),
        e.UnitStopped("assets", at=104.5),
        e.UnitStopped("db", at=105.0),
        e.StackStopped(11, at=105.0),
    )
    assert units_of_path(found) == ["db", "migrate"]
    assert found.row("web")["begun"] is None
    assert found.row("db")["phase"] == "ready", "what is stopped because of the failure was ready"


def test_the_path_of_a_boot_that_goes_on_leads_to_what_has_worked_longest():
    found = boot(*service("db", 100.2, 100.3, 102.0), e.UnitStarting("migrate", 1, at=102.0), now=110.0)
    steps = critical.path(found)
    assert [step.unit for step in steps] == ["db", "migrate"]
    assert steps[-1].end == 10.0
    assert critical.own(found) is None, "what works now has not told yet who works for it"


def test_a_dependency_that_must_only_have_started_leads_on_from_there():
    needs = {**NEEDS, "web": {"db": "started"}}
    found = boot(
        *service("db", 100.0, 101.0, 108.0),
        *service("web", 101.0, 101.1, 109.0),
        e.StackReady(9.0, at=109.0),
        begin=beginning(needs),
    )
    assert [(step.unit, step.end) for step in critical.path(found)] == [("db", 1.0), ("web", 9.0)]


def test_a_dependency_that_was_not_asked_for_is_on_no_path():
    found = boot(*service("web", 101.0, 101.1, 109.0), e.StackReady(9.0, at=109.0))
    assert units_of_path(found) == ["web"]


def test_a_unit_started_again_during_the_boot_is_on_the_path_once():
    found = boot(
        *service("db", 100.0, 100.1, 101.0),
        e.UnitStarting("migrate", 1, at=101.0),
        e.UnitDone("migrate", 1.0, at=102.0),
        e.UnitStarting("web", 1, at=102.0),
        e.UnitStarted("web", 1, 8, at=102.1),
        e.UnitStarting("web", 2, at=103.0),  # its port was lost
        e.UnitStarted("web", 2, 9, at=103.2),
        e.UnitProbing("web", 2, at=103.2),
        e.UnitReady("web", 2.0, at=105.0),
        e.StackReady(5.0, at=105.0),
    )
    assert units_of_path(found) == ["db", "migrate", "web"]
    assert critical.path(found)[-1].begin == pytest.approx(2.0)


def test_what_an_older_file_tells_of_waiting_leads_the_path():
    assert units_of_path(boot(*WARM, begin=beginning({}, None))) == ["db", "migrate", "web"]


def test_a_boot_in_which_nothing_began_has_no_path():
    assert critical.path(boot(e.StackStopping("a port is taken", 4, at=100.1))) == ()


# --- rxlaunch's own ---------------------------------------------------------------------------------------------------


def test_own_is_the_time_in_which_no_process_of_a_unit_works():
    found = boot(*WARM)
    assert gaps(found) == [(0.0, 0.25), (2.0, 2.1), (4.8, 5.1)]
    assert critical.loading(found) == pytest.approx(0.5)


def test_a_service_that_is_ready_works_no_more():
    found = boot(*service("db", 100.0, 100.0, 101.0), *task("migrate", 103.0, 104.0), e.StackReady(4.0, at=104.0))
    assert gaps(found) == [(1.0, 4.0)]


def test_an_adopted_server_that_is_asked_is_not_our_own_time():
    adopted = [
        e.UnitStarting("db", 1, at=100.0),
        e.UnitProbing("db", 1, at=100.1),
        e.UnitReady("db", 0.5, "adopted", at=100.5),
    ]
    assert gaps(boot(*adopted, e.StackReady(0.5, at=100.5))) == [(0.0, 0.1)]


def test_work_beside_the_path_is_not_our_own_time():
    found = boot(
        *service("db", 100.0, 100.0, 101.0),
        *task("migrate", 101.0, 103.0),
        *task("assets", 100.0, 103.0, (100.5, 102.5)),
        e.StackReady(3.0, at=103.0),
    )
    assert gaps(found) == [(2.5, 3.0)]


def test_a_failed_boot_counts_to_its_failure_and_hears_work_that_was_cut_short():
    found = boot(
        *service("db", 100.0, 100.0, 101.0),
        e.UnitStarting("assets", 1, at=100.0),
        e.UnitStarting("migrate", 1, at=101.0),
        e.UnitFailed("migrate", "schema", e.Failure("exited with code 1"), at=104.0),
        e.StackStopping("migrate failed", 11, at=104.0),
        e.UnitWorked("assets", 1, ((100.0, 104.6),), at=104.6),
    )
    assert gaps(found) == []


def test_a_clock_that_is_set_back_gives_no_negative_times():
    found = boot(e.UnitStarting("db", 1, at=90.0), e.UnitReady("db", 1.0, at=91.0), e.StackReady(1.0, at=92.0))
    assert found.seconds == 0.0
    assert all(each.begin >= 0 for course in found.courses.values() for each in course.segments)
    assert critical.own(found) == ()
