"""`rxlaunch ci -- CMD…`: CMD's code, its environment, what is left behind (nothing), and what is told of it."""

import json
import os
import re
import shutil
import signal
import tempfile
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

import pytest

from tests.security import canaries
from tests.support.small_stacks import until

ASKS = """
import json, os, sys, urllib.request
print(urllib.request.urlopen(os.environ["BASE_URL"]).read().decode())
json.dump(dict(os.environ), open(sys.argv[1], "w"))
sys.exit(int(sys.argv[2]))
"""
_FORMS = canaries.TELLER[canaries.TELLER.index("def forms") : canaries.TELLER.index("def tell_all")]
SOUNDS_SECRET = "sounds-secret-5150"  # of a variable that no contract names
TELLS = f"""
import base64, json, os
from urllib.parse import quote, quote_plus
{_FORMS}
for value in {(*canaries.GIVEN, SOUNDS_SECRET)!r}:
    for form in forms(value): os.write(1, b"told: " + form + b" :end\\n")
raise SystemExit(1)
"""
PRINTS = "import os; print('PORT', os.environ['RXLAUNCH_PORT_WEB'], os.environ['RXLAUNCH_DIRECTORY'], flush=True); "
WAITS = """
import os, pathlib, signal, sys, time
pathlib.Path("begun").touch()
while not pathlib.Path("end").exists(): time.sleep(0.01)
"""


@pytest.fixture
def stack(stack):
    """The same with a home whose path Medusa would build in, as a user's is: copies lie there."""
    stack.home = Path(tempfile.mkdtemp(prefix="rx-"))
    stack.env["RXLAUNCH_HOME"] = str(stack.home)
    yield stack
    stack.clean_up()
    shutil.rmtree(stack.home, ignore_errors=True)


@pytest.fixture
def web(stack):
    """A stack of one web service, with programs for the command to run."""
    stack.web()
    (stack.root / "asks.py").write_text(ASKS, encoding="utf-8")
    (stack.root / "waits.py").write_text(WAITS, encoding="utf-8")
    return stack


def ci(stack, *arguments, script="asks.py", check=None):
    """Run `ci` with one of our programs as the command."""
    *options, end = [*arguments]
    return stack.run("ci", *options, "--", stack.command[-1], script, *end, check=check)


def told(stack, code=0, options=()):
    """The environment that a command was given."""
    ci(stack, *options, ["told.json", str(code)], check=code)
    return json.loads((stack.root / "told.json").read_text())


def assert_nothing_kept(stack):
    """No copy, no state of one, no process."""
    stack.assert_nothing_left()
    assert [path for path in (stack.home / "ci").iterdir() if not path.name.startswith(".")] == []
    assert len(list(stack.home.glob("stacks/*"))) <= 1  # the checkout's own, with what the next run may use


@pytest.mark.parametrize("code", [0, 1, 42, 130])
def test_the_command_s_code_is_returned_and_nothing_is_left(web, code):
    done = ci(web, ["told.json", str(code)], check=code)
    assert "hello" in done.stdout
    assert "ready" not in done.stdout  # our own words go to stderr: stdout is the command's
    assert f"the command exited with code {code}" in done.stderr
    assert_nothing_kept(web)


def test_the_command_finds_the_stack_by_its_environment(web):
    env = told(web)
    port = env["RXLAUNCH_PORT_WEB"]
    assert env["RXLAUNCH_URL_WEB"] == env["BASE_URL"] == f"http://127.0.0.1:{port}"
    assert port != "21000"  # never the port the checkout's own stack would like
    assert env["RX_TEST_TAG"] == web.tag


def test_the_addresses_of_a_marketplace_have_the_names_others_use(stack):
    stack.web(ports="web = 21000\nbackend = 21001\nstorefront = 21002")
    stack.write(
        (stack.root / "rxlaunch.toml").read_text() + '\n[services.web.env]\nTOLD = "${url.backend} ${url.storefront}"\n'
    )
    (stack.root / "asks.py").write_text(ASKS.replace('os.environ["BASE_URL"]', 'os.environ["RXLAUNCH_URL_WEB"]'))
    env = told(stack)
    assert env["MEDUSA_BACKEND_URL"] == env["RXLAUNCH_URL_BACKEND"]
    assert env["RXLAUNCH_URL_ADMIN"] == env["MEDUSA_BACKEND_URL"] + "/app"
    assert env["BASE_URL"] == env["RXLAUNCH_URL_STOREFRONT"] != env["MEDUSA_BACKEND_URL"]


def test_other_commands_in_it_are_about_the_throwaway_stack(web):
    asks = "import subprocess, sys; sys.exit(subprocess.call([sys.executable, '-P', '-m', 'launcher', 'status']))"
    (web.root / "asks.py").write_text(asks)
    done = ci(web, [], check=0)
    assert "/ci/" in done.stderr
    assert re.search(r"web +ready", done.stdout)


def test_the_checkout_is_not_written_to_and_its_own_stack_runs_on(web):
    web.run("up", "-d", check=0)
    before = web.json("status")
    told(web)
    web.root.joinpath("told.json").unlink()
    assert sorted(path.name for path in web.root.iterdir()) == ["asks.py", "rxlaunch.toml", "server.py", "waits.py"]
    assert web.json("status")["pid"] == before["pid"]
    assert web.json("status")["ports"] == before["ports"]


def test_a_failed_stage_gives_its_code_and_the_command_never_runs(stack):
    stack.write("""
[tasks.build]
stage = "build"
command = ["{python}", "-c", "print('no such thing'); raise SystemExit(3)"]
""")
    done = stack.run("ci", "--", stack.command[-1], "-c", "open('ran', 'w')", check=12)
    assert "no such thing" in done.stderr
    assert not (stack.root / "ran").exists()
    assert_nothing_kept(stack)


def test_a_command_that_does_not_exist_is_told_before_anything_starts(web):
    done = web.run("ci", "--", "no-such-command-at-all", check=2)
    assert "no-such-command-at-all" in done.stderr
    assert "starting" not in done.stderr


def test_a_command_that_takes_too_long_is_stopped(web):
    done = ci(web, "--timeout", "1", [], script="waits.py", check=17)
    assert "did not end within 1 s" in done.stderr
    assert_nothing_kept(web)


def test_what_the_command_left_running_is_stopped_too(web):
    left = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])"
    web.run("ci", "--", web.command[-1], "-c", left, check=0)
    assert_nothing_kept(web)


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
@pytest.mark.parametrize("moment", ["copying", "booting", "the command runs"])
def test_stopped_at_a_bad_moment_it_leaves_nothing(web, moment, name, code):
    if moment == "copying":
        os.mkfifo(web.root / "seen-only-by-a-copy")
        for number in range(3000):
            (web.root / f"file{number}").write_text("x")
    if moment == "booting":
        web.web(f'env = {{ GATE = "{web.root / "gate"}" }}')
    process = web.popen("ci", "--", web.command[-1], "waits.py")
    reached = {
        "copying": lambda: any((web.home / "ci").glob("*/project/file*")),
        "booting": lambda: any("server.py" in line for line in web.survivors()),
        "the command runs": (web.root / "begun").exists,
    }[moment]
    assert until(reached, 30), moment
    process.send_signal(getattr(signal, name))
    text, _ = process.communicate(timeout=30)
    assert process.returncode == code, text
    assert "Traceback" not in text
    assert_nothing_kept(web)


def test_what_a_killed_run_left_is_removed_by_the_next(web):
    process = web.popen("ci", "--", web.command[-1], "waits.py")
    assert until((web.root / "begun").exists, 30)
    process.kill()
    process.communicate()
    assert list((web.home / "ci").glob("*/project"))  # nobody was there to remove it
    told(web)
    assert_nothing_kept(web)


def test_two_at_once_share_no_port_and_no_file(web):
    (web.root / "waits.py").write_text(PRINTS + WAITS.lstrip())
    both = [web.popen("ci", "--", web.command[-1], "waits.py") for _ in range(2)]
    assert until(lambda: len(list((web.home / "ci").glob("*/project"))) == 2, 30)
    assert until(lambda: sum("waits.py" in line for line in web.survivors()) >= 4, 30)  # commands, and both launchers
    (web.root / "end").touch()
    texts = [process.communicate(timeout=30)[0] for process in both]
    found = [re.search(r"PORT (\d+) (\S+)", text).groups() for text in texts]
    assert found[0][0] != found[1][0]
    assert found[0][1] != found[1][1]
    assert [process.returncode for process in both] == [0, 0], texts
    assert_nothing_kept(web)


def test_the_next_run_has_the_same_ports_so_that_builds_hold(web):
    assert told(web)["RXLAUNCH_PORT_WEB"] == told(web)["RXLAUNCH_PORT_WEB"]


def test_runs_at_once_leave_each_other_their_ports_in_order(web):
    (web.root / "waits.py").write_text(PRINTS + WAITS.lstrip())

    def two_at_once():
        (web.root / "end").unlink(missing_ok=True)
        ports = []
        first = web.popen("ci", "--", web.command[-1], "waits.py")
        assert until(lambda: list((web.home / "ci").glob("*/project/server.py")), 30)
        second = web.popen("ci", "--", web.command[-1], "waits.py")
        assert until(lambda: len(list((web.home / "ci").glob("*/project/server.py"))) == 2, 30)
        (web.root / "end").touch()
        for process in (first, second):
            ports.append(re.search(r"PORT (\d+)", process.communicate(timeout=30)[0])[1])
        return ports

    before = two_at_once()
    assert len(set(before)) == 2
    assert two_at_once() == before
    assert told(web)["RXLAUNCH_PORT_WEB"] == before[0]  # one alone has the first one's


def test_keep_leaves_everything_for_a_look(web):
    done = ci(web, "--keep", ["told.json", "0"], check=0)
    kept = re.search(r"kept: (\S+)", done.stderr)[1]
    told(web)  # a later run removes only what nobody asked to keep
    assert (web.home / "ci").joinpath(kept, "server.py").is_file()
    web.assert_nothing_left()


def test_a_key_that_protects_no_real_data_is_derived_in_ci_too(web):
    contract = '[contracts.all]\nJWT_SECRET = { secret = true }\nKEY = { secret = true, derive = "encryption-key" }'
    web.web(f'contract = "all"\n{contract}')
    web.env |= {"CI": "1", "JWT_SECRET": "given-by-the-user-0123456789"}
    ci(web, "--mode", "production", ["told.json", "0"], check=0)
    done = ci(web, "--mode", "production", "--external", ["told.json", "0"], check=2)  # the control: it may be real
    assert "KEY: is required" in done.stderr


# --- what is told of it -----------------------------------------------------------------------------------------


def test_an_archive_is_written_on_failure_only_unless_always_is_asked_for(web):
    ci(web, "--artifacts", "out.zip", ["told.json", "0"], check=0)
    assert not (web.root / "out.zip").exists()
    ci(web, "--artifacts", "out.zip", "--always", ["told.json", "0"], check=0)
    assert (web.root / "out.zip").exists()
    done = ci(web, ["told.json", "3"], check=3)
    named = re.search(r"artifacts: (\S+)", done.stderr)[1]
    with zipfile.ZipFile(named) as archive:
        names = set(archive.namelist())
        ports = json.loads(archive.read("status.json"))["ports"]
        assert b"hello" in archive.read("logs/ci-command.log")
        assert json.loads(archive.read("report.json"))["exit_code"] == 3
    assert {"logs/web.log", "events.ndjson", "status.json", "timeline.json", "environment.json"} <= names
    assert {"report.html", "summary.md", "rxlaunch.toml"} <= names
    assert ports["web"] not in (0, 21000)


def test_no_secret_is_in_the_archive_the_summary_or_the_test_cases(web):
    (web.root / ".env").write_text(canaries.DOTENV)
    web.web('contract = "all"\n' + canaries.CONTRACT)
    (web.root / "asks.py").write_text(TELLS, encoding="utf-8")
    summary = web.root / "summary.md"
    web.env |= {"GITHUB_STEP_SUMMARY": str(summary), "SOME_API_KEY": SOUNDS_SECRET}
    done = ci(web, "--artifacts", "out.zip", "--junit", "out.xml", [], check=1)
    assert canaries.TOKEN in done.stdout  # what is passed on is the command's own; what is kept is not
    with zipfile.ZipFile(web.root / "out.zip") as archive:
        kept = {name: archive.read(name) for name in archive.namelist()}
    kept |= {"summary": summary.read_bytes(), "junit": (web.root / "out.xml").read_bytes()}
    assert b"told: ***" in kept["logs/ci-command.log"]
    assert canaries.leaks(kept, (*canaries.GIVEN, SOUNDS_SECRET)) == []


def test_the_environment_that_is_told_has_the_ports_that_were_used(web):
    web.web('contract = "all"\n[services.web.env]\nADDRESS = "${url.web}"\n[contracts.all]\nADDRESS = {}')
    ci(web, "--artifacts", "out.zip", ["told.json", "3"], check=3)
    used = json.loads((web.root / "told.json").read_text())["BASE_URL"]
    with zipfile.ZipFile(web.root / "out.zip") as archive:
        assert json.loads(archive.read("environment.json"))["web: ADDRESS"] == used


def test_the_summary_of_the_ci_system_has_a_table_and_the_end_of_what_failed(web):
    summary = web.root / "summary.md"
    summary.write_text("before\n")
    web.env["GITHUB_STEP_SUMMARY"] = str(summary)
    ci(web, ["told.json", "7"], check=7)
    text = summary.read_text()
    assert text.startswith("before\n")  # it is shared with other steps
    assert "### ❌ rxlaunch ci: project" in text
    assert re.search(r"\| ✅ \| web \| services \| [\d.]+ \|", text)
    assert "exited with code 7" in text
    assert "hello" in text.split("```")[1]


def test_the_test_cases_are_the_units_and_the_command(web):
    ci(web, "--junit", "out.xml", ["told.json", "7"], check=7)
    cases = {case.get("name"): case for case in ET.parse(web.root / "out.xml").iter("testcase")}
    assert cases["web"].find("failure") is None
    (command,) = [case for name, case in cases.items() if "asks.py" in name]
    assert command.find("failure") is not None
