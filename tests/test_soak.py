"""The soak itself: its schedule comes from the seed alone, its checks notice what they are for, a short one passes."""

import os
import signal
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

from scripts import soak, soak_checks, soak_plan, soak_programs, soak_run, soak_stack
from scripts.soak_actions import Expectation
from scripts.soak_meter import Life
from scripts.soak_plan import Action

SCRIPT = Path(soak.__file__)
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("RXLAUNCH_")}
MiB = 2**20
MINUTES = os.environ.get("RXLAUNCH_SOAK_MINUTES", "")


def first(seed, count=200, begin=0):
    return list(islice(soak_plan.schedule(seed, begin), count))


# --- the schedule: a replay is the same, wherever it begins ---------------------------------------------------------


def test_the_same_seed_gives_the_same_actions_on_the_same_targets():
    assert first(7) == first(7)
    assert first(7) != first(8)


def test_a_replay_may_begin_anywhere():
    assert first(7, 50, begin=30) == first(7, 80)[30:]


def test_what_a_seed_gives_does_not_change_with_the_interpreter_or_the_process():
    command = [sys.executable, "-c", "from scripts.soak_plan import action; print(action(7, 11))"]
    root = SCRIPT.parent.parent
    told = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout.strip()
    assert told == str(soak_plan.action(7, 11))


def test_every_kind_is_drawn_and_can_be_done():
    drawn = {action.kind for action in first(1, 3000)}
    assert drawn == soak_plan.KINDS.keys() == soak_run.DOERS.keys()


def test_every_target_is_a_service_of_the_stack():
    for action in first(1, 1000):
        assert action.target in soak_plan.KINDS[action.kind].targets
        assert action.target == soak_plan.STACK or f"[services.{action.target}]" in soak_programs.STACK


def test_in_every_second_spell_the_supervisor_lives_on():
    ends = [soak_plan.KINDS[action.kind].ends_supervisor for action in first(5, 40 * soak_plan.SPELL)]
    spells = [ends[at : at + soak_plan.SPELL] for at in range(0, len(ends), soak_plan.SPELL)]
    assert not any(any(spell) for spell in spells[1::2])
    assert any(any(spell) for spell in spells[::2])


def test_the_replay_command_names_what_was_asked_for():
    assert soak_run.Order(7, 2.5, 12, 3).replay() == (
        "python3 scripts/soak.py --seed 7 --minutes 2.5 --actions 12 --first 3"
    )


# --- the checks -----------------------------------------------------------------------------------------------------


def test_rows_that_are_lost_or_doubled_are_told():
    assert soak_checks.compare([1, 2, 3], [1, 2, 3, 4]) == []  # 4: committed, and the writer died before saying so
    assert "1 acknowledged rows are lost, the first is 2" in soak_checks.compare([1, 2, 3], [1, 3])
    assert "1 rows are there more than once, the first is 3" in soak_checks.compare([1, 3], [1, 3, 3])
    assert "acknowledged more than once" in soak_checks.compare([1, 1], [1])[0]
    assert soak_checks.compare([], []) == ["no row was ever acknowledged"]


def test_a_number_that_was_cut_short_by_a_kill_is_not_acknowledged(tmp_path):
    (tmp_path / "acknowledged").write_text("000000000001\n000000000002\n00000000")
    assert soak_stack.numbers(tmp_path / "acknowledged") == [1, 2]
    assert soak_stack.numbers(tmp_path / "missing") == []


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({}, []),
        ({"phase": "starting"}, ["the stack is starting"]),
        ({"running": False}, ["nothing runs"]),
        ({"instance": "old"}, ["the old instance still runs"]),
        ({"units": {"web": {"phase": "backoff"}}}, ["web is backoff"]),
        ({"units": {"web": {"pid": 1}}}, ["web still has pid 1"]),
        ({"units": {"redis": {"pid": 9}}}, ["redis has pid 9, and had 3"]),
        ({"units": {"crasher": {"phase": "backoff"}}}, []),
        ({"units": {"crasher": {"phase": "failed"}}}, ["crasher is failed"]),
    ],
)
def test_what_is_otherwise_than_it_should_be_is_told(changes, wrong):
    unit = {"phase": "ready", "note": None, "last_probe": None}
    units = {"web": {**unit, "pid": 2}, "redis": {**unit, "pid": 3}, "crasher": {**unit, "pid": 4}}
    for name, values in changes.get("units", {}).items():
        units[name] = {**units[name], **values}
    told = {"running": True, "phase": "ready", "instance": "new"} | changes | {"units": units}
    found = soak_checks.differences(told, Expectation(replaced={"web": {1}}, kept={"redis": 3}, ended="old"))
    assert [one.removesuffix(" (None)") for one in found] == wrong


def test_memory_that_grows_is_told_and_a_warm_up_is_not():
    assert Life([60 * MiB] * 100).grown_too_much() is False
    assert Life([40 * MiB] * 5 + [60 * MiB] * 95).grown_too_much() is False
    assert Life([40 * MiB] * 50 + [70 * MiB] * 50).grown_too_much() is True
    assert Life([40 * MiB] * 5 + [400 * MiB] * 5).growth() is None  # too short to tell


def test_an_action_that_fails_is_counted_and_what_tells_of_it_is_noted(capsys, monkeypatch):
    def fails(_stack, _action):
        raise soak_stack.Unexpected("it is broken")

    story = soak_run.Story()
    monkeypatch.setitem(soak_run.DOERS, "restart", fails)
    assert soak_run.one(None, Action(3, "restart", "web", 0.5, 0.0), story) is False
    assert story.scores["restart"].failures == 1
    assert story.problems == ["#3 restart web: it is broken"]
    assert "WRONG" in capsys.readouterr().out


# --- the whole of it ------------------------------------------------------------------------------------------------


def started(tmp_path, *arguments):
    """A soak in a temporary directory of its own, run from a directory that is not the project's."""
    (tmp_path / "tmp").mkdir()
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), *arguments],
        cwd=tmp_path,
        env={**ENVIRONMENT, "TMPDIR": str(tmp_path / "tmp")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def living_below(directory):
    """Processes whose directory is below this one."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "cwd").readlink().is_relative_to(directory):
                found.append((entry / "cmdline").read_bytes())
        except OSError:
            pass
    return found


def left_in(directory):
    """What a soak left of itself. The directory of sockets is the user's: with so long a path they are kept there."""
    return [*directory.glob("soak-*"), *directory.rglob("*.sock")]


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_short_soak_ends_well_and_leaves_nothing(tmp_path):
    with started(tmp_path, "--actions", "12", "--seed", "1") as run:
        text, _ = run.communicate()
    assert run.returncode == 0, text
    assert text.endswith("all is well\n")
    for action in first(1, 12):
        assert str(action) in text
    assert left_in(tmp_path / "tmp") == []


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(not MINUTES, reason="takes the minutes that RXLAUNCH_SOAK_MINUTES gives it, as in CI")
def test_a_soak_of_some_minutes_ends_well(tmp_path):
    with started(tmp_path, "--minutes", MINUTES, "--seed", "2026") as run:
        text, _ = run.communicate()
    print(text[-4000:])  # the table, with -s or when it failed
    assert run.returncode == 0, text
    assert text.endswith("all is well\n")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_control_leaks_and_losses_are_noticed(tmp_path):
    with started(tmp_path, "--control") as run:
        text, _ = run.communicate()
    assert run.returncode == 0, text
    assert text.count("noticed") == 7


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_control_c_stops_the_stack_and_removes_the_directory(tmp_path):
    with started(tmp_path, "--minutes", "5", "--seed", "1") as run:
        for line in run.stdout:
            if "#0 " in line:  # the stack is up, and the first action is over
                break
        assert living_below(tmp_path / "tmp")
        run.send_signal(signal.SIGINT)
        text, _ = run.communicate()
    assert run.returncode == 130, text
    assert "Traceback" not in text
    assert living_below(tmp_path / "tmp") == []
    assert left_in(tmp_path / "tmp") == []
