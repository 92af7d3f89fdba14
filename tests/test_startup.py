"""`--help` and `status` import nothing heavy: absence is asserted, never milliseconds."""

import json
import subprocess
import sys

import pytest

HEAVY = {
    "asyncio", "psutil", "httpx", "redis", "psycopg", "rich", "h11", "structlog",
    "watchfiles", "playwright", "tomli_w", "filelock", "ssl", "http.client",
}  # fmt: skip
PROBE = """
import json, sys
from launcher.cli import root
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


@pytest.mark.parametrize("arguments", [["--help"], ["status"], ["up", "--help"], ["ports"], ["--version"]])
def test_nothing_heavy_is_imported_by(arguments, tmp_path):
    assert modules_after(arguments, tmp_path) & HEAVY == set()


def test_the_startup_test_sees_what_a_verb_loads(tmp_path):
    assert "launcher.stack.load" in modules_after(["config", "-C", "launcher_assets/sample"], tmp_path)
