"""The TCP, command and log line probes, and how a spec becomes a probe."""

import asyncio
import contextlib
import subprocess
import sys
import time

import pytest

from launcher import probes
from launcher.probes.contract import Answer
from launcher.stack.model import ProbeSpec
from tests.support import processes, servers


async def ask(seen=None, **spec):
    return await probes.build(ProbeSpec(**spec), seen=seen)()


async def test_a_listener_on_either_ip_version_is_found():
    for host, written in (("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")):
        with servers.responder(lambda connection: None, host) as port:
            assert (await ask(tcp=f"{written}:{port}")).ok


async def test_nobody_listening_is_refused():
    assert (await ask(tcp=f"127.0.0.1:{servers.free_port()}")).code == "refused"


@pytest.mark.parametrize("target", ["127.0.0.1", "127.0.0.1:web", "127.0.0.1:99999"])
async def test_what_is_no_address_is_permanent(target):
    answer = await ask(tcp=target)
    assert (answer.code, answer.permanent) == ("error", True)


def python(code):
    return (sys.executable, "-I", "-S", "-c", code)


async def test_a_command_is_ready_when_it_exits_with_0():
    assert (await ask(command=python("pass"))).ok


async def test_a_failing_command_tells_what_it_said_last():
    answer = await ask(command=python("print('x' * 100_000); print('no table'); raise SystemExit(3)"))
    assert (answer.ok, answer.code) == (False, "status")
    assert answer.detail.endswith("no table")
    assert "exited with code 3" in answer.detail
    assert len(answer.detail) < 400


async def test_a_command_that_is_not_there_is_permanent(tmp_path):
    answer = await ask(command=(str(tmp_path / "none"),))
    assert (answer.code, answer.permanent) == ("error", True)


async def test_a_slow_command_is_killed_with_everything_it_started(tmp_path):
    with processes.marks(tmp_path) as marks:
        begun = time.monotonic()
        answer = await ask(command=marks.tree("plain", "deaf", "session"), timeout=1.0)
        took = time.monotonic() - begun
        assert marks.survivors() == {}
    assert answer.code == "timeout"
    assert took < 2.5


async def test_a_cancelled_command_is_killed(tmp_path):
    with processes.marks(tmp_path) as marks:
        asking = asyncio.create_task(ask(command=marks.tree("plain"), timeout=30.0))
        while not marks.heartbeats():
            await asyncio.sleep(0.01)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert marks.survivors() == {}


async def test_a_log_line_is_asked_of_the_units_log():
    printed = ["Server is ready on port 9001"]
    assert (await ask(lambda pattern: "ready" in printed[0], log_line="ready on port \\d+")).ok
    assert not (await ask(lambda pattern: False, log_line="ready")).ok


def test_a_probe_without_a_question_is_refused():
    with pytest.raises(ValueError, match="exactly one question"):
        probes.build(ProbeSpec())


def test_nothing_heavy_is_loaded_before_it_is_needed():
    code = "import sys, launcher.probes; print({'httpx', 'redis', 'psycopg', 'psutil', 'asyncio'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


async def test_a_cancellation_that_a_library_swallows_is_heeded_all_the_same():
    """As redis-py does on Python 3.11, when a cancellation meets a result in `wait_for`."""

    async def deaf():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(3600)
        return Answer(True, "answers")

    asking = asyncio.create_task(probes._heeding(deaf)())
    await asyncio.sleep(0)
    asking.cancel()
    await asyncio.wait({asking})
    assert asking.cancelled()


async def test_a_timeout_of_the_probe_itself_is_no_cancellation():
    async def slow():
        try:
            async with asyncio.timeout(0.01):
                await asyncio.sleep(3600)
        except TimeoutError:
            return Answer(False, "does not answer", "timeout")

    assert (await probes._heeding(slow)()).code == "timeout"
