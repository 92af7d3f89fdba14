"""Root in a container that refuses user namespaces: who must not be root is another user, and reaches its data."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import without_user_namespaces

REPOSITORY = Path(__file__).resolve().parents[2]
SPAWN = """
import asyncio, os, sys
from launcher import native
from launcher.native.contract import LaunchSpec

async def main():
    spec = LaunchSpec(argv=("/bin/sh", "-c", sys.argv[2]), cwd=sys.argv[1], env=dict(os.environ), unprivileged=True)
    child = await native.spawn(spec, lambda chunk: os.write(1, chunk))
    sys.exit((await child.wait()).code)

asyncio.run(main())
"""
pytestmark = [
    pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="needs root on Linux"),
    pytest.mark.skipif(os.uname().machine not in without_user_namespaces.UNSHARE, reason="number of unshare unknown"),
]


def as_root_in_a_container(directory, script):
    argv = [sys.executable, without_user_namespaces.__file__, sys.executable, "-c", SPAWN, str(directory), script]
    done = subprocess.run(argv, cwd=REPOSITORY, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.split()


@pytest.fixture
def private(tmp_path):
    """A directory and a file of root's alone."""
    directory = tmp_path / "private"
    directory.mkdir(mode=0o700)
    (directory / "file").write_text("kept")
    (directory / "file").chmod(0o600)
    return directory


def test_user_namespaces_are_refused_here(private):
    script = "unshare -U true 2>/dev/null && echo allowed || echo refused"
    assert as_root_in_a_container(private, script) == ["refused"]


def test_the_data_in_roots_private_directory_can_be_reached(private):
    script = "id -u; cat file; echo; mkdir data; cat data/none 2>/dev/null; stat -c %u data"
    assert as_root_in_a_container(private, script) == ["65534", "kept", "65534"]


def test_no_other_capability_is_kept(private):
    script = "grep CapEff /proc/self/status"
    (_, effective) = as_root_in_a_container(private, script)
    assert int(effective, 16) == 1 << 1  # CAP_DAC_OVERRIDE
