"""The sample type-checks as it is, without widening React's types for everybody (runbook R19)."""

import os
import re
import subprocess

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.timeout(900)]
GLOBAL = re.compile(r"declare\s+(global|module\s+['\"]react['\"])")


def test_the_sample_type_checks(running):
    path = os.pathsep.join([str(running.state / "node"), running.env["PATH"]])
    argv = ["npm", "run", "check"]
    done = subprocess.run(
        argv,
        cwd=running.root,
        env={**running.env, "PATH": path},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_sample_augments_no_types_of_react(market):
    sources = [path for top in ("src", "storefront/src") for path in (market.root / top).rglob("*.ts*")]
    assert len(sources) > 20
    assert not [path for path in sources if GLOBAL.search(path.read_text())]
