"""A stage that fails says which unit, why, the last answer, the last lines, what to do; and leaves nothing (row 70)."""

import json
import pathlib
import socket
import subprocess
import sys

import pytest

FAILING = """
[services.pg]
command = ["{python}", "-c", "import time; time.sleep(600)", "{tag}"]
[tasks.work]
command = ["{python}", "-c", "import sys; [print('line', n) for n in range(50)]; sys.exit(7)"]
depends_on = { pg = "healthy" }
stage = "STAGE"
"""


STAGES = {
    "dependencies": 10,
    "schema": 11,
    "build": 12,
    "backend": 13,
    "key": 14,
    "storefront": 15,
    "verify": 16,
    "mine": 1,
}
CASES = [*((stage, code, False) for stage, code in STAGES.items()), ("schema", 11, True), ("mine", 1, True)]


@pytest.mark.parametrize(("stage", "code", "detached"), CASES)
def test_the_exit_code_is_that_of_the_stage(stack, stage, code, detached):
    stack.write(FAILING.replace("STAGE", stage))
    done = stack.run("up", *(["-d"] if detached else []), check=code)
    assert "work" in done.stdout
    assert "exited with code 7" in done.stdout
    assert "line 49" in done.stdout
    assert "line 29\n" not in done.stdout.partition("last")[2]
    stack.assert_nothing_left(1)


def test_a_service_that_never_gets_ready_is_given_up_with_its_last_answer(stack):
    stack.web('env = { GATE = "never" }')
    text = (stack.root / "rxlaunch.toml").read_text().replace("deadline = 20", "deadline = 1")
    (stack.root / "rxlaunch.toml").write_text(text)
    done = stack.run("up", check=1)
    assert "not ready after 1 s" in done.stdout
    assert "503" in done.stdout
    stack.assert_nothing_left(1)


def test_the_wait_timeout_exits_with_17_and_leaves_nothing(stack):
    stack.web('env = { GATE = "never" }')
    for arguments in (["up", "--wait-timeout", "1.5"], ["up", "-d", "--wait-timeout", "1.5"]):
        done = stack.run(*arguments, check=17)
        assert "web" in done.stdout
        stack.assert_nothing_left(1)


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ('["rx-no-such-program"]', "rx-no-such-program"),
        ('["./plain.txt"]', "plain.txt"),
        ('["./badbang"]', "badbang"),
    ],
)
def test_a_command_that_cannot_start_is_named_with_a_hint(stack, command, says):
    (stack.root / "plain.txt").write_text("not a program")
    bad = stack.root / "badbang"
    bad.write_text("#!/no/such/interpreter\n")
    bad.chmod(0o755)
    stack.write(f'[services.x]\ncommand = {command}\n[services.y]\ncommand = ["{{python}}"]\ndepends_on = ["x"]\n')
    done = stack.run("up", check=1)
    assert says in done.stdout
    assert "y" not in [line.split()[1] for line in done.stdout.splitlines() if line.split()[1:2] and "ready" in line]
    stack.assert_nothing_left(1)


def test_a_working_directory_that_is_missing_is_named(stack):
    stack.write('[services.x]\ncommand = ["{python}"]\ncwd = "no/such/dir"\n')
    done = stack.run("up", check=1)
    assert "no/such/dir" in done.stdout


def test_a_fixed_port_that_is_taken_names_its_holder_and_exits_with_4(stack):
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        port = stranger.getsockname()[1]
        stack.web(ports=f"web = {{ fixed = {port} }}")
        done = stack.run("up", check=4)
        assert str(port) in done.stderr
        assert "pid" in done.stderr
        assert stack.run("up", "-d", check=4).returncode == 4
        stack.web()
        assert stack.run("up", "--port", f"web={port}", check=4).returncode == 4
        stack.web(ports=f"web = {port}")
        assert stack.run("up", "--strict-ports", check=4).returncode == 4
        stack.run("up", "-d", check=0)
        assert stack.json("ports")["ports"]["web"] != port


def test_a_service_that_ends_at_once_has_failed_even_with_0(stack):
    stack.write('[services.x]\ncommand = ["{python}", "-c", "print(1)"]\nreadiness = { log_line = "never" }\n')
    assert "exited with code 0 before it was ready" in stack.run("up", check=1).stdout


def test_background_children_of_a_service_that_ended_are_killed_and_named(stack):
    code = f"import subprocess; subprocess.Popen([{sys.executable!r}, '-c', 'import time; time.sleep(600)', '{{tag}}'])"
    stack.write(f'[tasks.x]\ncommand = ["{{python}}", "-c", "{code}"]\n')
    stack.run("up", "-d", check=0)
    assert not [line for line in stack.survivors() if "time.sleep(600)" in line]


@pytest.mark.parametrize("content", ["", "{", '{"version": 99}', "\x00\xff garbage", "[]", '{"version": 1}'])
def test_a_corrupt_state_file_is_put_aside_and_nothing_is_lost(stack, content):
    stack.web()
    stack.run("up", "-d", check=0)
    stack.run("down", check=0)
    state = next(stack.home.glob("stacks/*/state.json"))
    state.write_text(content)
    stack.run("status", check=3)
    stack.run("up", "-d", check=0)
    assert stack.json("status")["units"]["web"]["phase"] == "ready"


def test_a_state_directory_that_cannot_be_written_is_named_with_the_way_out(stack):
    stack.web()
    stack.home.write_text("a file where a directory should be")
    done = stack.run("up", check=2)
    assert str(stack.home) in done.stderr
    assert "RXLAUNCH_HOME" in done.stderr


def test_errors_are_json_when_json_was_asked_for(stack):
    stack.write("[services.x]\ncomand = 1\n")
    document = json.loads(stack.run("up", "-o", "json", check=2).stdout)
    assert document["error"]["exit_code"] == 2
    assert any("command" in problem["what"] for problem in document["error"]["problems"])


def test_a_directory_without_a_stack_says_what_to_do(stack):
    done = stack.run("up", check=2)
    assert "rxlaunch init --sample" in done.stderr


def test_unknown_units_are_named_with_those_there_are(stack):
    stack.web()
    assert "web" in stack.run("up", "wep", check=2).stderr
    stack.run("up", "-d", check=0)
    assert "web" in stack.run("restart", "wep", check=2).stderr


@pytest.mark.parametrize("arguments", [["up"], ["up", "-d"]])
def test_a_supervisor_that_cannot_open_its_door_says_so_with_a_remedy_and_leaves_nothing(stack, arguments):
    stack.web()
    stack.run("up", "-d", check=0)
    (control,) = stack.home.glob("stacks/*/control.json")
    door = pathlib.Path(json.loads(control.read_text())["socket"])
    stack.run("down", check=0)
    door.mkdir()
    try:
        told = stack.run(*arguments, check=1)
        assert "is not a socket of ours" in told.stdout
        assert "try: remove it after a look at it" in told.stdout
        stack.assert_nothing_left(1)
    finally:
        door.rmdir()


def test_every_variable_that_no_one_set_is_told_at_once_and_nothing_starts(stack):
    stack.web("""
[services.first]
command = ["{python}", "-c", "pass", "${env.FIRST_ONE}", "{tag}"]
[services.second]
command = ["{python}", "-c", "pass", "{tag}"]
env = { A = "${env.SECOND_ONE}", B = "${env.HOME}" }
readiness = { tcp = "127.0.0.1:${env.THIRD_ONE}" }
""")
    told = stack.run("up", check=2)
    for name in ("FIRST_ONE", "SECOND_ONE", "THIRD_ONE"):
        assert f"the variable {name} is not set" in told.stderr
    assert "HOME" not in told.stderr
    assert "first: " in told.stderr
    assert not stack.survivors()


def test_a_variable_that_the_unit_gives_itself_is_no_problem(stack):
    stack.web("""
[services.own]
command = ["{python}", "-c", "import time; print('up', flush=True); time.sleep(60)", "${env.MINE}", "{tag}"]
env = { MINE = "yes" }
readiness = { log_line = "up" }
""")
    stack.run("up", "-d", check=0)
    assert stack.unit("own")["phase"] == "ready"


def test_a_port_of_a_name_that_is_not_there_is_refused(stack):
    stack.web()
    told = stack.run("up", "-d", "--port", "wbe=21777", check=2).stderr
    assert "no port named 'wbe'" in told
    assert "there are web" in told
    assert not stack.survivors()


@pytest.mark.parametrize("command", [["status"], ["up", "-d"], ["down"]])
def test_a_current_directory_that_was_removed_is_told_as_such(stack, command):
    gone = stack.root / "gone"
    gone.mkdir()
    line = [
        sys.executable,
        "-P",
        "-c",
        "import os; os.rmdir(os.getcwd()); from launcher.cli import main; main()",
        *command,
    ]
    done = subprocess.run(line, cwd=gone, env=stack.env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2, done.stderr
    assert "the current directory does not exist any more" in done.stderr
