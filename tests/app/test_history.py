"""The times of a checkout's boots: kept, bounded, and an unusual one told with what is usual."""

import json

import pytest

from launcher.app import history
from launcher.paths import StackPaths
from launcher.state.snapshot import Snapshot, UnitView


@pytest.fixture
def paths(tmp_path):
    return StackPaths(tmp_path, tmp_path / "home")


def boot(paths, number, backend, *, mode="dev", migrate=None):
    """One boot in which the backend took so long; migrations were skipped unless they took time, too."""
    units = {"backend": UnitView("backend", "ready", seconds=backend), "migrate": UnitView("migrate", "skipped")}
    if migrate is not None:
        units["migrate"] = UnitView("migrate", "done", seconds=migrate)
    history.remember(paths, Snapshot(instance=f"i{number}", mode=mode, units=units), backend + 1)
    return history.outliers(paths, f"i{number}")


def test_a_unit_that_takes_unusually_long_is_told_with_what_is_usual(paths):
    for number, seconds in enumerate((5.0, 5.2, 4.9, 5.1, 5.0)):
        assert boot(paths, number, seconds) == []
    told = [str(each) for each in boot(paths, 9, 8.0)]
    assert told == [
        "backend took 8.0 s; 5.0 s is usual here (median of 5 boots)",
        "the whole boot took 9.0 s; 6.0 s is usual here (median of 5 boots)",
    ]


@pytest.mark.parametrize("seconds", [5.4, 5.9, 3.0])
def test_a_little_more_or_any_less_is_not_unusual(paths, seconds):
    for number in range(6):
        boot(paths, number, 5.0)
    assert boot(paths, 9, seconds) == []


def test_half_a_second_more_is_nothing_even_where_it_is_many_times_as_long(paths):
    for number in range(6):
        boot(paths, number, 0.01)
    assert boot(paths, 9, 0.4) == []


def test_times_that_vary_widely_make_nothing_unusual(paths):
    for number, seconds in enumerate((5, 9, 14, 6, 12, 8, 15)):
        boot(paths, number, seconds)
    assert boot(paths, 9, 16) == []
    assert boot(paths, 10, 40)


def test_four_boots_and_boots_of_another_mode_say_nothing(paths):
    for number in range(4):
        boot(paths, number, 5.0)
    for number in range(10, 20):
        boot(paths, number, 5.0, mode="production")
    assert boot(paths, 30, 60.0) == []


def test_work_that_is_usually_skipped_is_not_unusual_when_it_is_done(paths):
    for number in range(8):
        boot(paths, number, 5.0)
    assert boot(paths, 9, 5.0, migrate=70.0) == []


def test_only_the_last_boots_are_kept_and_a_spoilt_file_begins_anew(paths):
    for number in range(60):
        boot(paths, number, 5.0)
    kept = [each["instance"] for each in history.boots(paths)]
    assert kept == [f"i{number}" for number in range(10, 60)]
    paths.history.write_text(json.dumps({"boots": [3, {"seconds": 4}, {"seconds": {"backend": "x"}}]}))
    assert boot(paths, 99, 5.0) == []
