"""What a user does with a small stack, by the real command line and real children."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request

import pytest

from tests.support.small_stacks import until


def page(stack, port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
        return answer.read()


def test_up_in_the_background_returns_when_ready_and_down_leaves_nothing(stack):
    stack.web()
    done = stack.run("up", "-d", check=0)
    assert "web" in done.stdout
    status = stack.json("status")
    assert status["running"] is True
    assert status["units"]["web"]["phase"] == "ready"
    assert page(stack, status["ports"]["web"]) == b"hello"
    stack.run("down", check=0)
    stack.assert_nothing_left()
    assert stack.run("status", check=3).stdout.startswith("nothing runs")


def test_ports_prints_one_versioned_document(stack):
    stack.web()
    stack.run("up", "-d", check=0)
    document = stack.json("ports")
    assert set(document) == {"version", "ports"}
    assert isinstance(document["ports"]["web"], int)


def test_down_with_nothing_running_succeeds_and_can_be_repeated(stack):
    stack.web()
    stack.run("down", check=0)
    stack.run("up", "-d", check=0)
    stack.run("down", check=0)
    stack.run("down", check=0)


def test_commands_that_need_a_running_stack_say_so_with_exit_code_3(stack):
    stack.web()
    for command in (
        ["ports"],
        ["restart", "web"],
        ["stop", "web"],
        ["start", "web"],
        ["why", "web"],
        ["open"],
        ["logs"],
    ):
        done = stack.run(*command, check=3)
        assert "rxlaunch up" in done.stderr


def test_a_second_up_in_the_background_succeeds_and_starts_nothing(stack):
    stack.web()
    stack.run("up", "-d", check=0)
    pid = stack.json("status")["pid"]
    assert stack.json("up", "-d")["already_running"] is True
    assert stack.json("status")["pid"] == pid


@pytest.mark.parametrize("again", [[], ["web"]])
def test_a_second_up_in_the_background_does_not_wait_for_what_was_never_selected(stack, again):
    stack.web('[services.other]\ncommand = ["{python}", "-c", "import time; time.sleep(60)"]')
    stack.run("up", "-d", "web", check=0)
    assert stack.json("up", "-d", *again)["already_running"] is True
    assert stack.unit("other")["phase"] == "pending"


def test_a_second_up_in_the_foreground_names_pid_and_ports_and_exits_with_4(stack):
    stack.web()
    stack.run("up", "-d", check=0)
    status = stack.json("status")
    done = stack.run("up", check=4)
    assert str(status["pid"]) in done.stderr
    assert str(status["ports"]["web"]) in done.stderr


def test_of_two_ups_at_once_one_wins(stack):
    stack.web()
    both = [stack.popen("up", "-d"), stack.popen("up", "-d")]
    codes = [process.communicate(timeout=60)[0] and process.returncode for process in both]
    assert codes == [0, 0]
    starts = [line for line in stack.survivors() if "supervise" in line]
    assert len(starts) == 1


def test_restart_stop_and_start_of_one_unit_leave_the_others(stack):
    stack.web(
        """
[services.other]
command = ["{python}", "-c", "import time; time.sleep(600)", "{tag}"]
"""
    )
    stack.run("up", "-d", check=0)
    before = stack.json("status")["units"]
    restarted = stack.json("restart", "web")["units"]["web"]
    assert restarted["phase"] == "ready"
    assert restarted["pid"] != before["web"]["pid"]
    stack.run("stop", "web", check=0)
    after = stack.json("status")["units"]
    assert after["web"]["phase"] == "stopped"
    assert after["other"]["pid"] == before["other"]["pid"]
    stack.run("start", "web", check=0)
    assert stack.json("status")["units"]["web"]["phase"] == "ready"


def test_a_service_that_crashes_is_started_again_and_why_tells(stack):
    stack.web()
    stack.run("up", "-d", check=0)
    first = stack.json("status")["units"]["web"]["pid"]
    os.kill(first, signal.SIGKILL)
    assert until(lambda: stack.json("status")["units"]["web"]["pid"] not in (None, first))
    assert until(lambda: stack.json("status")["units"]["web"]["phase"] == "ready")
    told = stack.run("why", "web", check=0).stdout
    assert "killed by signal 9" in told
    assert "started again" in told


def test_logs_are_there_while_it_runs_and_afterwards(stack):
    stack.web()
    stack.run("up", "-d", check=0)
    assert "listening on" in stack.run("logs", "web", check=0).stdout
    stack.run("down", check=0)
    lines = [json.loads(line) for line in stack.run("logs", "-o", "json", check=0).stdout.splitlines()]
    assert any(line["unit"] == "web" and "listening on" in line["line"] for line in lines)


def test_selecting_a_unit_starts_it_with_what_it_needs_and_naming_another_adds_that(stack):
    sleeper = """
[services.{name}]
command = ["{{python}}", "-c", "import time; time.sleep(600)", "{{tag}}"]
depends_on = [{needs}]
"""
    stack.write("".join(sleeper.format(name=n, needs=d) for n, d in (("db", ""), ("api", '"db"'), ("web", '"api"'))))
    stack.run("up", "api", "-d", check=0)
    units = stack.json("status")["units"]
    assert {name for name, unit in units.items() if unit["phase"] == "ready"} == {"db", "api"}
    stack.run("up", "web", "-d", check=0)
    assert stack.json("status")["units"]["web"]["phase"] == "ready"


def test_a_task_with_unchanged_inputs_is_skipped_with_a_reason(stack):
    (stack.root / "input.txt").write_text("1")
    stack.write(
        """
[tasks.make]
command = ["{python}", "-c", "import pathlib; pathlib.Path('out.txt').write_text('done'); print('made')"]
inputs = ["input.txt"]
outputs = ["out.txt"]
[services.sleep]
command = ["{python}", "-c", "import time; time.sleep(600)", "{tag}"]
depends_on = ["make"]
"""
    )
    phases = []
    for change in (None, None, "input", None, "output"):
        if change == "input":
            (stack.root / "input.txt").write_text("2")
        if change == "output":
            (stack.root / "out.txt").unlink()
        stack.run("up", "-d", check=0)
        phases.append(stack.json("status")["units"]["make"]["phase"])
        stack.run("down", check=0)
    assert phases == ["done", "skipped", "done", "skipped", "done"]
    plan = {row["unit"]: row["what"] for row in stack.json("up", "--dry-run")["plan"]}
    assert plan["make"] == "skip: inputs and outputs unchanged"


def test_killing_the_supervisor_leaves_nothing_and_the_next_up_works(stack):
    stack.web()
    stack.run("up", "-d", check=0)
    os.kill(stack.json("status")["pid"], signal.SIGKILL)
    stack.assert_nothing_left()
    assert "without saying goodbye" in stack.run("status", check=3).stdout
    stack.run("up", "-d", check=0)
    assert stack.json("status")["units"]["web"]["phase"] == "ready"


def test_two_checkouts_get_different_ports(stack, tmp_path):
    from tests.support.small_stacks import SmallStack

    other = SmallStack(tmp_path / "second")
    other.env["RXLAUNCH_HOME"] = stack.env["RXLAUNCH_HOME"]
    try:
        stack.web()
        other.web()
        both = [stack.popen("up", "-d"), other.popen("up", "-d")]
        for process in both:
            process.communicate(timeout=60)
            assert process.returncode == 0
        ports = {stack.json("ports")["ports"]["web"], other.json("ports")["ports"]["web"]}
        assert len(ports) == 2
    finally:
        other.clean_up()


def test_the_port_of_last_time_is_preferred(stack):
    stack.web()
    stack.run("up", "-d", check=0)
    first = stack.json("ports")["ports"]["web"]
    stack.run("down", check=0)
    stack.web(ports="web = 21900")
    stack.run("up", "-d", check=0)
    assert stack.json("ports")["ports"]["web"] == first


def test_a_dry_run_starts_nothing(stack):
    stack.web()
    done = stack.run("up", "--dry-run", check=0)
    assert "web" in done.stdout
    assert stack.survivors() == []
    stack.run("status", check=3)


def test_output_into_a_closed_pipe_does_not_stop_the_stack(stack):
    stack.web()
    up = stack.popen("up")
    up.stdout.readline()
    up.stdout.close()
    assert until(stack.is_ready, 20)
    stack.run("restart", "web", check=0)
    assert up.poll() is None
    stack.run("down", check=0)
    up.wait(10)


def test_the_stack_file_may_break_while_the_stack_runs(stack):
    stack.web()
    stack.run("up", "-d", check=0)
    (stack.root / "rxlaunch.toml").write_text("this is [not toml")
    assert stack.json("status")["units"]["web"]["phase"] == "ready"
    stack.run("down", check=0)
    stack.assert_nothing_left()


def test_version_and_help_need_no_project(tmp_path):
    for option in ("--version", "--help"):
        done = subprocess.run([sys.executable, "-m", "launcher", option], capture_output=True, text=True, check=True)
        assert "rxlaunch" in done.stdout


def test_a_watched_file_that_changes_restarts_its_service(stack):
    (stack.root / "src").mkdir()
    (stack.root / "src" / "code.txt").write_text("1")
    stack.web('watch = ["src"]')
    stack.run("up", "-d", check=0)
    first = stack.unit("web")["pid"]

    def restarted():
        (stack.root / "src" / "code.txt").write_text(str(time.monotonic()))
        time.sleep(0.5)  # longer than the watcher's debounce
        return stack.unit("web")["pid"] not in (None, first)

    assert until(restarted)
    assert until(lambda: stack.unit("web")["phase"] == "ready")


def test_up_prints_one_json_event_a_line_when_json_is_asked_for(stack):
    stack.web()
    up = stack.popen("up", "-o", "json")
    kinds = []
    for line in up.stdout:
        kinds.append(json.loads(line)["type"])
        if kinds[-1] == "StackReady":
            break
    assert kinds[0] == "StackStarting"
    assert "UnitReady" in kinds
    up.send_signal(signal.SIGINT)
    up.communicate(timeout=20)
    assert up.returncode == 130


def test_a_project_with_a_folder_named_like_our_package_does_not_replace_it(stack):
    (stack.root / "launcher").mkdir()
    (stack.root / "launcher" / "__init__.py").write_text("raise SystemExit('hijacked')")
    stack.web()
    done = stack.run("up", "-d")
    assert "hijacked" not in done.stdout + done.stderr


def test_a_dry_run_changes_nothing_of_a_running_stack(stack):
    stack.web()
    stack.run("up", "-d", check=0)
    ports = stack.json("ports")["ports"]
    assert stack.json("up", "--dry-run")["ports"] == ports
    stack.run("down", check=0)
    stack.run("up", "-d", check=0)
    assert stack.json("ports")["ports"] == ports
