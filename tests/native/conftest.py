"""What the tests of the Linux code share: marks that are cleaned up, and one way to start a child."""

import asyncio
import sys

import pytest

from launcher import native
from tests.support import processes

if sys.platform != "linux":
    collect_ignore_glob = ["test_*"]


@pytest.fixture
def marks(tmp_path):
    """Marks whose processes are killed after the test."""
    with processes.marks(tmp_path) as made:
        yield made


class Printed(bytearray):
    """What a child printed so far, and a gate on it."""

    def __call__(self, chunk):
        """Take a chunk."""
        self.extend(chunk)

    async def shows(self, text, seconds=10):
        """Wait until this was printed."""
        async with asyncio.timeout(seconds):
            while text not in self:
                await asyncio.sleep(0.005)


@pytest.fixture
def printed():
    """Collects output."""
    return Printed()


@pytest.fixture
def start(marks, printed, tmp_path):
    """Start a child with this test's marks: `await start(*argv, **LaunchSpec fields)`."""

    async def begin(*argv, **fields):
        fields = {"cwd": str(tmp_path), "env": marks.env, "grace_seconds": 5.0, **fields}
        return await native.spawn(native.LaunchSpec(argv=argv, **fields), printed)

    return begin
