"""`doctor` on stacks without a marketplace, and the parts that change what is the user's."""

import json

import pytest

from launcher.app.doctor.patient import meet
from launcher.app.doctor.repairs import _edit
from launcher.app.request import Request
from launcher.stack.envfiles import edited

ENV = "# mine\nexport A=\"1\"\nB=two # comment\n\nC='3'\n"


def consult(stack, *arguments, check):
    return stack.json("doctor", *arguments, check=check)


def failing(document):
    return {one["id"]: one for one in document["findings"] if one["verdict"] == "failed"}


def test_a_stack_in_order_is_well_running_or_not(stack):
    stack.web()
    assert consult(stack, check=0)["healthy"]
    stack.run("up", "-d", check=0)
    assert consult(stack, check=0)["healthy"]


def test_a_stack_that_failed_last_time_is_told_with_its_own_words_until_it_starts(stack):
    stack.write('[tasks.web]\ncommand = ["{python}", "-c", "raise SystemExit(3)"]\n')
    assert stack.run("up", "-d").returncode
    found = failing(consult(stack, check=16))
    assert "web failed" in found["last-run.end"]["evidence"]
    stack.web()
    stack.run("up", "-d", check=0)
    consult(stack, check=0)


def test_a_known_failure_is_called_by_its_name_by_up_why_and_doctor(stack):
    script = "print('Error: listen EADDRINUSE: address already in use :::9001'); raise SystemExit(1)"
    stack.write(f'[tasks.web]\ncommand = ["{{python}}", "-c", "{script}"]\n')
    name = "(port-taken)"
    assert name in stack.run("up", "-d").stdout
    assert name in stack.run("why", "web", check=0).stdout
    assert stack.json("why", "web")["known_failure"] == "port-taken"
    assert name in stack.run("doctor", "--fix").stdout + stack.run("doctor").stdout


def test_a_file_that_is_no_toml_is_a_finding_and_no_end(stack):
    (stack.root / "rxlaunch.toml").write_text("[ports\n")
    found = failing(consult(stack, check=16))
    assert found.keys() == {"machine.stack-file"}
    assert "stack-file" in stack.run("doctor", check=16).stdout


def test_outside_of_any_project_it_says_where_to_go(stack):
    found = failing(consult(stack, check=16))
    assert "rxlaunch init" in found["machine.stack-file"]["remedy"]


def test_a_port_is_named_with_its_holder(stack, tmp_path):
    stack.web()
    stack.run("up", "-d", check=0)
    port = stack.json("ports")["ports"]["web"]
    (tmp_path / "other").mkdir()
    mine = (stack.root / "rxlaunch.toml").read_text()
    (tmp_path / "other" / "rxlaunch.toml").write_text(mine.replace("web = 21000", f"web = {{ fixed = {port} }}"))
    found = failing(json.loads(stack.run("doctor", "-o", "json", "-C", str(tmp_path / "other"), check=16).stdout))
    assert found["machine.port web"]["failure"] == "port-taken"
    assert "python" in found["machine.port web"]["evidence"]


# --- .env files -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "after"),
    [
        ({}, ENV),
        ({"B": None}, "# mine\nexport A=\"1\"\n\nC='3'\n"),
        ({"A": "9", "C": None}, "# mine\nA=9\nB=two # comment\n\n"),
        ({"absent": "1"}, ENV),
    ],
)
def test_an_edit_changes_what_it_names_and_nothing_else(changes, after):
    assert edited(ENV, changes) == after


def test_an_edited_file_is_kept_as_it_was_and_keeps_its_mode(stack, monkeypatch):
    monkeypatch.setenv("RXLAUNCH_HOME", str(stack.home))
    stack.web()
    file = stack.root / ".env"
    file.write_text("B=2\nA=1\n")
    file.chmod(0o640)
    patient = meet(Request(stack.root))
    told = _edit(patient, {"A": None})
    assert file.read_text() == "B=2\n"
    assert file.stat().st_mode & 0o777 == 0o640
    (copy,) = (patient.paths.home / "backups").iterdir()
    assert copy.read_text() == "B=2\nA=1\n"
    assert str(copy) in told


def test_without_consent_nothing_is_edited_and_every_problem_is_told_once(stack):
    contract = "[contracts.web]\nJWT_SECRET = { secret = true, min_length = 64, generate = 64 }"
    stack.web(f'contract = "web"\n{contract}')
    (stack.root / ".env").write_text("JWT_SECRET=supersecret-4417\n")
    told = stack.run("doctor", "--fix", check=16).stdout
    assert told.count("(secret-short)") == 1
    assert "--yes allows it" in told
    assert "4417" not in told
    assert "JWT_SECRET" in (stack.root / ".env").read_text()
    assert stack.run("doctor", "--fix", "--yes", check=0).stdout.splitlines()[-1].startswith("well")
    assert (stack.root / ".env").read_text() == ""
