"""The boot as rows: when each unit began, when it was ready, and nothing of what came after."""

from launcher import events as e
from launcher.app import timeline

BEGINNING = e.StackStarting(
    "i1", "shop", "/shop", 7, "dev", ("db", "migrate", "web"), (("db", "dependencies"), ("web", "storefront")), at=100.0
)


def row(events, unit):
    return next(row for row in timeline.rows(events) if row["unit"] == unit)


def test_a_service_is_ready_so_many_seconds_after_the_stack_began():
    events = [BEGINNING, e.UnitStarting("db", 1, at=101.5), e.UnitReady("db", 2.0, "adopted", at=103.5)]
    assert row(events, "db") == {
        "unit": "db", "stage": "dependencies", "phase": "ready", "begun": 1.5, "ready": 3.5, "seconds": 2.0,
        "note": "adopted",
    }  # fmt: skip


def test_a_skipped_task_says_why_and_a_failed_one_is_never_ready():
    events = [
        BEGINNING,
        e.UnitStarting("migrate", 1, at=101.0),
        e.UnitSkipped("migrate", "unchanged", at=101.25),
        e.UnitStarting("web", 1, at=102.0),
        e.UnitFailed("web", "storefront", e.Failure("exited with code 1"), at=104.0),
    ]
    assert (row(events, "migrate")["phase"], row(events, "migrate")["note"]) == ("skipped", "unchanged")
    assert row(events, "web")["ready"] is None
    assert (row(events, "web")["seconds"], row(events, "web")["note"]) == (2.0, "exited with code 1")


def test_the_rows_are_in_the_order_of_the_work_and_what_never_began_is_last():
    events = [BEGINNING, e.UnitStarting("web", 1, at=101.0), e.UnitStarting("db", 1, at=102.0)]
    assert [one["unit"] for one in timeline.rows(events)] == ["web", "db", "migrate"]
    assert row(events, "migrate")["begun"] is None


def test_a_restart_after_the_boot_changes_nothing():
    boot = [BEGINNING, e.UnitStarting("db", 1, at=101.0), e.UnitReady("db", 1.0, at=102.0), e.StackReady(3.0, at=103.0)]
    later = [e.UnitStarting("db", 2, at=200.0), e.UnitReady("db", 9.0, at=209.0)]
    assert timeline.rows(boot + later) == timeline.rows(boot)
    assert timeline.boot_seconds(boot + later) == 3.0


def test_a_restart_during_the_boot_counts_from_the_first_beginning():
    events = [
        BEGINNING,
        e.UnitStarting("web", 1, at=101.0),
        e.UnitBackingOff("web", 0.5, 1, at=102.0),
        e.UnitStarting("web", 2, at=102.5),
        e.UnitReady("web", 1.0, at=104.0),
    ]
    assert (row(events, "web")["begun"], row(events, "web")["seconds"]) == (1.0, 3.0)
    assert row(events, "web")["note"] == "started again after failure 1"


def test_nothing_known_is_no_rows():
    assert timeline.rows([]) == []
    assert timeline.boot_seconds([]) is None
