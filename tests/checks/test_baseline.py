"""`check baseline`: real children, timed, contained, their output redacted."""

import sys
import time
from pathlib import Path

import pytest

from launcher.checks.baseline import check
from launcher.stack.checks import ChecksSpec
from tests.support.judged import asked, failed, here, left_out, target
from tests.support.marketplace import Web, write

SECRET = "right horse battery"


@pytest.fixture
def mine(tmp_path):
    return here(write(tmp_path / "checkout", {"package.json": {}}))


def judge(mine, *argv, **spec):
    with Web() as web:
        judged = target(web, here=mine, redact=lambda text: text.replace(SECRET, "***"))
        checks = ChecksSpec(baseline=argv or None, **spec)
        return asked(check, judged.replaced(checks=checks))


def python(code):
    return (sys.executable, "-c", code)


def test_a_script_that_ends_well_passes_with_its_time(mine):
    found = judge(mine, *python("print('all 7 checks hold')"))
    assert failed(found) == {}
    assert found["script"].evidence.endswith("s: all 7 checks hold")


def test_it_gets_the_environment_of_the_contract_in_the_backends_directory(mine):
    right = "os.environ['JWT_SECRET'] == 'right horse battery' and os.path.isfile('package.json')"
    code = f"import os, sys; sys.exit(not ({right}))"
    assert failed(judge(mine, *python(code))) == {}


def test_a_script_that_fails_shows_the_end_of_its_output_redacted(mine):
    found = judge(
        mine, *python("import os; [print(n, os.environ['JWT_SECRET']) for n in range(99)]; raise SystemExit(3)")
    )
    assert "exited with code 3" in found["script"].evidence
    assert found["script"].details.splitlines()[-1] == "98 ***"
    assert len(found["script"].details.splitlines()) == 40
    assert SECRET not in str(found["script"])


def test_a_script_that_takes_too_long_is_stopped_with_all_that_it_started(mine, tmp_path):
    beats = tmp_path / "beats"
    grandchild = (
        f"import time, pathlib\nwhile True: pathlib.Path({str(beats)!r}).write_text(str(time.time())); time.sleep(.02)"
    )
    code = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {grandchild!r}]); time.sleep(60)"
    found = judge(mine, *python(code), baseline_timeout=2.0)
    assert "more than 2 s" in found["script"].evidence
    last = Path(beats).read_text()
    time.sleep(0.3)
    assert Path(beats).read_text() == last


def test_a_program_that_is_not_there_is_told(mine):
    assert "no-such-program is not on the PATH" in judge(mine, "no-such-program")["script"].evidence


def test_without_a_script_there_is_nothing_to_run(mine):
    assert left_out(judge(mine)) == {"script"}


def test_the_check_of_package_json_needs_npm(mine):
    (mine.paths.root / "package.json").write_text('{"scripts": {"check": "true"}}')
    nowhere = {name: {"PATH": ""} for name in mine.environments}
    assert "npm was not found" in judge(mine.replaced(environments=nowhere))["script"].evidence


def test_elsewhere_it_is_left_out():
    with Web() as web:
        assert left_out(asked(check, target(web))) == {"script"}
