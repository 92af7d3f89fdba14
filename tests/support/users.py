"""Other users of this machine, for tests that root runs: a stack of theirs, with a Python that they may start."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import pytest

from tests.support.small_stacks import SmallStack

# What it must be able to do: load everything, and start itself again, which root's Python cannot for others.
ABLE = (
    "import click, msgspec, psutil, subprocess, sys, h11; from launcher.cli import main;"
    "subprocess.run([sys.executable, '-c', ''], check=True)"
)


def python_of(become: list[str], env: dict[str, str]) -> str:
    """An interpreter of our version that this user may start; skips the test where there is none."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
        try:
            if subprocess.run([*become, python, "-c", ABLE], env=env, cwd="/", capture_output=True).returncode == 0:
                return python
        except OSError:
            continue
    pytest.skip(f"no {version} here that another user may start, with packages that user may read")


class StackOfAnother(SmallStack):
    """A checkout and a home that belong to another user, who runs the command line."""

    def __init__(self, uid: int, *limits: str) -> None:
        if os.geteuid() != 0:
            pytest.skip("only root can act for another user")
        self.top = Path(tempfile.mkdtemp(prefix="rx-"))  # pytest's own directories are closed to others
        self.uid = uid
        super().__init__(self.top)
        self.env["PYTHONPATH"] = os.pathsep.join([self.env["PYTHONPATH"], sysconfig.get_path("purelib")])
        self.env |= {"HOME": str(self.top), "TMPDIR": str(self.top)}
        for name in ("XDG_RUNTIME_DIR", "XDG_STATE_HOME"):
            self.env.pop(name, None)
        become = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", *limits]
        self.command = [*become, python_of(become, self.env)]

    def write(self, text: str) -> None:
        """Write the stack file, and give everything to the user."""
        super().write(text)
        for path in (self.top, *self.top.rglob("*")):
            os.chown(path, self.uid, self.uid, follow_symlinks=False)

    def clean_up(self) -> None:
        """Stop it and remove everything."""
        super().clean_up()
        shutil.rmtree(self.top, ignore_errors=True)
