import itertools
import json

import pytest

from launcher import events as e
from launcher.state.document import NotASnapshot, from_json, parse
from launcher.state.snapshot import Snapshot, UnitView, fold
from tests.support.stacks import every_event, running_snapshot, started


def history(*events: e.Event) -> Snapshot:
    snapshot = None
    for event in events:
        snapshot = fold(snapshot, event)
    assert snapshot is not None
    return snapshot


@pytest.mark.parametrize("event", every_event(), ids=lambda event: type(event).__name__)
def test_every_event_can_be_the_first_one(event):
    assert isinstance(fold(None, event), Snapshot)


def test_every_event_may_follow_every_other():
    for before, after in itertools.product(every_event(), repeat=2):
        snapshot = history(started(), before, after)
        assert from_json(json.loads(json.dumps(snapshot.to_json()))) == snapshot


def test_folding_changes_no_earlier_snapshot():
    before = history(started())
    document = before.to_json()
    for event in every_event():
        fold(before, event)
    assert before.to_json() == document


def test_events_survive_their_json_form():
    for event in every_event():
        assert e.event_from_json(json.loads(json.dumps(e.to_json(event)))) == event


def test_a_starting_stack_has_only_pending_units_with_their_stages():
    snapshot = history(running_started := started())
    assert snapshot.phase == "starting"
    assert [unit.phase for unit in snapshot.units.values()] == ["pending", "pending"]
    assert snapshot.units["postgres"].stage == "dependencies"
    assert snapshot.started_at == running_started.at


def test_a_new_instance_forgets_the_last_one():
    assert history(started(), e.UnitReady("backend", 1.0), e.PortChosen("x", 1), started()).ports == {}


@pytest.mark.parametrize(
    ("event", "phase"),
    [
        (e.UnitWaiting("backend", (("postgres", "ready"),)), "waiting"),
        (e.UnitStarting("backend", 1), "starting"),
        (e.UnitReady("backend", 1.0), "ready"),
        (e.UnitUnready("backend", "500"), "unready"),
        (e.UnitSkipped("backend", "unchanged"), "skipped"),
        (e.UnitDone("backend", 1.0), "done"),
        (e.UnitBackingOff("backend", 1.0, 2), "backoff"),
        (e.UnitFailed("backend", "backend", e.Failure("crashed")), "failed"),
        (e.UnitStopping("backend"), "stopping"),
        (e.UnitStopped("backend"), "stopped"),
    ],
)
def test_a_unit_is_where_its_last_event_put_it(event, phase):
    assert history(started(), event).units["backend"].phase == phase


def test_a_waiting_unit_says_for_what_until_it_begins():
    waiting = history(started(), e.UnitWaiting("backend", (("postgres", "ready"),)))
    assert waiting.units["backend"].waiting_on == (("postgres", "ready"),)
    assert fold(waiting, e.UnitStarting("backend", 1)).units["backend"].waiting_on == ()


def test_a_second_incarnation_counts_as_a_restart_and_forgets_the_failure():
    snapshot = history(
        started(),
        e.UnitStarting("backend", 1),
        e.UnitStarted("backend", 1, 77),
        e.UnitExited("backend", 1, e.Exit(code=3), expected=False),
        e.UnitBackingOff("backend", 0.5, 1),
    )
    assert snapshot.units["backend"].pid is None
    assert str(snapshot.units["backend"].exit) == "exited with code 3"
    again = fold(snapshot, e.UnitStarting("backend", 2)).units["backend"]
    assert (again.restarts, again.exit, again.failure) == (1, None, None)


@pytest.mark.parametrize(("code", "phase"), [(0, "stopped"), (130, "stopped"), (143, "stopped"), (13, "failed")])
def test_a_stopped_stack_has_failed_unless_somebody_asked_it_to_stop(code, phase):
    snapshot = history(
        started(), e.UnitStarted("backend", 1, 77), e.StackStopping("because", code), e.StackStopped(code)
    )
    assert (snapshot.phase, snapshot.exit_code, snapshot.reason) == (phase, code, "because")
    assert snapshot.units["backend"].pid is None


def test_the_document_of_a_snapshot_reads_back_as_the_same_snapshot():
    snapshot = running_snapshot()
    assert parse(json.dumps(snapshot.to_json()).encode()) == snapshot


@pytest.mark.parametrize(
    "damage",
    [
        {"version": 1},
        {"version": None},
        {"pid": -1},
        {"pid": 10**30},
        {"pid": True},
        {"pid": "1"},
        {"started_at": float("nan")},
        {"started_at": 1e300},
        {"started_at": 10**400},
        {"started_at": float("-inf")},
        {"phase": "dancing"},
        {"phase": ["ready"]},
        {"ports": {"backend": "9001"}},
        {"ports": []},
        {"units": {"backend": {}}},
        {"units": {"backend": {**UnitView("storefront").to_json()}}},
        {"units": {"backend": {**UnitView("backend").to_json(), "waiting_on": [1]}}},
        {"units": {"backend": {**UnitView("backend").to_json(), "exit": {"code": "1"}}}},
        {"units": {"backend": {**UnitView("backend").to_json(), "failure": {"reason": None}}}},
        {"supervisor": None},
        {"supervisor": {"pid": 1}},
        {"facts": {"storefront": 1}},
    ],
    ids=str,
)
def test_a_document_that_is_not_exactly_a_snapshot_is_refused(damage):
    document = json.dumps({**running_snapshot().to_json(), **damage}).encode()
    with pytest.raises(NotASnapshot):
        parse(document)


@pytest.mark.parametrize("data", [b"", b"{", b"null", b"[]", b"\xff\xfe", b"[" * 100_000, b'{"version": 1}'])
def test_what_is_no_document_is_refused(data):
    with pytest.raises(NotASnapshot):
        parse(data)
