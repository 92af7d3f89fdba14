"""Nothing outlives its supervisor on Windows, and a polite stop is a real Ctrl-C."""

import os
import time

import pytest

from tests.support.processes import until

pytestmark = pytest.mark.wine

# A main process with a child, and a grandchild that left console and process group.
TREE = """
    LEAF = "import time; time.sleep(90)"
    MAIN = f'''import subprocess, sys, time
    subprocess.Popen([sys.executable, "-c", {LEAF!r}, sys.argv[1]])
    subprocess.Popen([sys.executable, "-c", {LEAF!r}, sys.argv[1]], creationflags=0x8 | 0x200)
    print("READY", flush=True)
    time.sleep(90)'''.replace("\\n    ", "\\n")
"""
SUPERVISOR = (
    TREE
    + """
    async def main():
        native.become_guardian()
        await python(MAIN)
        await printed.shows(b"READY")
        print("READY", flush=True)
        await asyncio.sleep(90)
    asyncio.run(main())
"""
)
BARE_SUPERVISOR = (
    TREE
    + """
    process = subprocess.Popen([PYTHON, "-c", MAIN, TAG], stdout=subprocess.PIPE)
    process.stdout.readline()
    print("READY", flush=True)
    time.sleep(90)
"""
)


def kill_supervisor(windows, process):
    """Wait until the tree is up, then end the supervisor as a crash would; how many others there were."""
    for line in process.stdout:
        if line.startswith("READY"):
            break
    until(lambda: len(windows.tagged()) >= 4)
    supervisor = [pid for pid, line in windows.tagged().items() if "program.py" in line]
    assert supervisor
    for pid in supervisor:
        os.kill(pid, 9)
    return len(windows.tagged()) - len(supervisor)


def test_a_killed_supervisor_leaves_nothing(windows):
    with windows.running(SUPERVISOR) as process:
        kill_supervisor(windows, process)
        assert until(lambda: not windows.tagged(), 2) < 1


def test_control_without_a_job_a_killed_supervisor_leaves_its_tree(windows):
    with windows.running(BARE_SUPERVISOR) as process:
        kill_supervisor(windows, process)
        time.sleep(1)
        assert len(windows.tagged()) == 3


def test_a_killed_child_takes_its_tree_along_and_spares_its_neighbour(windows):
    result = windows.answers(
        TREE
        + """
    async def main():
        native.become_guardian()
        neighbour = await python("import time; time.sleep(90)")
        child = await python(MAIN)
        await printed.shows(b"READY")
        family = native.tree(child.pid) | {child.pid}
        answer(family=len(family) >= 3, owned=all(map(child.owns, family)), foreign=child.owns(neighbour.pid))
        child.kill()
        ended_as = await ended(child)
        answer(signal=ended_as.signal, forced=child.forced(), left=[pid for pid in family if native.identity(pid)])
        answer(neighbour=native.identity(neighbour.pid) is not None)
        neighbour.kill()
        await ended(neighbour)
    asyncio.run(main())
    """
    )
    expected = {"family": True, "owned": True, "foreign": False, "signal": 9, "forced": False, "left": []}
    assert result == {**expected, "neighbour": True}


def test_a_grandchild_started_at_once_is_held(windows):
    """The main process starts suspended, so even its very first act happens inside the job."""
    result = windows.answers(
        """
    async def main():
        for _ in range(5):
            child = await start("cmd", "/c", f'start /b "" "{PYTHON}" -c "import time; time.sleep(90)" {TAG}')
            ended_as = await ended(child)
            answer(code=ended_as.code, leftovers=ended_as.leftovers)
    asyncio.run(main())
    """
    )
    assert result["code"] == 0
    assert "python.exe" in result["leftovers"]
    assert not windows.tagged()


def test_leftovers_are_killed_and_named_and_do_not_hold_the_output(windows):
    result = windows.answers(
        """
    async def main():
        child = await python('''import subprocess, sys
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(90)", sys.argv[1]])
    print("hi"); sys.exit(3)'''.replace("\\n    ", "\\n"))
        begun = time.monotonic()
        ended_as = await ended(child)
        answer(code=ended_as.code, leftovers=ended_as.leftovers, seconds=time.monotonic() - begun)
        answer(printed=printed.decode())
    asyncio.run(main())
    """
    )
    assert result.pop("seconds") < 2
    assert result == {"code": 3, "leftovers": ["python.exe"], "printed": "hi\r\n"}
    assert not windows.tagged()


def test_a_polite_stop_is_ctrl_c_and_keeps_the_exit_code(windows):
    result = windows.answers(
        """
    async def main():
        native.become_guardian()
        child = await python(POLITE)
        await printed.shows(b"up")
        child.interrupt(); child.interrupt()
        ended_as = await ended(child)
        answer(code=ended_as.code, forced=child.forced(), printed=printed.decode())
    asyncio.run(main())
    """
    )
    assert result == {"code": 7, "forced": False, "printed": "up\r\nbye\r\n"}


def test_an_unhandled_ctrl_c_is_told_as_an_interrupt(windows):
    result = windows.answers(
        """
    async def main():
        child = await python("import time; print('up', flush=True); time.sleep(60)")
        await printed.shows(b"up")
        child.interrupt()
        ended_as = await ended(child)
        answer(signal=ended_as.signal, forced=child.forced())
    asyncio.run(main())
    """
    )
    assert result == {"signal": 2, "forced": False}


def test_who_ignores_ctrl_c_is_killed_after_the_grace_period(windows):
    result = windows.answers(
        """
    DEAF = "import signal,time; signal.signal(2, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    async def main():
        child = await python(DEAF, grace_seconds=1.0)
        await printed.shows(b"up")
        begun = time.monotonic()
        child.interrupt()
        ended_as = await ended(child)
        answer(signal=ended_as.signal, forced=child.forced(), seconds=time.monotonic() - begun)
    asyncio.run(main())
    """
    )
    assert 1 <= result.pop("seconds") < 3
    assert result == {"signal": 9, "forced": True}


# A service that ends with 7 on Ctrl-C, under a daemon that was itself made deaf to it.
DEAFENED = """
    async def daemon():
        if sys.argv[2] == "guardian":
            native.become_guardian()
        child = await python(POLITE, grace_seconds=1.0)
        await printed.shows(b"up")
        child.interrupt()
        ended_as = await ended(child)
        Path("result").write_text(str(ended_as.code))
    if len(sys.argv) > 3:
        asyncio.run(daemon())
    else:
        argv = [PYTHON, __file__, *sys.argv[1:], "daemon"]
        subprocess.run(argv, creationflags=0x8 | 0x200, stdin=-3, stdout=-3, stderr=-3, check=True)
"""


@pytest.mark.parametrize(("mode", "code"), [("guardian", "7"), ("control", "None")])
def test_a_daemon_made_deaf_to_ctrl_c_can_still_stop_its_services(windows, mode, code):
    windows.answers(DEAFENED, mode)
    assert (windows.directory / "result").read_text() == code


def test_a_child_that_dies_while_it_is_stopped_is_no_error(windows):
    result = windows.answers(
        """
    async def main():
        for _ in range(5):
            child = await start("cmd", "/c", "exit 5")
            child.interrupt()
            ended_as = await ended(child)
            child.interrupt()
            child.kill()
            answer(**{"signal" if ended_as.signal else "code": ended_as.signal or ended_as.code})
    asyncio.run(main())
    """
    )
    assert result.get("code", 5) in (0, 5)  # Wine's cmd may take the Ctrl-C for its end
    assert result.get("signal", 2) in (2, 9)
