"""`rxlaunch check` as it is typed: what it needs, what it leaves out, its exit codes, its files, and what it hides."""

import json
import subprocess
import time
from xml.etree import ElementTree as ET

import pytest

from tests.support.judged import KEY, shop
from tests.support.marketplace import Reply, Web, as_json
from tests.support.small_stacks import until

PASSWORD = "correct-horse-battery-9"


@pytest.fixture
def web():
    with Web() as server:
        yield shop(server)


@pytest.fixture
def deployment(stack, web):
    """The command line, told the secrets of a deployment by its environment."""
    stack.env |= {
        "NEXT_PUBLIC_MEDUSA_PUBLISHABLE_KEY": KEY,
        "RXLAUNCH_ADMIN_EMAIL": "admin@shop.local",
        "RXLAUNCH_ADMIN_PASSWORD": PASSWORD,
    }
    url = f"http://127.0.0.1:{web.port}"
    stack.urls = ("--url", f"backend={url}", "--url", f"storefront={url}/")
    return stack


def verdicts(done):
    document = json.loads(done.stdout)
    assert document["version"] == 1
    return {one["id"]: one["verdict"] for one in document["rounds"][0]["findings"]}


def test_without_a_stack_it_says_how_to_start_one(stack):
    stack.web()
    done = stack.run("check", check=3)
    assert "nothing runs" in done.stderr
    assert "rxlaunch up" in done.stderr
    assert stack.run("check", "smoke", "env", check=3)


def test_env_is_checked_without_a_stack_that_runs(stack):
    stack.write(
        """
        [contracts.web]
        API_SECRET = { secret = true, min_length = 64 }
        API_URL = {}
        [services.web]
        command = ["{python}", "server.py", "1"]
        contract = "web"
        env = { API_URL = "http://localhost:1" }
        """
    )
    stack.env["API_SECRET"] = "short-and-secret"
    done = stack.run("check", "env", "-o", "json", check=16)
    assert verdicts(done)["env.contract web"] == "failed"
    assert "must be at least 64" in done.stdout
    assert "short-and-secret" not in done.stdout
    stack.env["API_SECRET"] = "s" * 64
    assert stack.run("check", "env", check=0)


def test_a_running_stack_is_checked_by_its_own_state(stack):
    stack.web()
    stack.run("up", "-d", check=0)
    done = stack.run("check", "smoke", "-o", "json", check=0)
    assert verdicts(done)["smoke.listener web"] == "passed"
    assert json.loads(done.stdout)["rounds"][0]["timeline"][0]["unit"] == "web"


def test_each_finding_is_told_in_a_line_and_the_last_one_counts(deployment):
    done = deployment.run("check", "smoke", *deployment.urls, check=0)
    lines = done.stdout.splitlines()
    assert any(line.startswith("✔ smoke.key ") for line in lines)
    assert any(line.startswith("– smoke.listener backend") and "left out" in line for line in lines)
    assert lines[-1].startswith("✔ ")
    assert "0 failed, 2 left out" in lines[-1]


def test_of_a_deployment_what_asks_files_and_processes_is_left_out_by_name(deployment):
    found = verdicts(deployment.run("check", "env", "schema", "smoke", "admin", *deployment.urls, "-o", "json"))
    assert {name for name, verdict in found.items() if verdict == "left-out"} >= {
        "env.node", "schema.database", "schema.migrations", "smoke.listener backend", "admin.files", "admin.build",
    }  # fmt: skip
    assert found["admin.served"] == found["smoke.storefront"] == found["smoke.login"] == "passed"


def test_what_is_wrong_gives_exit_code_16_a_remedy_and_a_failed_case(deployment, web, tmp_path):
    web.pages["/app/assets/index-a.js"] = Reply("<html>")
    done = deployment.run(
        "check", "admin", *deployment.urls, "--junit", f"{tmp_path}/new/j.xml", "--html", f"{tmp_path}/r.html", check=16
    )
    assert "✘ admin.served" in done.stdout
    assert "known failure: asset-missing" in done.stdout
    assert "try: " in done.stdout
    suites = ET.parse(tmp_path / "new" / "j.xml").getroot()
    assert suites.find("testsuite/testcase[@name='served']/failure").get("type") == "asset-missing"
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "index-a.js is missing" in page
    assert f"wrote {tmp_path}/r.html" in done.stdout


def test_a_secret_that_a_server_says_back_leaves_in_no_form(deployment, web, tmp_path):
    web.pages["POST /auth/user/emailpass"] = as_json({"message": f"no {PASSWORD}"}, 500)
    web.pages["/admin/custom/stats"] = as_json({"message": f"broken for {PASSWORD}"}, 500)
    web.pages["/store/regions"] = as_json({"message": f"no {PASSWORD}", "regions": None}, 418)
    (deployment.root / "rxlaunch.toml").write_text(
        '[checks]\nroutes = ["/admin/custom/stats"]\n[services.x]\ncommand = "x"'
    )
    files = ("--junit", f"{tmp_path}/j.xml", "--html", f"{tmp_path}/r.html")
    for output in ("text", "json"):
        done = deployment.run("check", "smoke", *deployment.urls, *files, "-o", output, check=16)
        assert "***" in done.stdout
        shown = done.stdout + done.stderr + (tmp_path / "j.xml").read_text() + (tmp_path / "r.html").read_text()
        assert PASSWORD not in shown
    assert "broken for ***" in (tmp_path / "r.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nonsense",), "no group of checks named 'nonsense'"),
        (("--url", "backend"), "is not NAME=ADDRESS"),
        (("--url", "backend=shop.example"), "not an address"),
        (("--url", "backend=ftp://shop.example"), "not an address"),
        (("--url", "backend=http://[::1"), "not an address"),
        (("--url", "Back End=http://x"), "not an address"),
        (("--url", "backend=https://me:hunter2hunter2@shop.example"), "would be seen by everybody"),
    ],
)
def test_what_cannot_be_asked_is_told(stack, arguments, told):
    done = stack.run("check", *arguments, check=2)
    assert told in done.stderr
    assert "hunter2" not in done.stderr + done.stdout


def test_a_report_that_cannot_be_written_is_told(deployment, tmp_path):
    (tmp_path / "file").write_text("")
    done = deployment.run("check", "smoke", *deployment.urls, "--html", f"{tmp_path}/file/r.html", check=1)
    assert "cannot write" in done.stderr


def test_a_deployment_that_does_not_answer_fails_once(stack):
    done = stack.run("check", "smoke", "--url", "backend=http://127.0.0.1:9", "-o", "json", check=16)
    found = verdicts(done)
    assert [name for name, verdict in found.items() if verdict == "failed"] == ["smoke.health"]


BEATS = """
import pathlib, subprocess, sys, time
if len(sys.argv) == 1:
    subprocess.Popen([sys.executable, __file__, "child"], start_new_session=True)
    time.sleep(60)
while True:
    pathlib.Path("beat").write_text(str(time.time())); time.sleep(0.02)
"""


def test_nothing_of_a_baseline_outlives_the_command_however_it_ends(stack):
    (stack.root / "beats.py").write_text(BEATS)
    stack.write('[checks]\nbaseline = ["{python}", "beats.py"]\n[services.x]\ncommand = "x"')
    command = [*stack.command, "-P", "-m", "launcher", "check", "baseline"]
    beat = stack.root / "beat"
    with subprocess.Popen(command, cwd=stack.root, env=stack.env, stdout=subprocess.DEVNULL) as checking:
        assert until(beat.exists)
        checking.kill()
    assert until(lambda: is_still(beat))


def is_still(beat):
    """Whether nobody writes the file any more."""
    before = beat.read_text()
    time.sleep(0.2)
    return beat.read_text() == before
