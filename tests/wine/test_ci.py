"""`rxlaunch ci` as a Windows program: a copy with junctions, servers of its own, CMD's code, and nothing left."""

import tempfile
import zipfile
from pathlib import Path

import pytest

from tests.support.processes import until

pytestmark = [pytest.mark.wine, pytest.mark.timeout(240)]

ASKS = """
import os, sys, urllib.request
print("ASKED", urllib.request.urlopen(os.environ["BASE_URL"]).read(), os.environ["RXLAUNCH_PORT_WEB"])
print("PACKAGE", os.path.exists(os.path.join(os.environ["RXLAUNCH_DIRECTORY"], "node_modules", "next")))
sys.exit(7)
"""


@pytest.fixture
def home(stack):
    """A home whose path Medusa would build in: copies lie there."""
    with tempfile.TemporaryDirectory(prefix="rx-") as directory:
        stack.home = Path(directory)
        yield stack.home


def test_a_command_runs_against_a_throwaway_stack_on_windows(stack, home):
    stack.web()
    (stack.root / "asks.py").write_text(ASKS)
    (stack.root / "node_modules" / "next").mkdir(parents=True)
    printed = stack.run("ci", "--artifacts", "out.zip", "--", stack.python, "asks.py", stack.tag, check=7)
    assert "ASKED b'hello'" in printed
    assert "ASKED b'hello' 21500" not in printed
    assert "PACKAGE True" in printed
    until(lambda: not stack.processes(stack.tag), 5)
    assert [path.name for path in (home / "ci").iterdir() if not path.name.startswith(".")] == []
    assert (stack.root / "node_modules" / "next").is_dir()  # removing the copy followed no junction
    with zipfile.ZipFile(stack.root / "out.zip") as archive:
        assert b"ASKED" in archive.read("logs/ci-command.log")
