"""`rxlaunch timeline` and `up --timeline` on small real stacks: running, stopped, failed, and still booting."""

import json
import re

import pytest

from launcher.paths import for_root
from tests.support.small_stacks import until

STACK = """
name = "shop"
[ports]
web = {}
[tasks.work]
command = ["{python}", "-c", "print('worked')", "{tag}"]
inputs = ["server.py"]
[tasks.beside]
command = ["{python}", "-c", "print('worked')", "{tag}"]
[services.web]
command = ["{python}", "server.py", "${port.web}", "{tag}"]
readiness = { http = "${url.web}/", deadline = 60 }
depends_on = { work = "completed" }
stop = { grace = 3 }
"""
FAILING = STACK.replace('print(\'worked\')", "{tag}"]\ninputs', 'raise SystemExit(7)", "{tag}"]\ninputs')
BOOTING = STACK.replace("[services.web]", '[services.web]\nenv = { GATE = "open" }')
SENTENCE = "critical path  work "


@pytest.fixture
def paths(stack, monkeypatch):
    monkeypatch.setenv("RXLAUNCH_HOME", str(stack.home))
    return for_root(stack.root)


def by_name(document):
    return {row["unit"]: row for row in document["units"]}


def kinds(row):
    return [segment["kind"] for segment in row["segments"]]


def test_without_a_boot_it_says_so_with_exit_code_3(stack):
    stack.write(STACK)
    done = stack.run("timeline", check=3)
    assert "no boot of " in done.stderr
    assert "try: rxlaunch up --timeline" in done.stderr
    assert json.loads(stack.run("timeline", "-o", "json", check=3).stdout)["error"]["exit_code"] == 3


def test_the_boot_of_a_running_stack_and_of_one_that_was_stopped(stack):
    stack.write(STACK)
    stack.run("up", "-d", check=0)
    running = stack.json("timeline")
    assert (running["version"], running["outcome"], running["name"]) == (1, "ready", "shop")
    rows = by_name(running)
    assert kinds(rows["web"]) == ["waiting", "working", "probing", "ready"]
    assert kinds(rows["work"]) == ["working"]
    assert rows["web"]["needs"] == ["work"]
    assert [step["unit"] for step in running["path"]] == ["work", "web"]
    assert [name for name, row in rows.items() if row["critical"]] == ["work", "web"]
    stack.run("down", check=0)
    assert {**stack.json("timeline"), "history": []} == {**running, "history": []}
    assert SENTENCE in stack.run("timeline", check=0).stdout


def test_the_document_says_what_is_rxlaunchs_own(stack):
    stack.write(STACK)
    stack.run("up", "-d", check=0)
    found = stack.json("timeline")
    own, seconds = found["own"], found["seconds"]
    assert 0 < own["seconds"] < seconds
    assert own["loading"] > 0
    assert own["gaps"][0]["from"] == 0.0, "what is prepared before the first unit is our own"
    assert own["seconds"] == pytest.approx(sum(gap["to"] - gap["from"] for gap in own["gaps"]), abs=0.01)
    events = [json.loads(line) for line in next(stack.home.glob("stacks/*/events.ndjson")).read_text().splitlines()]
    assert {event["unit"] for event in events if event["type"] == "UnitWorked"} == {"work", "beside"}
    probed = [(event["unit"], event["generation"]) for event in events if event["type"] == "UnitProbing"]
    assert {unit for unit, _ in probed} == {"web"}
    assert len(set(probed)) == len(probed), "it is told once that a service is asked, not with every question"
    told = re.search(r"rxlaunch's own: ([\d.]+) s \+ ([\d.]+) s loading", stack.run("timeline").stdout)
    assert [float(number) for number in told.groups()] == pytest.approx([own["seconds"], own["loading"]], abs=0.02)


def test_a_second_boot_stands_beside_the_first_and_tells_what_was_skipped(stack):
    stack.write(STACK)
    for _ in range(2):
        stack.run("up", "-d", check=0)
        stack.run("down", check=0)
    found = stack.json("timeline")
    assert by_name(found)["work"]["phase"] == "skipped"
    beside = {each["name"]: each for each in found["history"]}
    assert (beside["web"]["boots"], beside["web"]["grew"]) == (1, False)
    assert beside["web"]["p50"] > 0
    assert beside["work"]["seconds"] is None
    assert "skipped  work: inputs and outputs unchanged" in stack.run("timeline").stdout
    assert "usual" in stack.run("timeline").stdout


def test_what_took_much_longer_than_it_does_here_is_told(stack, paths):
    stack.write(STACK)
    stack.run("up", "-d", check=0)
    kept = json.loads(paths.history.read_text())
    (this,) = kept["boots"]
    faster = dict.fromkeys(this["seconds"], -10.0)  # as if it had been the usual here
    kept["boots"] = [*({**this, "instance": f"i{number}", "seconds": faster} for number in range(5)), this]
    paths.history.write_text(json.dumps(kept))
    shown = stack.run("timeline").stdout
    assert re.search(r"^grew  web \(stage services\) took .*\(median of 5 boots\)$", shown, re.MULTILINE)


def test_up_draws_the_boot_once_it_is_ready_and_ready_again(stack):
    stack.write(STACK)
    assert SENTENCE in stack.run("up", "-d", "--timeline", check=0).stdout
    again = stack.run("up", "-d", "--timeline", check=0).stdout
    assert "already running" in again
    assert SENTENCE in again
    assert stack.json("up", "-d", "--timeline")["timeline"]["outcome"] == "ready"
    stack.run("down", check=0)
    assert stack.json("up", "-d", "--timeline")["timeline"]["outcome"] == "ready"
    stack.run("down", check=0)
    assert SENTENCE not in stack.run("up", "-d", check=0).stdout


@pytest.mark.parametrize("detached", [True, False], ids=["detached", "attached"])
def test_a_boot_that_failed_is_drawn_to_its_failure(stack, detached):
    stack.write(FAILING)
    done = stack.run("up", "--timeline", *(["-d"] if detached else []), check=1)
    assert done.stdout.count("critical path  work ") == 1
    found = stack.json("timeline")
    assert (found["outcome"], found["reason"]) == ("failed", "work failed")
    rows = by_name(found)
    assert rows["work"]["phase"] == "failed"
    assert rows["work"]["note"].endswith("exited with code 7")
    assert kinds(rows["web"]) == ["waiting"]
    assert "never begun  web" in stack.run("timeline").stdout


def test_up_in_the_foreground_draws_it_below_its_lines(stack):
    stack.write(STACK)
    process = stack.popen("up", "--timeline")
    try:
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("rxlaunch's own: "):
                break
        assert any(SENTENCE in line for line in lines), "".join(lines)
        assert any("shop: ready in " in line for line in lines)
    finally:
        stack.run("down", check=0)
        process.communicate(timeout=60)


def test_up_with_json_has_the_timeline_as_one_more_object(stack):
    stack.write(STACK)
    process = stack.popen("up", "--timeline", "-o", "json")
    try:
        found = next(each for line in process.stdout if (each := json.loads(line))["type"] == "Timeline")
        assert (found["version"], found["outcome"]) == (1, "ready")
    finally:
        stack.run("down", check=0)
        process.communicate(timeout=60)


def test_a_boot_that_goes_on_is_drawn_as_far_as_it_is(stack):
    stack.write(BOOTING)
    process = stack.popen("up")
    try:
        assert until(lambda: stack.run("status").returncode == 0, 60)
        assert until(lambda: kinds(by_name(stack.json("timeline"))["web"])[-1:] == ["probing"], 60)
        found = stack.json("timeline")
        assert (found["outcome"], found["own"]["seconds"]) == ("booting", None)
        assert [step["unit"] for step in found["path"]] == ["work", "web"]
        assert "still booting, " in stack.run("timeline").stdout
        (stack.root / "open").touch()
        assert until(lambda: stack.json("timeline")["outcome"] == "ready", 60)
    finally:
        stack.run("down", check=0)
        process.communicate(timeout=60)


def test_a_boot_whose_supervisor_was_killed_is_told_as_such(stack):
    stack.write(BOOTING)
    process = stack.popen("up")
    assert until(lambda: stack.run("status").returncode == 0, 60)
    process.kill()
    process.communicate(timeout=60)
    stack.run("down")
    assert stack.json("timeline")["outcome"] == "ended"
    assert "its supervisor ended after " in stack.run("timeline").stdout


def test_the_page_is_written_to_a_file_and_to_the_output(stack, tmp_path):
    stack.write(STACK)
    stack.run("up", "-d", check=0)
    file = tmp_path / "new" / "boot.html"
    done = stack.run("timeline", "--html", str(file), check=0)
    assert f"wrote {file}" in done.stdout
    assert SENTENCE in done.stdout
    page = file.read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    stack.env["PYTHONIOENCODING"] = "ascii"
    printed = stack.run("timeline", "-o", "html", check=0).stdout
    assert printed.isascii()
    assert "shop: the boot" in printed
    assert "\N{BLACK DIAMOND}" in page
    assert "&#9670;" in printed


def test_a_page_that_cannot_be_written_is_an_error_with_its_reason(stack, tmp_path):
    stack.write(STACK)
    stack.run("up", "-d", check=0)
    (tmp_path / "file").touch()
    done = stack.run("timeline", "--html", str(tmp_path / "file" / "boot.html"), check=1)
    assert "cannot write " in done.stderr


@pytest.mark.parametrize("columns", [60, 100, 200])
def test_the_drawing_fits_the_terminal_and_its_encoding(stack, columns):
    stack.write(STACK)
    stack.run("up", "-d", check=0)
    stack.env |= {"COLUMNS": str(columns), "PYTHONIOENCODING": "ascii"}
    shown = stack.run("timeline", check=0).stdout
    assert max(map(len, shown.splitlines())) <= columns
    assert shown.isascii()
    assert re.search(r"^\* web +\.", shown, re.MULTILINE)


def test_an_event_file_that_is_spoilt_or_of_another_version_is_drawn_as_far_as_it_is_understood(stack, paths):
    stack.write(STACK)
    stack.run("up", "-d", check=0)
    stack.run("down", check=0)
    lines = [json.loads(line) for line in paths.events.read_text().splitlines()]
    older = [
        {name: value for name, value in line.items() if name not in ("needs", "asked_at")}
        for line in lines
        if line["type"] not in ("UnitWorked", "UnitProbing")
    ]
    paths.events.write_text("\n".join([*map(json.dumps, older), '{"type": "Unheard"}', "torn{"]))
    found = stack.json("timeline")
    assert (found["outcome"], found["own"]["seconds"], found["own"]["loading"]) == ("ready", None, None)
    assert [step["unit"] for step in found["path"]] == ["work", "web"]
