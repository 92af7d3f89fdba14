"""The actions of a soak that concern the supervisor or the whole stack. No process but the soak's own is signalled."""

import contextlib
import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from launcher import native
from scripts.soak_actions import Expectation, hit, instance_of, supervisor_of
from scripts.soak_plan import SERVICES, Action
from scripts.soak_stack import GONE_SECONDS, SoakStack, Unexpected, wait_until

END_SECONDS = 60.0  # for a supervisor that was asked to end
INTERRUPTED = (130, -signal.SIGINT)  # the second: it was still loading, where Ctrl-C ends it without a word


def pause_supervisor(stack: SoakStack, action: Action) -> Expectation:
    """The supervisor stands still; meanwhile the status can be asked for."""
    who, instance = supervisor_of(stack), instance_of(stack)
    hit(who, "SIGSTOP")
    try:
        told = stack.status()
        time.sleep(0.3 + 4 * action.dose)
    finally:
        hit(who, "SIGCONT")
    if not told["running"] or told["instance"] != instance:
        raise Unexpected(f"`status` said of a paused supervisor: {told}")
    return Expectation()


def ask_often(stack: SoakStack, action: Action) -> Expectation:
    """Many ask for the status at once."""
    began = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _number: stack.status(), range(8 + int(16 * action.dose))))
    if not all(answer["running"] for answer in answers):
        raise Unexpected("`status` said that nothing runs, while the stack ran")
    return Expectation(since=began)


def kill_warden(stack: SoakStack, action: Action) -> Expectation:
    """What forks the shims is killed, if there is such a one; nobody suffers, and restarts work as before."""
    del action
    kept = {name: unit["pid"] for name, unit in stack.state()["units"].items() if name not in ("crasher", "web")}
    warden = stack.warden()
    if warden is not None:
        hit(warden, "SIGKILL")
    began = time.monotonic()
    stack.run("restart", "web")
    return Expectation(kept=kept, since=began)


def up_again(stack: SoakStack, action: Action) -> Expectation:
    """Four more `up -d` at once while the stack runs: all succeed and change nothing."""
    kept = {name: unit["pid"] for name, unit in stack.state()["units"].items() if name != "crasher"}
    del action
    began = time.monotonic()
    stack.together(4, "up", "-d")
    return Expectation(kept=kept, since=began)


def kill_supervisor(stack: SoakStack, action: Action) -> Expectation:
    """The supervisor is killed; the next `up -d` boots."""
    instance = instance_of(stack)
    hit(supervisor_of(stack), "SIGKILL")
    time.sleep(0.5 * action.dose)
    return _up(stack, instance)


def kill_supervisor_and_shims(stack: SoakStack, action: Action) -> Expectation:
    """All that could clear up after the others is killed at once; the next `up -d` sweeps and boots."""
    instance, victims = instance_of(stack), [supervisor_of(stack), *stack.shims()]
    for name in ("SIGSTOP", "SIGKILL"):
        for who in victims:
            hit(who, name)
    time.sleep(0.5 * action.dose)
    return _up(stack, instance)


def kill_while_booting(stack: SoakStack, action: Action) -> Expectation:
    """The supervisor is killed, and so is the next one while it boots; the one after that boots."""
    instance = instance_of(stack)
    hit(supervisor_of(stack), "SIGKILL")
    booting = stack.popen("up", "-d")
    time.sleep(0.3 + 3 * action.dose)
    next_one = stack.supervisor()
    if next_one is not None:
        hit(next_one, "SIGKILL")
    stack.finish(booting, "up", "-d")
    return _up(stack, instance)


def terminate_supervisor(stack: SoakStack, action: Action) -> Expectation:
    """The supervisor is asked to end by the system, once or more often; nothing is left; `up -d` boots."""
    instance, who = instance_of(stack), supervisor_of(stack)
    for name in ("SIGTERM", "SIGHUP")[: 1 + int(2 * action.dose)]:
        hit(who, name)
        time.sleep(0.2 * action.dose)
    wait_until(lambda: not native.alive(who), END_SECONDS, "the supervisor ended after SIGTERM")
    stack.nothing_left()
    return _up(stack, instance)


def down_up(stack: SoakStack, action: Action) -> Expectation:
    """`down` leaves nothing; `up -d` boots."""
    del action
    instance = instance_of(stack)
    stack.run("down")
    stack.nothing_left()
    return _up(stack, instance)


def down_up_together(stack: SoakStack, action: Action) -> Expectation:
    """`down`, then four `up -d` at once: one boots, all succeed."""
    del action
    instance = instance_of(stack)
    stack.run("down")
    began = time.monotonic()
    stack.together(4, "up", "-d")
    return Expectation(ended=instance, since=began)


def interrupt_up(stack: SoakStack, action: Action) -> Expectation:
    """Ctrl-C reaches an `up -d` somewhere in its boot: nothing is left, or it was ready before; `up -d` boots."""
    instance = instance_of(stack)
    stack.run("down")
    booting = stack.popen("up", "-d")
    time.sleep(0.2 + 3 * action.dose)
    with contextlib.suppress(ProcessLookupError):
        os.kill(booting.pid, signal.SIGINT)  # our own child, not collected yet
    ran = stack.finish(booting, "up", "-d")
    if ran.code not in (0, *INTERRUPTED):
        raise Unexpected(f"an interrupted `up -d` gave {ran.code}:\n{ran.text}")
    if ran.code in INTERRUPTED:
        stack.nothing_left()
    return _up(stack, instance)


def down_while_busy(stack: SoakStack, action: Action) -> Expectation:
    """`down` among restarts: it wins, and leaves nothing; `up -d` boots."""
    instance = instance_of(stack)
    busy = [(name, stack.popen("restart", name)) for name in SERVICES[:: 1 + int(3 * action.dose)]]
    time.sleep(1.5 * action.dose)
    stack.run("down")
    stack.nothing_left(GONE_SECONDS + 5)  # the clients of the restarts end by themselves
    for name, one in busy:
        stack.finish(one, "restart", name)
    return _up(stack, instance)


def delete_state(stack: SoakStack, action: Action) -> Expectation:
    """Somebody cleans up the state directory, but for data, secrets and logs: it comes back."""
    del action
    instance, paths = instance_of(stack), stack.paths()
    for path in (paths.state, paths.events, paths.control, paths.socket, paths.lock, paths.sticky):
        path.unlink(missing_ok=True)
    wait_until(lambda: instance_of(stack) == instance, 20, "the state file is back after it was deleted")
    return Expectation()


def _up(stack: SoakStack, ended: str) -> Expectation:
    began = time.monotonic()
    stack.run("up", "-d")
    if left := native.find_marked(ended):
        raise Unexpected(f"`up -d` was ready while {left} of the last instance lived")
    return Expectation(ended=ended, since=began)


DOERS: dict[str, Callable[[SoakStack, Action], Expectation]] = {
    "pause-supervisor": pause_supervisor,
    "ask-often": ask_often,
    "up-again": up_again,
    "delete-state": delete_state,
    "kill-warden": kill_warden,
    "kill-supervisor": kill_supervisor,
    "kill-supervisor-and-shims": kill_supervisor_and_shims,
    "kill-while-booting": kill_while_booting,
    "terminate-supervisor": terminate_supervisor,
    "down-up": down_up,
    "down-up-together": down_up_together,
    "down-while-busy": down_while_busy,
    "interrupt-up": interrupt_up,
}
