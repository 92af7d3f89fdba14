"""`--help` and `status` import nothing heavy: absence is asserted, never milliseconds."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from launcher.cli import root as cli

HEAVY = {
    "asyncio", "psutil", "httpx", "redis", "psycopg", "rich", "h11", "structlog",
    "watchfiles", "playwright", "tomli_w", "filelock", "ssl", "http.client",
}  # fmt: skip
PROBE = """
import json, sys
from launcher.cli.root import root
try:
    root.main(sys.argv[1:], standalone_mode=False)
except BaseException as error:
    if not isinstance(error, SystemExit) and type(error).__name__ not in ("NotRunning", "Exit"):
        raise
print("\\n" + json.dumps(sorted(sys.modules)))
"""


def modules_after(arguments, home):
    """The modules loaded once a child has run the command line with these arguments."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments],
        capture_output=True,
        text=True,
        check=True,
        env={"RXLAUNCH_HOME": str(home), "PATH": "", "PYTHONPATH": ".", "SYSTEMROOT": "C:\\Windows"},
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "arguments", [["--help"], ["status"], ["up", "--help"], ["ports"], ["timeline"], ["--version"]]
)
def test_nothing_heavy_is_imported_by(arguments, tmp_path):
    assert modules_after(arguments, tmp_path) & HEAVY == set()


def test_the_startup_test_sees_what_a_verb_loads(tmp_path):
    assert "launcher.stack.load" in modules_after(["config", "-C", "launcher_assets/sample"], tmp_path)


def test_every_module_of_a_verb_is_led_to_by_its_name():
    no_verbs = {"__init__", "options", "plain", "render", "root"}
    modules = {path.stem for path in Path(cli.__file__).parent.glob("*.py")} - no_verbs
    led_to = {(cli.root.get_command(None, name).callback.__module__).rpartition(".")[2] for name in cli.VERBS}
    assert modules == led_to
    assert list(cli.VERBS) == sorted(cli.VERBS)


@pytest.mark.parametrize("verb", ["up", "down", "logs"])
def test_a_verb_loads_no_other(verb, tmp_path):
    loaded = modules_after([verb, "--help"], tmp_path)
    others = {f"launcher.cli.{name}" for name in cli.VERBS} - {f"launcher.cli.{verb}"}
    assert loaded & others == set()


def test_up_as_most_people_type_it_needs_no_parser(tmp_path):
    """Run where there is nothing to start, to its error."""
    program = "import sys; from launcher import cli\ntry: cli.main()\nfinally: print('click' in sys.modules)"

    usual = {"RXLAUNCH_HOME": str(tmp_path), "PYTHONPATH": str(Path.cwd()), "SYSTEMROOT": "C:\\Windows"}

    def run(*arguments, **variables):
        return subprocess.run(
            [sys.executable, "-c", program, *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            env=usual | variables,
        )

    plain = {arguments: run(*arguments) for arguments in (("up",), ("up", "-d"), ("up", "--detach"))}
    assert all(done.stdout == "False\n" for done in plain.values())
    careful = [run("up", "--fresh"), run("up", "-d", RXLAUNCH_MODE="dev"), run("up", RXLAUNCH_OUTPUT="text")]
    assert all(done.stdout == "True\n" for done in careful)
    told = {(done.returncode, done.stderr) for done in (*plain.values(), *careful)}
    assert len(told) == 1, "and both say the same"
    ((code, message),) = told
    assert code == 2
    assert "rxlaunch init" in message
