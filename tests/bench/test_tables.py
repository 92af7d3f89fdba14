"""What is made of recorded figures: verdicts on lines, medians, ratios, and the record that later runs add to."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import scripts.bench
from scripts.bench import record
from scripts.bench.boots import course
from scripts.bench.boots import table as boots
from scripts.bench.peers import lines
from scripts.bench.peers import table as peers

REPOSITORY = Path(__file__).resolve().parents[2]


def samples(*values, **more):
    return [{"value": value, **more} for value in values]


RECORDED = {
    "meta": {"machine": "2 cores", "versions": {"honcho": "2.0.0", "sh &": "-"}, "load_average": {"up": 1.25}},
    "results": {
        "up_ms": {
            "sh &": samples(10.0, 12.0, 11.0),
            "honcho": samples(240.0, 250.0, 230.0),
            "circus": samples(400.0, None, 420.0),
            "rxlaunch": samples(480.0, 481.0, 479.0),
            "hung": samples(None, None, 5.0),
        },
        "log_1x1M_s": {"torn one": samples(1.0, torn=3, lost=0), "lossy": samples(2.0, torn=0, lost=9)},
    },
}


def row(text, name):
    found = next(line for line in text if line.startswith(f"| {name} |"))
    return [cell.strip() for cell in found.strip("|").split("|")]


# --- the record -----------------------------------------------------------------------------------------------------


def test_a_later_run_adds_to_the_record(tmp_path):
    stored = record.read(tmp_path / "none.json")
    record.add(stored, {"up_ms": {"honcho": samples(1.0)}}, fresh=False)
    record.add(stored, {"up_ms": {"honcho": samples(2.0)}}, fresh=False)
    record.save(tmp_path / "kept.json", stored)
    assert record.read(tmp_path / "kept.json")["results"] == {"up_ms": {"honcho": samples(1.0, 2.0)}}


def test_fresh_forgets_what_is_measured_again_and_nothing_else():
    stored = {"meta": {}, "results": {"up_ms": {"honcho": samples(1.0), "circus": samples(3.0)}}}
    record.add(stored, {"up_ms": {"honcho": samples(2.0)}}, fresh=True)
    assert stored["results"]["up_ms"] == {"honcho": samples(2.0), "circus": samples(3.0)}


# --- other supervisors ----------------------------------------------------------------------------------------------


def test_a_row_has_median_extremes_and_ratios_to_the_floor_and_to_the_best_peer():
    text = peers.detail("up_ms", RECORDED["results"]["up_ms"])
    assert row(text, "honcho")[1:8] == ["240", "230", "250", "3", "0", "21.8", "1.0"]
    assert row(text, "rxlaunch")[6:8] == ["43.6", "2.0"]


def test_neither_a_floor_nor_rxlaunch_is_the_best_peer():
    by_peer = {"sh &": samples(1.0), "floor: python3": samples(2.0), "rxlaunch": samples(3.0), "honcho": samples(9.0)}
    assert peers.best(by_peer) == 9.0


def test_what_mostly_failed_has_no_median_and_is_nobody_s_best():
    by_peer = RECORDED["results"]["up_ms"]
    assert peers.middle(by_peer["hung"]) is None
    assert peers.best(by_peer) == 240.0
    assert row(peers.summary({"up_ms": by_peer}), "hung")[1] == "-"


def test_torn_and_lost_lines_are_named_in_the_summary():
    text = peers.summary({"log_1x1M_s": RECORDED["results"]["log_1x1M_s"]})
    assert row(text, "torn one")[1].endswith("(torn)")
    assert row(text, "lossy")[1].endswith("(lost)")


def test_the_whole_table_comes_of_a_recorded_file():
    text = peers.table(RECORDED["results"], RECORDED["meta"])
    assert "load average at the start of each metric: up 1.2" in text
    assert "versions: honcho 2.0.0\n" in text


# --- lines ----------------------------------------------------------------------------------------------------------


def judged(tmp_path, change, count=100):
    written = lines.log_data(tmp_path, "c0", count).read_bytes()
    file = tmp_path / "seen"
    file.write_bytes(change(written))
    return lines.judge_logs([file], ["c0"], count)


def test_whole_lines_pass_whatever_stands_before_them(tmp_path):
    verdict = judged(tmp_path, lambda text: b"".join(b"12:00 c0 | " + line for line in text.splitlines(keepends=True)))
    assert verdict == {"lost": 0, "torn": 0, "twice": 0, "disordered": 0}


def test_a_lost_line_a_torn_one_and_one_that_came_twice_are_counted(tmp_path):
    assert judged(tmp_path, lambda text: text[100:])["lost"] == 1
    assert judged(tmp_path, lambda text: text[:150] + b"\n" + text[150:]) == {
        "lost": 1, "torn": 2, "twice": 0, "disordered": 0,
    }  # fmt: skip
    assert judged(tmp_path, lambda text: text + text[-100:])["twice"] == 1


def test_two_lines_in_one_are_torn(tmp_path):
    assert judged(tmp_path, lambda text: text[:99] + text[100:])["torn"] == 1


def test_lines_in_another_order_are_told(tmp_path):
    assert judged(tmp_path, lambda text: text[100:200] + text[:100] + text[200:])["disordered"] == 1


# --- boots ----------------------------------------------------------------------------------------------------------

BOOTS = {
    "warm": {
        "floor": samples(8.0, 9.0, 7.0),
        "old way": samples(32.0, health=6.0),
        "rxlaunch": samples(10.0, 10.0, 12.0, health=5.0, returned=10.5, own_seconds=0.4, loading_seconds=0.3),
    },
    "moved": {"rxlaunch": [{"value": None, "problem": "the command ended with 13"}]},
}


def test_boots_are_compared_with_the_floor_and_the_old_way():
    text = boots.table(BOOTS, {"mode": "production"}).splitlines()
    assert row(text, "rxlaunch") == [
        "rxlaunch", "10.00 s", "10.00-12.00", "3", "0", "1.25", "0.31", "10.50 s", "0.40 s (0.30 s loading)",
        "health 5.00",
    ]  # fmt: skip
    assert row(text, "floor")[5:9] == ["1.00", "0.25", "", ""]


def test_a_failed_boot_is_told_with_its_reason_and_has_no_figure():
    text = boots.table({"moved": BOOTS["moved"]}, {})
    assert row(text.splitlines(), "rxlaunch")[1:5] == ["-", "-", "0", "1"]
    assert "- rxlaunch failed: the command ended with 13" in text


def test_a_timeline_without_the_overhead_or_no_timeline_at_all_is_no_error():
    told = {"own": {"seconds": 0.51234, "loading": 0.25, "gaps": []}, "units": []}
    assert course.own_seconds(json.dumps(told)) == {"own_seconds": 0.512, "loading_seconds": 0.25}
    assert course.own_seconds('{"own": {"seconds": 0.5, "loading": null}}') == {"own_seconds": 0.5}
    assert course.own_seconds('{"units": [], "own": null}') == {}
    assert course.own_seconds("No such command 'timeline'.") == {}
    assert course.own_seconds("[]") == {}


# --- the front door -------------------------------------------------------------------------------------------------


def test_the_package_and_the_script_of_the_same_name_do_not_meet():
    """A package goes before a module of the same name; the script is only ever run."""
    assert Path(scripts.bench.__file__).name == "__init__.py"


@pytest.mark.linux_only("elsewhere it says that it needs Linux")
def test_the_script_finds_its_package():
    command = [sys.executable, str(REPOSITORY / "scripts" / "bench.py"), "boots", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "--cases" in done.stdout
