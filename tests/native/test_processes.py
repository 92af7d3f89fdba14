"""Who is who: identities, signals that reach nobody else, listeners, daemons, and being told to stop."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from launcher import native
from launcher.native import proc
from tests.support.processes import CAP_SECONDS, PATH, REPOSITORY, script, state, until


@pytest.fixture
def sleeper():
    """A process of ours that does nothing."""
    process = subprocess.Popen(["sleep", str(CAP_SECONDS)])
    yield process
    process.kill()
    process.wait()


def test_we_are_alive_and_ourselves():
    assert native.my_identity().pid == os.getpid()
    assert native.my_identity() == native.identity(os.getpid())
    assert native.alive(native.my_identity())


def test_when_we_began_is_known_by_the_clock_on_the_wall():
    before = time.time()
    printing = [sys.executable, "-c", "from launcher import native; print(native.began())"]
    began = float(subprocess.run(printing, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout)
    assert before - 1 < began < time.time() + 1
    assert native.began() < before


def test_a_pid_nobody_has_is_nobody():
    assert native.identity(2**22 + 1) is None


def test_the_dead_are_not_alive_even_before_they_are_collected(sleeper):
    who = native.identity(sleeper.pid)
    assert native.alive(who)
    sleeper.kill()
    until(lambda: state(sleeper.pid) == "Z")
    assert not native.alive(who)
    assert native.identity(sleeper.pid) is None
    assert not native.signal_process(who, "SIGTERM")


@pytest.mark.parametrize("wrong", [{"started": 1}, {"boot": "another"}])
def test_a_stranger_with_the_same_pid_is_not_signalled(sleeper, wrong):
    who = native.identity(sleeper.pid)
    stranger = who.replaced(**wrong)
    assert not native.alive(stranger)
    assert not native.signal_process(stranger, "SIGKILL")
    time.sleep(0.02)
    assert sleeper.poll() is None
    assert native.signal_process(who, "SIGTERM")  # control: the right one is
    assert sleeper.wait(5) == -signal.SIGTERM


def test_marks_are_found_in_the_environment_alone_and_never_in_ourselves(marks):
    decoy = subprocess.Popen(["sleep", str(CAP_SECONDS), "1"])
    other = subprocess.Popen(["sleep", str(CAP_SECONDS)], env={**marks.env, native.INSTANCE_MARK: marks.instance + "0"})
    ours = subprocess.Popen(["sleep", str(CAP_SECONDS)], env=marks.env)
    try:
        until(lambda: native.find_marked(marks.instance))
        assert [who.pid for who in native.find_marked(marks.instance)] == [ours.pid]
        assert native.kill_marked(marks.instance) == ["sleep"]
        assert ours.wait(5) == -signal.SIGKILL
        assert decoy.poll() is None
        assert other.poll() is None
        assert native.kill_marked(marks.instance) == []
    finally:
        for process in (decoy, other, ours):
            process.kill()
            process.wait()


def test_whoever_asks_from_inside_an_instance_does_not_kill_itself_or_its_parents(marks):
    inner = "from launcher import native; import sys; print(native.kill_marked(sys.argv[1]))"
    outer = "import subprocess, sys; subprocess.run([sys.executable, '-c', *sys.argv[1:]]); print('alive')"
    env = {**marks.env, "PYTHONPATH": str(REPOSITORY)}
    said = subprocess.run(
        [sys.executable, "-c", outer, inner, marks.instance], env=env, capture_output=True, text=True, check=True
    ).stdout
    assert said.split("\n")[:2] == ["[]", "alive"]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to start a process of another user")
def test_the_same_mark_under_another_user_is_left_alone(marks):
    decoy = subprocess.Popen(["sleep", str(CAP_SECONDS)], env=marks.env, user=12345, group=12345, extra_groups=[])
    try:
        until(marks.survivors)
        assert native.kill_marked(marks.instance) == []
        assert decoy.poll() is None
    finally:
        decoy.kill()
        decoy.wait()


def listening(family, host, *, v6only=False):
    """A listening socket on a free port."""
    server = socket.socket(family)
    if family == socket.AF_INET6:
        server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, v6only)
    server.bind((host, 0))
    server.listen()
    return server


@pytest.mark.parametrize("candidates", [(), (os.getpid(),), (1,)])
@pytest.mark.parametrize(
    ("family", "host"),
    [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET, ""), (socket.AF_INET6, "::1"), (socket.AF_INET6, "::")],
)
def test_listeners_are_found_on_every_kind_of_address(family, host, candidates):
    with listening(family, host) as server:
        port = server.getsockname()[1]
        (found,) = native.listeners(port, candidates)
        assert found.port == port
        assert found.pid == os.getpid()
        assert found.name.startswith("python")
        assert abs(found.since - psutil.Process().create_time()) < 2
        assert native.listens(port)
    assert native.listeners(port) == []
    assert not native.listens(port)


def test_two_listeners_on_one_port_are_both_found():
    with listening(socket.AF_INET, "127.0.0.1") as server, socket.socket(socket.AF_INET6) as other:
        port = server.getsockname()[1]
        other.bind(("::1", port))
        other.listen()
        assert [found.pid for found in native.listeners(port)] == [os.getpid()]


LISTENS = (
    "import socket; one = socket.create_server(('127.0.0.1', 0)); print(one.getsockname()[1], flush=True); input()"
)


def test_servers_are_found_by_the_directory_that_they_work_in(tmp_path):
    inside, beside = tmp_path / "shop", tmp_path / "shop2"
    inside.mkdir()
    beside.mkdir()
    pipe = subprocess.PIPE
    argv = [sys.executable, "-c", LISTENS]
    with subprocess.Popen(argv, cwd=inside, stdin=pipe, stdout=pipe, text=True) as process:
        port = int(process.stdout.readline())
        (found,) = native.servers_in(inside.resolve())
        assert (found.pid, found.port) == (process.pid, port)
        assert native.servers_in(beside.resolve()) == []
        assert native.servers_in(tmp_path.resolve()) == []
        process.communicate("go")
    assert native.servers_in(inside.resolve()) == []


def test_a_connection_is_not_a_listener():
    with listening(socket.AF_INET, "127.0.0.1") as server:
        client = socket.create_connection(server.getsockname())
        accepted, _ = server.accept()
        with client, accepted:
            assert native.listeners(client.getsockname()[1]) == []


def test_the_tree_has_every_generation():
    process = subprocess.Popen(["sh", "-c", "sh -c 'sleep 60 & echo up; wait' & wait"], stdout=subprocess.PIPE)
    try:
        assert process.stdout.readline() == b"up\n"
        family = native.tree(process.pid)
        assert len(family) == 2
    finally:
        for pid in [*family, process.pid]:
            os.kill(pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()


def test_a_daemon_outlives_its_starter_and_writes_its_log(tmp_path, marks):
    starter = """
        import sys
        from pathlib import Path
        from launcher import native
        env = dict(pair.split("=", 1) for pair in sys.argv[3:])
        code = "import os, time; print(os.getsid(0) == os.getpid(), flush=True); time.sleep(60)"
        print(native.spawn_daemon([sys.executable, "-c", code], env, sys.argv[1], Path(sys.argv[2])), flush=True)
        print("READY", flush=True)
    """
    log = tmp_path / "daemon.log"
    pairs = [f"{name}={value}" for name, value in marks.env.items()]
    with script(starter, str(tmp_path), str(log), *pairs, new_group=True) as process:
        process.wait(5)
        until(lambda: log.read_text() == "True\n")
        assert len(marks.survivors()) == 1
        assert log.stat().st_mode & 0o777 == 0o600


def test_programs_are_found_in_absolute_directories_of_the_given_path_only(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tool = tmp_path / "tool"
    tool.write_text("#!/bin/sh\n")
    assert native.executable("tool", str(tmp_path)) is None  # not executable yet
    tool.chmod(0o755)
    assert native.executable("tool", f".::bin:{PATH}") is None
    assert native.executable("tool", f".:{tmp_path}") == str(tool)
    assert native.executable("./tool", "") == str(tool)
    assert native.executable("sh", PATH).endswith("/sh")


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
async def test_asked_to_stop_we_hear_which_signal_and_afterwards_all_is_as_before(name):
    number = signal.Signals[name]
    before = signal.getsignal(number)
    heard = asyncio.Queue()
    with native.on_shutdown(asyncio.get_running_loop(), heard.put_nowait):
        os.kill(os.getpid(), number)
        assert await asyncio.wait_for(heard.get(), 2) == name
    assert signal.getsignal(number) == before


async def test_a_hangup_ignored_by_nohup_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        heard = asyncio.Queue()
        with native.on_shutdown(asyncio.get_running_loop(), heard.put_nowait):
            os.kill(os.getpid(), signal.SIGHUP)
            await asyncio.sleep(0.02)
            assert heard.empty()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_importing_it_loads_nothing_heavy():
    code = "import sys, launcher.native; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"asyncio", "psutil", "ctypes", "subprocess"} & set(loaded)


def test_a_process_that_really_got_a_dead_ones_pid_is_not_signalled():
    """The kernel is told which pid to give next, until it gives the dead process's own."""
    last = Path("/proc/sys/kernel/ns_last_pid")
    for _ in range(200):
        dead = subprocess.Popen(["sleep", "60"])
        who = native.identity(dead.pid)
        dead.kill()
        dead.wait()
        time.sleep(0.03)  # the kernel counts starts in hundredths of a second
        try:
            last.write_text(str(dead.pid - 1))
        except OSError:
            pytest.skip("this kernel lets nobody here choose pids")
        stranger = subprocess.Popen(["sleep", "60"])
        try:
            if stranger.pid != dead.pid:
                continue  # somebody else was faster
            assert not native.alive(who)
            assert not native.signal_process(who, "SIGKILL")
            assert stranger.poll() is None
            assert native.signal_process(native.identity(stranger.pid), "SIGKILL"), "the control"
            return
        finally:
            stranger.kill()
            stranger.wait()
    pytest.skip("the pid was never free again")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user here")
def test_a_process_that_may_not_be_dumped_still_belongs_to_its_user():
    """One with capabilities of its own, for instance: its files in /proc are root's, and it was missed by sweeps."""
    code = "import ctypes; ctypes.CDLL(None).prctl(4, 0, 0, 0, 0); print('hidden', flush=True); input()"
    become = ["setpriv", "--reuid=23459", "--regid=23459", "--clear-groups", "/usr/bin/python3", "-I", "-S", "-c", code]
    with subprocess.Popen(become, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as hidden:
        try:
            if hidden.stdout.readline() != "hidden\n":
                pytest.skip("no Python here that another user may start")
            assert Path(f"/proc/{hidden.pid}/stat").stat().st_uid == 0, "the control"
            assert proc.user(hidden.pid) == 23459
        finally:
            hidden.kill()
