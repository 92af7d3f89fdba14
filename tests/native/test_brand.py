"""The brand: a mark in the kernel's own books that no descendant sheds, and that nobody else bears."""

import os
import subprocess
import sys

from launcher import native
from launcher.native import brand, proc
from launcher.native.contract import INSTANCE_MARK, UNIT_MARK
from tests.support.processes import REPOSITORY, until

SHOW = "import pathlib; print(pathlib.Path('/proc/self/limits').read_text().split('realtime timeout')[1].split()[0])"
BARE = f'{sys.executable} -I -S -c "{SHOW}"'


async def test_a_descendant_bears_it_however_it_was_started(start, printed, marks):
    child = await start("sh", "-c", f"env -i setsid {BARE}; {BARE}")
    await child.wait()
    born = {INSTANCE_MARK: marks.instance, UNIT_MARK: marks.unit}
    assert printed.split() == [str(brand.brand(born)).encode()] * 2


def test_we_and_strangers_bear_none():
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        assert brand.read(os.getpid()) == brand.read(stranger.pid) == 0
    finally:
        stranger.kill()
        stranger.wait()
    assert brand.read(999_999_999) == 0


async def test_it_tells_units_and_instances_apart(start, marks):
    child = await start("sleep", "60")
    mine = {INSTANCE_MARK: marks.instance, UNIT_MARK: marks.unit}
    assert brand.carries(child.pid, mine)
    assert brand.carries(child.pid, {INSTANCE_MARK: marks.instance})
    assert not brand.carries(child.pid, {**mine, UNIT_MARK: "another"})
    assert not brand.carries(child.pid, {INSTANCE_MARK: "another"})
    child.kill()
    await child.wait()


async def test_a_unit_that_cleared_its_environment_is_found_by_it_alone(start, printed, marks):
    child = await start("env", "-i", *marks.leaf())
    until(marks.heartbeats)
    assert not any(INSTANCE_MARK.encode() in pair for pair in proc.environment(child.pid))
    assert child.pid in {who.pid for who in native.find_marked(marks.instance)}
    child.kill()
    await child.wait()


def test_a_limit_that_somebody_set_before_us_is_no_obstacle(marks):
    """A hard limit cannot be raised: the child runs without the brand, and its environment must do."""
    source = f"""
import asyncio, resource
from launcher import native
resource.setrlimit(resource.RLIMIT_RTTIME, (200000, 200000))
async def main():
    spec = native.LaunchSpec({(sys.executable, "-I", "-S", "-c", SHOW)!r}, "/", {marks.env!r})
    await (await native.spawn(spec, lambda chunk: print(chunk.decode(), end=""))).wait()
asyncio.run(main())
"""
    # Root may raise a hard limit unless it lacks the capability for that.
    lesser = ["setpriv", "--bounding-set=-sys_resource"] if os.geteuid() == 0 else []
    env = {**marks.env, "PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([*lesser, sys.executable, "-c", source], env=env, capture_output=True, text=True, timeout=20)
    assert done.stdout.strip() == "200000", done.stderr
