"""The actions of a soak on single services, and what each must lead to. No process but the soak's own is signalled."""

import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from launcher import native
from launcher.native.contract import Identity
from scripts.soak_plan import SERVERS, SERVICES, Action
from scripts.soak_stack import SoakStack, Unexpected, wait_until

FLOOD_SECONDS = 90.0
BURST = 10


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the action changed (old pids and instance must be gone), what it must have left alone, and since when."""

    replaced: dict[str, set[int]] = field(default_factory=dict)
    kept: dict[str, int] = field(default_factory=dict)
    ended: str = ""
    since: float = field(default_factory=time.monotonic)


# --- who ------------------------------------------------------------------------------------------------------------


def hit(who: Identity, name: str) -> None:
    """Signal this very process, if it still lives."""
    native.signal_process(who, name)


def main_of(stack: SoakStack, unit: str) -> Identity:
    """The main process of a service that is ready."""
    who = stack.main(unit)
    if who is None:
        raise Unexpected(f"{unit} has no main process, though it was ready")
    return who


def supervisor_of(stack: SoakStack) -> Identity:
    """The living supervisor."""
    who = stack.supervisor()
    if who is None:
        raise Unexpected("there is no supervisor, though the stack was ready")
    return who


def instance_of(stack: SoakStack) -> str:
    """The running instance."""
    return str(stack.state().get("instance", ""))


# --- one service ----------------------------------------------------------------------------------------------------


def kill_main(stack: SoakStack, action: Action) -> Expectation:
    """The main process is killed."""
    who = main_of(stack, action.target)
    hit(who, "SIGKILL")
    return Expectation(replaced={action.target: {who.pid}})


def kill_shim(stack: SoakStack, action: Action) -> Expectation:
    """What holds the service is killed."""
    who, shim = main_of(stack, action.target), stack.shim(action.target)
    if shim is None:
        raise Unexpected(f"{action.target} has no shim, though it was ready")
    hit(shim, "SIGKILL")
    return Expectation(replaced={action.target: {who.pid}})


def kill_backend(stack: SoakStack, action: Action) -> Expectation:
    """A process below the database's main one is killed: it ends all its connections, and goes on."""
    who = main_of(stack, action.target)
    below = stack.below(who)
    if below:
        hit(below[int(action.dose * len(below))], "SIGKILL")
    return Expectation(kept={action.target: who.pid})


def pause(stack: SoakStack, action: Action) -> Expectation:
    """A service stands still for a while, a server with all its processes."""
    who = main_of(stack, action.target)
    still = [who, *(stack.below(who) if action.target in SERVERS else [])]
    _stand_still(still, 0.3 + 4 * action.dose)
    return Expectation(kept={action.target: who.pid})


def freeze_grandchild(stack: SoakStack, action: Action) -> Expectation:
    """A process somewhere below the service is stopped for good."""
    who = main_of(stack, action.target)
    shim = stack.shim(action.target)
    others = [one for one in stack.below(shim) if one != who] if shim else []
    if others:
        hit(others[int(action.dose * len(others))], "SIGSTOP")
    return Expectation(kept={action.target: who.pid})


def restart(stack: SoakStack, action: Action) -> Expectation:
    """The service is restarted."""
    began, who = time.monotonic(), main_of(stack, action.target)
    stack.run("restart", action.target)
    return Expectation(replaced={action.target: {who.pid}}, since=began)


def restart_burst(stack: SoakStack, action: Action) -> Expectation:
    """The service is restarted by many at once."""
    began, who = time.monotonic(), main_of(stack, action.target)
    stack.together(BURST, "restart", action.target)
    return Expectation(replaced={action.target: {who.pid}}, since=began)


def stop_start(stack: SoakStack, action: Action) -> Expectation:
    """The service is stopped, is really gone, and is started again."""
    who, shim = main_of(stack, action.target), stack.shim(action.target)
    tree = [who, *(stack.below(shim) if shim else [])]
    stack.run("stop", action.target)
    phase = stack.status()["units"][action.target]["phase"]
    if phase != "stopped":
        raise Unexpected(f"{action.target} is {phase} after `stop`")
    if left := [one.pid for one in tree if native.alive(one)]:
        raise Unexpected(f"{action.target} is said to have stopped, but {left} of its tree live")
    time.sleep(action.dose)
    began = time.monotonic()
    stack.run("start", action.target)
    return Expectation(replaced={action.target: {who.pid}}, since=began)


def kill_while_restarting(stack: SoakStack, action: Action) -> Expectation:
    """The service is killed while it is being restarted: wherever that is, it comes up."""
    began, who = time.monotonic(), main_of(stack, action.target)
    started = stack.popen("restart", action.target)
    time.sleep(1.5 * action.dose)
    gone, now = {who.pid}, stack.main(action.target)
    if now is not None:
        hit(now, "SIGKILL")
        gone.add(now.pid)
    ran = stack.finish(started, "restart", action.target)
    if ran.code != 0:
        raise Unexpected(f"rxlaunch restart {action.target} gave {ran.code}:\n{ran.text}")
    return Expectation(replaced={action.target: gone}, since=began)


def storm(stack: SoakStack, action: Action) -> Expectation:
    """Several services are killed and restarted at the same time, some of them twice: all come up."""
    began, dice = time.monotonic(), random.Random(action.dose)  # noqa: S311 - replayable on purpose
    started, gone = [], dict[str, set[int]]()
    for name in dice.choices(SERVICES, k=2 + int(6 * action.dose)):
        how, main = dice.choice(("restart", "main", "shim")), stack.main(name)
        if how == "restart":
            started.append(stack.popen("restart", name))
        elif main is not None and (victim := main if how == "main" else stack.shim(name)) is not None:
            hit(victim, "SIGKILL")
            gone.setdefault(name, set()).add(main.pid)
    for one in started:
        ran = stack.finish(one, "restart")
        if ran.code != 0:
            raise Unexpected(f"a restart in a storm gave {ran.code}:\n{ran.text}")
    return Expectation(replaced=gone, since=began)


# --- output and files -----------------------------------------------------------------------------------------------


def flood(stack: SoakStack, action: Action) -> Expectation:
    """Megabytes of output, with binary in it and a very long line: the service isn't blocked for long."""
    who = main_of(stack, action.target)
    for name in ("flood-wanted", "flood-under-way", "flood-done"):
        (stack.root / name).unlink(missing_ok=True)
    wanted = stack.root / "flood-asked"
    wanted.write_text(str(1 + int(10 * action.dose)), encoding="ascii")
    wanted.rename(stack.root / "flood-wanted")
    wait_until((stack.root / "flood-done").exists, FLOOD_SECONDS, "the flood was written")
    return Expectation(kept={action.target: who.pid})


def flood_unread(stack: SoakStack, action: Action) -> Expectation:
    """The same while somebody follows the log and never reads."""
    follower = stack.popen("logs", "-f", action.target)
    try:
        return flood(stack, action)
    finally:
        follower.kill()
        follower.communicate()


def touch_watched(stack: SoakStack, action: Action) -> Expectation:
    """A watched file changes."""
    who = main_of(stack, action.target)
    (stack.root / "watched" / "file").write_text(f"{action.index}\n", encoding="ascii")
    return Expectation(replaced={action.target: {who.pid}})


def delete_log(stack: SoakStack, action: Action) -> Expectation:
    """The log file of a unit is deleted; it comes back with the next line."""
    log = stack.paths().logs / f"{action.target}.log"
    log.unlink(missing_ok=True)
    if action.target == "flood":  # it always says something
        wait_until(log.exists, 10, f"{log.name} is back after it was deleted")
    return Expectation()


def _stand_still(who: Iterable[Identity], seconds: float) -> None:
    """Stop processes for a while."""
    stopped = list(who)
    for one in stopped:
        hit(one, "SIGSTOP")
    time.sleep(seconds)
    for one in stopped:
        hit(one, "SIGCONT")


DOERS: dict[str, Callable[[SoakStack, Action], Expectation]] = {
    "kill-main": kill_main,
    "kill-shim": kill_shim,
    "kill-backend": kill_backend,
    "pause": pause,
    "freeze-grandchild": freeze_grandchild,
    "restart": restart,
    "restart-burst": restart_burst,
    "stop-start": stop_start,
    "kill-while-restarting": kill_while_restarting,
    "storm": storm,
    "flood": flood,
    "flood-unread": flood_unread,
    "touch-watched": touch_watched,
    "delete-log": delete_log,
}
