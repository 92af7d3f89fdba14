"""`rxlaunch gate` on a small stack: rounds on clean processes, what it refuses, how it fails, and nothing left."""

import json
import os
import signal

import pytest

from tests.support.small_stacks import until

ENDS_ONCE = """
import pathlib, time
if not pathlib.Path("once").exists():
    pathlib.Path("once").touch()
    exit(3)
pathlib.Path("again").touch()
time.sleep(600)
"""


def findings(document):
    return {found["id"]: found for found in document["rounds"][-1]["findings"]}


def test_each_round_boots_asks_and_stops_and_the_reports_are_written(stack, tmp_path):
    stack.web()
    done = stack.run("gate", "--repeat", "2", "--junit", str(tmp_path / "j.xml"), "--html", str(tmp_path / "g.html"))
    assert done.returncode == 0, done.stdout + done.stderr
    for word in ("round 1 of 2", "round 2 of 2", "✔ boot.ready", "✔ smoke.listener web", "✔ boot.stopped", "0 failed"):
        assert word in done.stdout
    assert "there is neither a backend nor a storefront to look at" in done.stdout
    assert 'tests="' in (tmp_path / "j.xml").read_text(encoding="utf-8")
    assert "round 2 of 2" in (tmp_path / "g.html").read_text(encoding="utf-8")
    stack.assert_nothing_left()
    (kept,) = stack.home.glob("stacks/*/history.json")
    assert len(json.loads(kept.read_text())["boots"]) == 2


def test_a_stack_that_runs_is_not_judged_but_may_be_stopped_first(stack):
    stack.web()
    stack.run("up", "-d", check=0)
    refused = stack.run("gate", check=4)
    assert "rxlaunch down, or rxlaunch gate --relaunch" in refused.stderr
    assert stack.is_ready()
    assert "stopped project" in stack.run("gate", "--relaunch", "--repeat", "1", check=0).stdout
    stack.assert_nothing_left()


def test_a_boot_that_fails_names_its_unit_and_the_other_groups_are_left_out_by_name(stack):
    stack.web(extra='[tasks.mail]\ncommand = ["{python}", "-c", "print(\'no such queue\'); exit(3)"]')
    document = stack.json("gate", "--repeat", "2", check=16)
    assert [len(each["findings"]) for each in document["rounds"]] == [7, 7]
    found = findings(document)
    assert found["boot.ready"]["verdict"] == "failed"
    assert found["boot.ready"]["evidence"].startswith("mail failed: ")
    assert "no such queue" in found["boot.ready"]["details"]
    for group in ("schema", "smoke", "admin", "browser", "tenants"):
        assert found[f"{group}.questions"]["verdict"] == "left-out"
    assert {row["unit"]: row["phase"] for row in document["rounds"][0]["timeline"]}["mail"] == "failed"
    stack.assert_nothing_left()


def test_a_service_that_does_not_stay_up_fails_the_round(stack):
    (stack.root / "mail.py").write_text(ENDS_ONCE, encoding="utf-8")
    stack.env["GATE"] = str(stack.root / "again")  # the stack is ready once the service was started again
    stack.web(extra='[services.mail]\ncommand = ["{python}", "mail.py", "{tag}"]')
    found = findings(stack.json("gate", "--repeat", "1", check=16))
    assert {name for name, each in found.items() if each["verdict"] == "failed"} == {"boot.steady"}
    assert "mail is ready (restarts: 1)" in found["boot.steady"]["evidence"]


@pytest.mark.linux_only("sends POSIX signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("moment", ["while it boots", "while it asks"])
def test_when_it_is_interrupted_everything_is_stopped(stack, number, code, moment):
    stack.web()
    if moment == "while it boots":
        stack.env["GATE"] = str(stack.root / "never")
    process = stack.popen("gate", "--repeat", "50", process_group=0)
    wanted = "starting" if moment == "while it boots" else "boot.ready"
    seen = ""
    while wanted not in seen:
        line = process.stdout.readline()
        assert line, seen
        seen += line
    os.killpg(process.pid, number)
    rest = process.communicate(timeout=30)[0]
    assert process.returncode == code, seen + rest
    assert "Traceback" not in rest
    assert until(lambda: stack.run("status").returncode == 3)
    stack.assert_nothing_left()


def test_a_deployment_is_judged_without_booting_anything(stack):
    stack.web()
    document = stack.json("gate", "--repeat", "2", "--url", "backend=http://127.0.0.1:9", check=16)
    assert len(document["rounds"]) == 2
    assert not any(name.startswith("boot.") for name in findings(document))
    assert findings(document)["schema.database"]["verdict"] == "left-out"
    assert stack.run("status").returncode == 3
