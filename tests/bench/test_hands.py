"""The floor's children: all of them start, one that ends is named, and nothing of them stays."""

import os
import sys
import time
from pathlib import Path

import pytest

from scripts.bench.boots.floor import Hands
from scripts.bench.boots.market import free_ports, strangers

pytestmark = pytest.mark.linux_only("the benchmarks end process groups")
WITH_A_DEAF_CHILD = """
import pathlib, signal, subprocess, sys, time
deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(1000)"
child = subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE)
child.stdout.readline()
pathlib.Path(sys.argv[1]).write_text(str(child.pid))
time.sleep(1000)
"""


def wait_until(true, seconds=60):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def is_gone(pid):
    """Dead; whether whoever adopted it has collected it is not ours to say."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


@pytest.fixture
def hands(tmp_path):
    made = Hands(tmp_path / "log")
    yield made
    made.stop()


def start(hands, tmp_path, programs):
    commands = {name: ((sys.executable, "-c", *words), tmp_path, os.environ) for name, words in programs.items()}
    (nobody,) = free_ports(1)
    hands.start(commands, f"http://127.0.0.1:{nobody}/")


def test_a_deaf_grandchild_does_not_stay(hands, tmp_path):
    told = tmp_path / "pid"
    start(hands, tmp_path, {"one": (WITH_A_DEAF_CHILD, str(told))})
    wait_until(lambda: told.exists() and told.read_text())
    pid = int(told.read_text())
    assert not is_gone(pid)
    hands.stop()
    wait_until(lambda: is_gone(pid))


def test_a_child_that_ends_is_named(hands, tmp_path):
    start(hands, tmp_path, {"lives": ("import time; time.sleep(1000)",), "dies": ("raise SystemExit(7)",)})
    wait_until(hands.ended)
    assert hands.ended() == "dies ended with 7"


def test_strangers_have_the_ports_until_they_leave():
    ports = free_ports(2)
    with strangers(ports), pytest.raises(OSError), strangers(ports[1:]):
        pass
    with strangers(ports):
        pass
