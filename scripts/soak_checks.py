"""What a soak checks: that the stack recovers, that nothing is lost or left behind."""

import contextlib
import json
import os
import time
import urllib.request
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil  # noqa: TID253 - this is no part of the program

from launcher import native
from launcher.native.contract import Identity
from launcher.state import store
from scripts.soak_actions import Expectation
from scripts.soak_stack import UNSETTLED, SoakStack, Unexpected, wait_until
from tests.support import processes

RECOVERY_SECONDS = 60.0
PROGRESS_SECONDS = 30.0
STRAY_SECONDS = 3.0  # a process may be listed just as it is born or dies
MOST_LOGS = 200 * 2**20
PROGRAMS = ("writer", "pinger", "web", "nasty", "flood", "deaf")


# --- after each action ----------------------------------------------------------------------------------------------


def recovered(stack: SoakStack, expected: Expectation) -> float:
    """Wait until all is as it should be; seconds since the disturbance. Raises Unexpected."""
    wrong = ["?"]
    deadline = time.monotonic() + RECOVERY_SECONDS
    while wrong:
        wrong = differences(stack.status(), expected)
        if wrong and time.monotonic() > deadline:
            raise Unexpected(f"not within {RECOVERY_SECONDS:g} s: {'; '.join(wrong)}")
    seconds = time.monotonic() - expected.since
    works(stack)
    return seconds


def differences(told: dict[str, Any], expected: Expectation) -> list[str]:
    """What `status` tells otherwise than it should."""
    if not told["running"]:
        return ["nothing runs"]
    wrong = [] if told["phase"] == "ready" else [f"the stack is {told['phase']}"]
    if told["instance"] == expected.ended:
        wrong.append("the old instance still runs")
    for name, unit in told["units"].items():
        if unit["phase"] != "ready" and (name not in UNSETTLED or unit["phase"] in ("failed", "stopped")):
            wrong.append(f"{name} is {unit['phase']} ({unit['note'] or unit['last_probe']})")
        if unit["pid"] in expected.replaced.get(name, ()):
            wrong.append(f"{name} still has pid {unit['pid']}")
        if name in expected.kept and unit["pid"] != expected.kept[name]:
            wrong.append(f"{name} has pid {unit['pid']}, and had {expected.kept[name]}")
    return wrong


def works(stack: SoakStack) -> None:
    """Rows are written, Redis is asked, the web service answers. Raises Unexpected."""
    rows, pings = stack.size("acknowledged"), stack.size("pings")
    wait_until(lambda: stack.size("acknowledged") > rows, PROGRESS_SECONDS, "rows are written")
    wait_until(lambda: stack.size("pings") > pings, PROGRESS_SECONDS, "Redis is asked")
    url = f"http://127.0.0.1:{stack.state()['ports']['web']}/"
    wait_until(lambda: _answers(url), PROGRESS_SECONDS, f"{url} answers")


def _answers(url: str) -> bool:
    with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5) as answer:  # loopback
        return bool(answer.status == 200)
    return False


def audit(stack: SoakStack) -> None:
    """What must be true whenever the stack is at rest. Raises Unexpected."""
    one_of_each(stack)
    no_strays(stack)
    supervisor = stack.supervisor()
    if supervisor is not None:
        wait_until(lambda: not zombies(supervisor), 5, "the supervisor collects its dead")
    printed = stack.paths().daemon_log
    if printed.is_file() and "Traceback" in (text := printed.read_text(encoding="utf-8", errors="replace")):
        raise Unexpected(f"the supervisor printed a traceback:\n{text[-4000:]}")
    size = sum(file.stat().st_size for file in stack.paths().logs.iterdir())
    if size > MOST_LOGS:
        raise Unexpected(f"the logs have grown to {size} bytes")


def no_strays(stack: SoakStack) -> None:
    """Whatever can be found of the stack is below the one supervisor. Raises Unexpected."""

    def strays() -> dict[int, str]:
        supervisor, found = stack.supervisor(), stack.survivors()
        held = {supervisor.pid, *native.tree(supervisor.pid)} if supervisor else set[int]()
        return {pid: what for pid, what in found.items() if pid not in held and processes.state(pid) not in ("", "Z")}

    deadline = time.monotonic() + STRAY_SECONDS
    while left := strays():
        if time.monotonic() > deadline:
            raise Unexpected(f"alive, but not below the supervisor: {left}")
        time.sleep(0.05)


def one_of_each(stack: SoakStack) -> None:
    """Of each program of ours exactly one runs, and it is the one `status` tells. Raises Unexpected."""
    running: dict[str, list[int]] = {name: [] for name in PROGRAMS}
    for pid in stack.marks.survivors():
        with contextlib.suppress(OSError):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            name = words[1].decode("utf-8", "replace").removesuffix(".py") if len(words) > 2 else ""
            if name in running and words[2].decode() == stack.marks.tag:
                running[name].append(pid)
    units = stack.state()["units"]
    if wrong := [f"{name}: {pids}" for name, pids in running.items() if pids != [units[name]["pid"]]]:
        raise Unexpected(f"not exactly the one that status tells: {'; '.join(wrong)}")


def zombies(who: Identity) -> list[int]:
    """Dead children that a process hasn't collected."""
    found = []
    with contextlib.suppress(psutil.Error):
        for child in psutil.Process(who.pid).children():
            with contextlib.suppress(psutil.Error):
                if child.status() == psutil.STATUS_ZOMBIE:
                    found.append(child.pid)
    return found


# --- the end --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Books:
    """Rows acknowledged, rows in the table, and what is wrong with them."""

    acknowledged: int
    found: int
    problems: list[str]


def books(stack: SoakStack) -> Books:
    """Start Postgres alone, and compare the table with what was acknowledged."""
    import psycopg

    stack.run("up", "-d", "postgres")
    try:
        with psycopg.connect(database_url(stack), connect_timeout=10) as connection:
            rows = [int(number) for (number,) in connection.execute("select number from soak").fetchall()]
    finally:
        stack.run("down")
    return Books(len(stack.acknowledged()), len(rows), compare(stack.acknowledged(), rows))


def compare(acknowledged: list[int], rows: list[int]) -> list[str]:
    """What is wrong with the rows of the table."""
    table, twice = Counter(rows), [number for number, times in Counter(acknowledged).items() if times > 1]
    lost = sorted(set(acknowledged) - set(table))
    double = sorted(number for number, times in table.items() if times > 1)
    problems = [] if acknowledged else ["no row was ever acknowledged"]
    if lost:
        problems.append(f"{len(lost)} acknowledged rows are lost, the first is {lost[0]}")
    if double:
        problems.append(f"{len(double)} rows are there more than once, the first is {double[0]}")
    if twice:
        problems.append(f"{len(twice)} numbers were acknowledged more than once, the first is {twice[0]}")
    return problems


def database_url(stack: SoakStack) -> str:
    """The URL of the embedded Postgres, as the last boot told it."""
    told = json.loads(stack.run("env", "--reveal", "-o", "json").text)
    return str(told["outputs"]["database_url"]["value"])


def left_behind(stack: SoakStack) -> list[str]:
    """What an ended stack should not have left: processes, heartbeats, sockets, locks, leases, unreadable events."""
    problems = []
    try:
        stack.nothing_left()
    except Unexpected as error:
        problems.append(str(error))
    before = stack.marks.heartbeats()
    time.sleep(0.2)
    if stack.marks.heartbeats() != before:
        problems.append("something beats on that shows none of its marks")
    sockets = {stack.paths().socket, *(file for file in stack.directory.rglob("*") if file.is_socket())}
    problems += [f"a socket is left: {file}" for file in sockets if file.exists()]
    problems += [f"somebody holds {file}" for file in stack.home.rglob("*lock") if _locked(file)]
    leases = stack.home / "port-leases.json"
    if leases.is_file() and json.loads(leases.read_bytes()):
        problems.append(f"port leases are left: {leases.read_text(encoding='utf-8')}")
    return problems + unreadable(stack)


def unreadable(stack: SoakStack) -> list[str]:
    """What of the event log cannot be read."""
    path = stack.paths().events
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    events = len(list(store.read_events(path)))
    return [] if lines and events == len(lines) else [f"of {len(lines)} lines of the event log {events} can be read"]


def _locked(path: Path) -> bool:
    import fcntl

    handle = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False
