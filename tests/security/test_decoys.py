"""A sweep kills what is ours by mark, user and identity, and nothing that only looks like it (security row S21)."""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from launcher import native
from launcher.native import brand
from launcher.native.contract import INSTANCE_MARK, UNIT_MARK, Identity
from tests.support.processes import state, until
from tests.support.servers import free_port

SLEEPER = "import sys, time; print('up', flush=True); time.sleep(60)"
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a process of another user")


@contextlib.contextmanager
def decoy(*before, env, argv=()):
    """A stranger's process that sleeps, started by a command that changes who it is."""
    command = [*before, sys.executable if not before else "sleep", *(["-c", SLEEPER] if not before else ["60"]), *argv]
    process = subprocess.Popen(command, env={"PATH": os.environ["PATH"], **env}, stdout=subprocess.PIPE, cwd="/")
    try:
        if not before:
            process.stdout.readline()
        until(lambda: b"sleep" in Path(f"/proc/{process.pid}/cmdline").read_bytes())
        yield process.pid
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def killed(stack):
    """A stack whose supervisor was killed, its state file telling of an instance that may have left something."""
    stack.web()
    stack.run("up", "-d", check=0)
    status = stack.json("status")
    os.kill(status["pid"], 9)
    stack.assert_nothing_left()
    return stack, {INSTANCE_MARK: status["instance"], UNIT_MARK: "web"}


def alive(pid):
    return state(pid) not in ("", "Z")


@root_only
@pytest.mark.parametrize("uid", [12345, 1])
def test_a_process_of_another_user_with_our_mark_survives_every_sweep(killed, uid):
    stack, marks = killed
    other = ("setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups")
    with decoy(*other, env=marks) as theirs, decoy(env=marks) as ours:
        assert {native.my_identity().boot} == {native.identity(theirs).boot}
        for command in ("status", "down"):
            stack.run(command)
        assert alive(theirs)
        assert not alive(ours), "the control: the same mark under our own user is swept"


@root_only
def test_a_process_of_another_user_with_our_brand_survives_too(killed):
    """The brand is a resource limit, which anybody may set."""
    stack, marks = killed
    mark = str(brand.brand(marks))
    limits = ("prlimit", f"--rttime={mark}:{mark}")
    other = (*limits, "setpriv", "--reuid=12345", "--regid=12345", "--clear-groups")
    with decoy(*other, env={}) as theirs, decoy(*limits, env={}) as ours:
        until(lambda: brand.carries(theirs, marks) and brand.carries(ours, marks))
        stack.run("status")
        assert alive(theirs)
        assert not alive(ours), "the control"


def test_what_only_names_the_instance_survives(killed):
    """In its arguments, as a part of the value, in another variable: an editor or a grep, not a child of ours."""
    stack, marks = killed
    instance = marks[INSTANCE_MARK]
    values = {INSTANCE_MARK: (instance + "0", instance[:-1], ""), f"X{INSTANCE_MARK}": (instance,),
              INSTANCE_MARK.lower(): (instance,), "NOTE": (f"{INSTANCE_MARK}={instance}",)}  # fmt: skip
    lookalikes = [{name: value} for name, some in values.items() for value in some]
    with contextlib.ExitStack() as everybody:
        strangers = [everybody.enter_context(decoy(env=env)) for env in lookalikes]
        strangers.append(everybody.enter_context(decoy(env={}, argv=[f"{INSTANCE_MARK}={instance}", stack.tag])))
        for command in ("status", "down"):
            stack.run(command)
        assert all(map(alive, strangers))


def test_a_process_that_got_the_pid_of_ours_is_not_signalled(stack):
    """Same pid, other start: everything in the state directory names the decoy, and every command lets it be."""
    port = free_port()
    stack.web(ports=f"web = {port}")
    stack.run("up", "-d", check=0)
    stack.run("down", check=0)
    (file,) = stack.home.glob("stacks/*/state.json")
    with decoy(env={}) as stranger:
        document = json.loads(file.read_text())
        started = native.identity(stranger).started
        for other, phase, command in (
            (started - 1, "ready", "down"),
            (started + 1, "stopping", "status"),
            (0, "ready", "down"),
        ):
            who = {**document["supervisor"], "pid": stranger, "started": other}
            file.write_text(json.dumps({**document, "supervisor": who, "pid": stranger, "phase": phase}))
            stack.run(command)
            assert alive(stranger)
        leases = [{"port": port, "owner": "x", "pid": stranger, "started": started - 1, "boot": who["boot"]}]
        (stack.home / "port-leases.json").write_text(json.dumps(leases))
        stack.run("up", "-d", check=0)
        assert stack.json("ports")["ports"]["web"] == port, "a lease of somebody long gone keeps nobody out"
        stack.run("down", check=0)
        assert alive(stranger)


def test_no_signal_is_sent_without_the_whole_identity():
    with decoy(env={}) as stranger:
        who = native.identity(stranger)
        for wrong in (Identity(who.pid, who.started + 1, who.boot), Identity(who.pid, who.started, "another boot"),
                      Identity(who.pid, 0, who.boot), Identity(who.pid, who.started, "")):  # fmt: skip
            native.signal_process(wrong, "SIGKILL")
            assert not native.alive(wrong)
        assert alive(stranger)
        native.signal_process(who, "SIGKILL")
        until(lambda: not alive(stranger), what="the control: the right identity is signalled")
