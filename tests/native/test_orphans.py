"""Nothing outlives its supervisor. Each test has a control that shows the same tree surviving without containment."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from launcher import native
from launcher.native import brand, containment, proc, sweeping
from launcher.native import warden as warden_client
from tests.support.processes import CAP_SECONDS, WORST_TREE, assert_no_survivors, script, state, until

GRACE = 0.5
SUPERVISOR = """
    import asyncio, json, sys
    from launcher import native
    argv, env, cwd, grace = json.loads(sys.argv[1])
    async def main():
        native.become_guardian()
        spec = native.LaunchSpec(tuple(argv), cwd, env, grace_seconds=grace)
        child = await native.spawn(spec, lambda chunk: print(chunk.decode(), end="", flush=True))
        await asyncio.sleep(60)
    asyncio.run(main())
"""
BARE_SUPERVISOR = """
    import json, subprocess, sys, time
    argv, env, cwd, grace = json.loads(sys.argv[1])
    subprocess.Popen(argv, env=env, cwd=cwd)
    time.sleep(60)
"""


def supervised(marks, *members, source=SUPERVISOR, **options):
    """A supervisor in a process of its own, holding a tree with these members."""
    order = json.dumps([marks.tree(*members), marks.env, str(marks.heartbeat.parent), GRACE])
    return script(source, order, **options)


def test_a_killed_supervisor_leaves_nothing_within_the_grace_period(marks):
    with supervised(marks, *WORST_TREE) as supervisor:
        assert len(marks.survivors()) >= len(WORST_TREE) + 2  # main and shim
        os.kill(supervisor.pid, signal.SIGKILL)
        assert_no_survivors(marks, within=GRACE + 0.4)  # the matrix says 0.1; this machine is shared


def test_control_without_containment_a_killed_supervisor_leaves_the_whole_tree(marks):
    with supervised(marks, *WORST_TREE, source=BARE_SUPERVISOR) as supervisor:
        os.kill(supervisor.pid, signal.SIGKILL)
        supervisor.wait()
        with pytest.raises(AssertionError, match="still alive"):
            assert_no_survivors(marks, within=GRACE + 0.4)
        assert len(marks.survivors()) == len(WORST_TREE) + 1


def test_killing_the_process_group_of_the_launcher_leaves_nothing(marks):
    with supervised(marks, *WORST_TREE, new_group=True) as supervisor:
        os.killpg(supervisor.pid, signal.SIGKILL)
        assert_no_survivors(marks, within=GRACE + 0.4)


def test_control_killing_the_process_group_without_containment_leaves_what_left_the_group(marks):
    with supervised(marks, *WORST_TREE, new_group=True, source=BARE_SUPERVISOR) as supervisor:
        os.killpg(supervisor.pid, signal.SIGKILL)
        supervisor.wait()
        until(lambda: len(marks.survivors()) == 4)  # the three daemons and sessions, and the one that is deaf, too
        with pytest.raises(AssertionError, match="still alive"):
            assert_no_survivors(marks, within=0.3)


def test_a_killed_supervisor_leaves_no_pid_hopping_daemon(marks):
    with supervised(marks, "daemon+deaf+hopper") as supervisor:
        os.kill(supervisor.pid, signal.SIGKILL)
        assert_no_survivors(marks, within=GRACE + 1)


def test_control_a_pid_hopping_daemon_escapes_a_kill_by_pid(marks):
    bare = subprocess.Popen(marks.tree("daemon+deaf+hopper"), env=marks.env, stdout=subprocess.PIPE)
    try:
        assert bare.stdout.readline() == b"READY\n"
        bare.kill()
        for pid in native.tree(bare.pid):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        bare.wait()
        before = marks.heartbeats()
        until(lambda: marks.heartbeats() > before)
    finally:
        bare.stdout.close()


async def test_a_killed_shim_takes_its_tree_along(marks, start, printed, guardian):
    child = await start(*marks.tree(*WORST_TREE))
    await printed.shows(b"READY")
    shim = parent(child.pid)
    os.kill(shim, signal.SIGKILL)
    ended = await asyncio.wait_for(child.wait(), 5)
    assert ended.signal == signal.SIGKILL
    assert ended.error is None
    assert len(ended.leftovers) == len(WORST_TREE)
    assert_no_survivors(marks, within=0.1)
    assert not set(zombies_of(os.getpid())) - guardian


async def test_a_killed_shim_takes_its_tree_along_even_where_we_adopt_nothing(marks, start, printed):
    child = await start(*marks.tree("plain", "daemon+deaf"))
    await printed.shows(b"READY")
    os.kill(parent(child.pid), signal.SIGKILL)
    ended = await asyncio.wait_for(child.wait(), 5)
    assert ended.signal == signal.SIGKILL
    assert_no_survivors(marks, within=0.1)


def kill_supervisor_and_shim(marks, supervisor):
    """All at once, the warden too, so that none can clear up after the others."""
    everybody = [supervisor.pid, *(who.pid for who in containment.shims_of(marks.instance))]
    assert len(everybody) == 3
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in everybody:
            os.kill(pid, number)
    supervisor.wait()


def test_what_outlives_supervisor_and_shim_is_swept_though_it_shed_its_environment(marks):
    with supervised(marks, *WORST_TREE, "daemon+deaf+bare") as supervisor:
        kill_supervisor_and_shim(marks, supervisor)
        assert len(marks.survivors()) == len(WORST_TREE) + 1
        assert len(native.kill_marked(marks.instance)) == len(WORST_TREE) + 1
        assert not native.find_marked(marks.instance)
        assert_no_survivors(marks, within=0)


def test_control_a_sweep_by_the_environment_alone_misses_those_that_cleared_theirs(marks, monkeypatch):
    monkeypatch.setattr(brand, "carries", lambda _pid, _marks: False)
    with supervised(marks, *WORST_TREE, "daemon+deaf+bare") as supervisor:
        kill_supervisor_and_shim(marks, supervisor)
        assert len(native.kill_marked(marks.instance)) == len(WORST_TREE) - 1
        assert all("bare" in line for line in marks.survivors().values())
        assert len(marks.survivors()) == 2


def test_a_daemon_that_hops_from_pid_to_pid_is_swept_too(marks):
    with supervised(marks, "daemon+deaf+hopper", "session+deaf+bare+hopper") as supervisor:
        kill_supervisor_and_shim(marks, supervisor)
        assert native.kill_marked(marks.instance)
        assert_no_survivors(marks, within=0)


@pytest.fixture
def looks(monkeypatch):
    """How often everybody is looked at."""
    counted, look = [], proc.pids

    def counting():
        counted.append(1)
        return look()

    monkeypatch.setattr(proc, "pids", counting)
    return counted


def test_after_an_orderly_end_one_look_is_enough(looks, marks):
    assert native.kill_marked(marks.instance, in_order=True) == []
    assert len(looks) == 2, "for shims, and for what they held"


def test_what_is_left_all_the_same_is_swept_as_ever(looks, marks):
    with supervised(marks, *WORST_TREE, "daemon+deaf+bare") as supervisor:
        kill_supervisor_and_shim(marks, supervisor)
        looks.clear()
        assert len(native.kill_marked(marks.instance, in_order=True)) == len(WORST_TREE) + 1
        assert len(looks) > 5, "it looks on whether anything comes after those that were found"
        assert_no_survivors(marks, within=0)


@pytest.fixture
def slow_look(monkeypatch):
    """As many processes as a busy server has: whoever hops has left its pid before a look at everybody reaches it."""
    look = proc.pids

    def slowly():
        everybody = list(look())
        time.sleep(0.03)
        return iter(everybody)

    monkeypatch.setattr(proc, "pids", slowly)


def swept_hopper(marks):
    """Whether a daemon that hops, and nothing else, was swept."""
    with supervised(marks, "daemon+deaf+bare+hopper") as supervisor:
        kill_supervisor_and_shim(marks, supervisor)
        hops = marks.heartbeat.with_name("beat.hops")
        before = hops.stat().st_size
        until(lambda: hops.stat().st_size > before, what="it hops")
        native.kill_marked(marks.instance)
        before = marks.heartbeats()
        time.sleep(0.08)
        return marks.heartbeats() == before


@pytest.mark.parametrize("repetition", range(5))
def test_a_daemon_that_hops_faster_than_we_can_look_at_everybody_is_swept(marks, slow_look, repetition):
    assert swept_hopper(marks)


def test_control_a_look_at_everybody_alone_comes_too_late_for_a_daemon_that_hops(marks, slow_look, monkeypatch):
    monkeypatch.setattr(sweeping._Newest, "since_last", lambda _self: range(0))
    assert not swept_hopper(marks)


def test_pids_that_begin_anew_are_the_newest(monkeypatch):
    with sweeping._Newest() as newest:
        newest._last = 32_760
        monkeypatch.setattr(newest, "_pid", lambda: 305)
        assert newest.first([1, 300, 305, 32_760]) == [305, 300, 1, 32_760]
        assert newest.since_last() == range(305, 241, -1)
        assert list(newest.since_last()) == []
        monkeypatch.setattr(newest, "_pid", lambda: 308)
        assert list(newest.since_last()) == [308, 307, 306]


def test_a_sweep_gives_shims_whose_supervisor_died_the_time_to_stop_their_trees(marks):
    """A database is shutting down: whoever sweeps at once would kill it in the middle of that."""
    slow = f"""
import signal, sys, time
def last_words(*_):
    time.sleep(0.4); open({str(marks.heartbeat)!r} + ".done", "w").close(); sys.exit(0)
signal.signal(signal.SIGTERM, last_words)
print("READY", flush=True)
time.sleep({CAP_SECONDS})
"""
    order = json.dumps([[sys.executable, "-I", "-S", "-c", slow, marks.tag], marks.env, "/", 5.0])
    with script(SUPERVISOR, order) as supervisor:
        os.kill(supervisor.pid, signal.SIGKILL)
        supervisor.wait()
        assert containment.still_stopping(marks.instance)
        assert native.kill_marked(marks.instance) == []
        assert marks.heartbeat.with_name("beat.done").exists()
        assert_no_survivors(marks, within=0)


def test_a_sweep_without_marks_is_refused_since_it_would_find_everybody():
    with pytest.raises(ValueError, match="everybody"):
        sweeping.sweep({}, {os.geteuid()})


async def test_adopted_zombies_are_collected_and_exit_codes_are_not_stolen(marks, start, printed, guardian):
    plain = await asyncio.create_subprocess_exec("sh", "-c", "sleep 0.3; exit 5")
    child = await start(
        "sh", "-c", "for i in $(seq 100); do (setsid sh -c 'sleep 0.05 & exit 0' &); done; sleep 0.5; exit 6"
    )
    for _ in range(20):
        native.reap_strangers()
        await asyncio.sleep(0.02)
    assert await plain.wait() == 5
    ended = await child.wait()
    assert ended.code == 6
    assert ended.leftovers == ()
    assert not set(zombies_of(os.getpid())) - guardian


async def test_a_server_that_a_command_of_ours_started_is_spared_even_when_a_shim_dies(marks, start, printed, guardian):
    """`service postgresql start` leaves a daemon that must outlive us; as a subreaper we become its parent."""
    before = native.tree(os.getpid())
    command = await asyncio.create_subprocess_exec("sh", "-c", f"setsid sleep {CAP_SECONDS} & exit 0")
    await command.wait()

    def servers():
        return [pid for pid in native.tree(os.getpid()) - before if os.getsid(pid) == pid]

    until(servers)  # it has left our session
    (server,) = servers()
    try:
        assert native.reap_strangers() == []
        child = await start(*marks.tree("session+deaf+bare"))
        await printed.shows(b"READY")
        os.kill(parent(child.pid), signal.SIGKILL)
        assert (await asyncio.wait_for(child.wait(), 5)).leftovers
        assert native.reap_strangers() == []
        assert_no_survivors(marks, within=0.1)
        assert state(server) not in ("", "Z")
    finally:
        os.kill(server, signal.SIGKILL)
        os.waitpid(server, 0)


async def test_an_adopted_process_with_our_mark_is_killed_and_one_without_is_not(marks, start, guardian):
    await (await start("true")).wait()  # the instance is known from now on
    ours = await asyncio.create_subprocess_exec("sleep", "60", start_new_session=True, env=marks.env)
    other = await asyncio.create_subprocess_exec("sleep", "60", start_new_session=True)
    named = await asyncio.create_subprocess_exec("sleep", "60", start_new_session=True, env=marks.env)
    try:
        until(lambda: len(native.find_marked(marks.instance)) == 2)
        assert native.reap_strangers(lambda: {named.pid}) == ["sleep"]
        until(lambda: state(ours.pid) in ("", "Z"))
        assert state(named.pid) == state(other.pid) == "S"
    finally:
        for process in (ours, other, named):
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


@pytest.fixture
def guardian():
    """The test's own process is a subreaper; conftest ends that. The zombies it had already, which are others'."""
    native.become_guardian()
    return set(zombies_of(os.getpid()))


async def test_a_killed_warden_leaves_its_shims_at_work_and_the_next_child_gets_another(
    marks, start, printed, guardian
):
    first = await start(*marks.tree("plain"))
    await printed.shows(b"READY")
    shim = parent(first.pid)
    warden = parent(shim)
    assert warden != os.getpid()
    os.kill(warden, signal.SIGKILL)
    until(lambda: parent(shim) == os.getpid())  # we are its subreaper
    assert native.reap_strangers() == [], "a shim that came to us is not taken for an orphan"
    assert first.owns(first.pid)
    second = await start(*marks.leaf())
    assert parent(parent(second.pid)) not in (warden, os.getpid())
    for child in (first, second):
        child.kill()
        assert (await asyncio.wait_for(child.wait(), 5)).signal == signal.SIGKILL
    native.reap_strangers()
    assert not set(zombies_of(os.getpid())) - guardian
    assert_no_survivors(marks, within=0.1)


async def test_a_stopped_warden_is_given_up_and_replaced(marks, start, printed, guardian, monkeypatch):
    monkeypatch.setattr(warden_client, "ANSWER_SECONDS", 0.3)
    first = await start(*marks.tree("plain"))
    await printed.shows(b"READY")
    stuck = parent(parent(first.pid))
    os.kill(stuck, signal.SIGSTOP)
    assert "could not be started" in (await (await start("true")).wait()).error
    assert (await (await start("true")).wait()).code == 0
    os.kill(stuck, signal.SIGCONT)
    until(lambda: state(stuck) in ("", "Z"))  # its door is closed: it ends by itself
    first.kill()
    await first.wait()


async def test_the_warden_ends_with_the_last_child(marks, start):
    child = await start("sleep", "0.1")
    warden = parent(parent(child.pid))
    await child.wait()
    assert state(warden) == ""


def parent(pid):
    """The parent of a process."""
    from launcher.native import proc

    return proc.parent(pid)


def zombies_of(pid):
    """Dead children nobody collected."""
    return [child for child in native.tree(pid) if state(child) == "Z"]
