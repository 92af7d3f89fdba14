import os
import signal
import subprocess
import sys

import pytest

from launcher import native
from launcher.errors import AlreadyRunning, StateUnwritable
from launcher.state import lock, store
from tests.support.stacks import running_snapshot, stack_paths

HOLDER = """
import sys
from pathlib import Path
from launcher.errors import AlreadyRunning
from launcher.paths import for_root
from launcher.state import lock
try:
    with lock.hold(for_root(Path(sys.argv[1]))):
        print("held", flush=True)
        sys.stdin.read()
except AlreadyRunning:
    print("refused", flush=True)
    sys.exit(4)
"""


@pytest.fixture
def paths(tmp_path, monkeypatch):
    return stack_paths(tmp_path, monkeypatch)


@pytest.fixture
def start(paths):
    running = []

    def starter():
        child = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(paths.root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        running.append(child)
        return child

    yield starter
    for child in running:
        child.kill()
        child.communicate()


def test_of_many_that_start_at_once_exactly_one_wins(start):
    children = [start() for _ in range(5)]
    words = sorted(child.stdout.readline().strip() for child in children)
    assert words == ["held", *["refused"] * 4]


def test_the_loser_names_the_winners_pid_and_age(paths, start):
    child = start()
    assert child.stdout.readline() == "held\n"
    snapshot = running_snapshot().replaced(pid=child.pid, supervisor=native.identity(child.pid))
    store.save(paths, snapshot.replaced(started_at=snapshot.started_at - 65))
    with pytest.raises(AlreadyRunning, match=rf"pid {child.pid}, since 6\d s ago"), lock.hold(paths):
        pass


def test_a_winner_who_said_nothing_yet_is_starting(paths, start):
    assert start().stdout.readline() == "held\n"
    with pytest.raises(AlreadyRunning, match="is starting"), lock.hold(paths):
        pass


def test_the_kernel_frees_the_lock_of_a_killed_supervisor(paths, start):
    child = start()
    assert child.stdout.readline() == "held\n"
    os.kill(child.pid, signal.SIGTERM if native.IS_WINDOWS else signal.SIGKILL)
    child.wait()
    with lock.hold(paths):
        assert paths.lock.exists()


def test_the_lock_can_be_taken_again_after_it_was_given_back(paths):
    for _ in range(2):
        with lock.hold(paths):
            pass


@pytest.mark.parametrize("contents", [b"", b"\xff\x00garbage", b"12345"])
def test_what_is_in_the_lock_file_does_not_matter(paths, contents):
    paths.lock.write_bytes(contents)
    with lock.hold(paths):
        pass


def test_a_lock_that_cannot_be_made_is_named_with_a_remedy(paths):
    paths.lock.mkdir()
    with pytest.raises(StateUnwritable) as caught, lock.hold(paths):
        pass
    assert str(paths.lock) in caught.value.message


def test_a_living_supervisor_is_running(paths):
    store.save(paths, running_snapshot())
    found = lock.running(paths)
    assert found is not None
    assert found.pid == os.getpid()


@pytest.mark.parametrize("phase", ["stopped", "failed"])
def test_a_supervisor_that_said_goodbye_is_not_running(paths, phase):
    store.save(paths, running_snapshot().replaced(phase=phase))
    assert lock.running(paths) is None


def test_a_supervisor_from_before_a_reboot_is_not_running(paths):
    me = native.my_identity()
    store.save(paths, running_snapshot().replaced(supervisor=me.replaced(boot="another boot")))
    assert lock.running(paths) is None


@pytest.mark.linux_only("we cannot write down another identity for our own pid there")
def test_a_process_that_got_the_supervisors_pid_is_not_the_supervisor(paths):
    me = native.my_identity()
    store.save(paths, running_snapshot().replaced(supervisor=me.replaced(started=me.started - 1)))
    assert lock.running(paths) is None


def test_nothing_was_ever_started(paths):
    assert lock.running(paths) is None
