"""The harness and its adapter of rxlaunch, at work on tiny projects; nothing has to be installed for it."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.linux_only("the harness finds processes in /proc and waits by pidfds")
if sys.platform == "linux":
    from scripts.bench import cli
    from scripts.bench.peers import install, known
    from scripts.bench.peers.children import Child, Project, sleepers
    from scripts.bench.peers.output import Followed
    from scripts.bench.peers.programs import Floor
    from scripts.bench.peers.running import Run, alive, end, marks
    from scripts.bench.peers.rxlaunch import Rxlaunch, RxlaunchAttached
    from scripts.bench.peers.soon import restart_once
    from scripts.bench.peers.watch import Watch, free_port


@pytest.fixture
def root(tmp_path):
    """A root of peers where rxlaunch is this checkout's."""
    program = tmp_path / "root" / "venv-rxlaunch" / "bin" / "rxlaunch"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m launcher "$@"\n')
    program.chmod(0o755)
    (program.parent / "python").symlink_to(sys.executable)
    return tmp_path / "root"


@pytest.fixture
def work():
    """A directory whose name is short: below it are sockets, whose paths may have no more than 108 characters."""
    with tempfile.TemporaryDirectory(prefix="rb") as made:
        yield Path(made)


@pytest.mark.parametrize("kind", ["Rxlaunch", "RxlaunchAttached"])
def test_the_adapter_starts_asks_and_stops_a_stack(root, work, kind):
    peer = {"Rxlaunch": Rxlaunch, "RxlaunchAttached": RxlaunchAttached}[kind](root)
    with Run(peer, Project(sleepers(3)), work) as run:
        run.up()
        assert run.wait_started(3)
        if peer.detaches:
            assert run.returned_after_ms(60) is not None
        told = run.ask(peer.status(run)).stdout
        assert all(child.name.encode() in told for child in run.project.children)
        children = [pid for _, pid, _ in run.started()]
        supervisor = peer.main_pid(run)
        assert (supervisor != run.popen.pid) == peer.detaches
        watch = Watch([supervisor, *children])
        command = run.begin_down("down")
        assert watch.wait(60), watch.alive()
        end(command, patience=60)
        watch.close()


def test_a_killed_child_is_measured_until_its_replacement_is_there(root, work):
    with Run(Rxlaunch(root), Project(sleepers(3), restart=True), work) as run:
        run.up()
        assert run.wait_started(3)
        assert run.returned_after_ms(60) is not None
        assert restart_once(run, "c1") > 0
        assert len(run.started()) == 4


def test_a_child_behind_a_gate_starts_after_the_port_has_opened(root, work):
    port = free_port()
    children = [Child("a", "listen", (str(port), "0.5")), Child("b")]
    with Run(Rxlaunch(root), Project(children, gate_port=port), work) as run:
        run.up()
        assert run.wait_started(2)
        opened = float((run.dir / "opened").read_text())
        assert run.started()[-1][0] == "b"
        assert run.started()[-1][2] > opened


def test_the_supervisor_s_own_processes_are_all_but_the_children(root, work):
    with Run(Rxlaunch(root), Project(sleepers(3)), work) as run:
        run.up()
        assert run.returned_after_ms(60) is not None
        own, shells = run.own_processes()
        pids = {process.pid for process in own}
        assert run.peer.main_pid(run) in pids
        assert len(pids) >= 5  # a warden and three shims, which carry no mark
        assert not pids & {pid for _, pid, _ in run.started()}
        assert shells == 0


def test_nothing_of_a_run_is_left_when_it_is_closed(work, tmp_path):
    """Its supervisor is killed, and the children it left behind (a shell leaves them all) are found by their mark."""
    run = Run(Floor(tmp_path), Project(sleepers(2, "setsid")), work)
    try:
        run.up()
        assert run.wait_started(2, folder="kids")
        found = run.processes()
        assert len(found) >= 4
        os.kill(run.peer.main_pid(run), signal.SIGKILL)
        assert run.processes()  # without the harness they stay
    finally:
        run.close()
    assert run.processes() == []
    assert not any(alive(process) for process in found)
    assert not run.dir.exists()


def test_a_log_that_rotates_is_read_as_one(root, work):
    peer = Rxlaunch(root)
    with Run(peer, Project(sleepers(1)), work) as run:
        logs = run.dir / "rx" / "stacks" / "made-up" / "logs"
        logs.mkdir(parents=True)
        followed = Followed(run)
        for number in range(4):
            if number:
                (logs / "c0.log").replace(logs / "c0.log.1")
            (logs / "c0.log").write_text(f"part {number}, ")
            assert followed.look() == len("part 0, ") * (number + 1)
        (whole,) = followed.assembled(run.dir / "assembled")
        assert whole.read_text() == "part 0, part 1, part 2, part 3, "
        assert followed.rotations == 3
        followed.close()


def test_a_metric_is_recorded_and_its_table_printed(root, work, tmp_path, capsys):
    out = tmp_path / "peers.json"
    run = ["peers", "run", "--root", str(root), "--peers", "sh &,rxlaunch", "--metrics", "up", "--rounds", "1"]
    assert cli.main(None, [*run, "--out", str(out), "--work", str(work)]) == 0
    assert cli.main(None, ["peers", "table", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "## up_ms" in printed
    assert "## up_returned_ms" in printed
    assert "up: `ROOT/venv-rxlaunch/bin/rxlaunch up -d`" in printed


def children_in(work):
    return [psutil.Process(pid) for folder in work.glob("pb*/r*/started") for _, pid, _ in marks(folder)]


@pytest.mark.timeout(300)
def test_a_terminated_measurement_ends_what_it_started(root, work, tmp_path):
    script = Path(cli.__file__).parents[1] / "bench.py"
    words = ["peers", "run", "--root", str(root), "--peers", "rxlaunch", "--metrics", "stop", "--work", str(work)]
    command = [sys.executable, str(script), *words, "--out", str(tmp_path / "peers.json")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as measuring:
        try:
            end, begun = time.monotonic() + 200, []
            while len(begun) < 3:
                assert time.monotonic() < end
                assert measuring.poll() is None
                time.sleep(0.02)
                begun = children_in(work)
        finally:
            measuring.terminate()
        assert measuring.wait(60) == 130
    assert not any(alive(process) for process in begun)
    assert list(work.iterdir()) == []


def test_a_metric_that_does_not_exist_is_told(root, tmp_path, capsys):
    assert cli.main(None, ["peers", "run", "--root", str(root), "--metrics", "speed", "--peers", "sh &"]) == 2
    assert "no such metric: speed" in capsys.readouterr().err


def test_peers_that_are_not_there_are_named_and_left_out(root, capsys):
    assert [peer.name for peer in known.installed(root, "honcho,rxlaunch")] == ["rxlaunch"]
    assert "not installed, left out: honcho" in capsys.readouterr().err


def test_what_no_registry_has_is_told_as_unavailable(tmp_path):
    outcome = install.install(tmp_path, ["hivemind", "no-such-thing"])
    assert outcome["hivemind"].startswith("unavailable")
    assert outcome["no-such-thing"].startswith("unknown")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "hivemind").touch()
    assert install.install(tmp_path, ["hivemind"]) == {"hivemind": "there"}
