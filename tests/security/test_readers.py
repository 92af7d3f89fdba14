"""Slow, stopped and vanished readers, a stopped supervisor, files that change under a reader (rows 27, 32, 34, 36)."""

import os
import re
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from tests.security.consoles import start
from tests.support.small_stacks import until

FLOOD = """
import os, pathlib, sys, time
os.write(1, b"about to flood\\n")
while not pathlib.Path("go").exists(): time.sleep(0.01)
number, size = 0, int(sys.argv[1]) * 1024 * 1024
while number * 100 < size:
    os.write(1, b"".join(b"line %08d %s\\n" % (n, b"x" * 85) for n in range(number, number + 600)))
    number += 600
os.write(1, b"THE END %d\\n" % number)
pathlib.Path("done").write_text(str(number))
time.sleep(600)
"""
WHOLE = re.compile(r"line \d{8} x{85}")
TALKER = """
import os, pathlib, time
number = 0
while True:
    if pathlib.Path("talk").exists():
        os.write(1, b"word %06d %s\\n" % (number, b"y" * 80))
        number += 1
        pathlib.Path("said").write_text(str(number))
        time.sleep(0.001)
    else:
        time.sleep(0.01)
"""


def plant(stack, megabytes):
    """A stack with a service that floods once the file `go` is there."""
    (stack.root / "flood.py").write_text(FLOOD, encoding="utf-8")
    stack.web(f"""
[services.flood]
command = ["{{python}}", "flood.py", "{megabytes}", "{{tag}}"]
stop = {{ grace = 1 }}
""")


@pytest.fixture
def talker(stack):
    (stack.root / "talker.py").write_text(TALKER, encoding="utf-8")
    stack.write('[services.talker]\ncommand = ["{python}", "talker.py", "{tag}"]\nstop = { grace = 1 }\n')
    return stack


def resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def log_files(stack, name):
    """The current file, and the rotated one if there is one."""
    return sorted(stack.home.glob(f"stacks/*/logs/{name}.log*"))


class Follower:
    """`logs -f` in a process of its own; what it prints is kept, or never read."""

    def __init__(self, stack, unit, *, reads=True):
        self.lines = []
        self.process = stack.popen("logs", "-f", "-n", "5", unit)
        self._thread = threading.Thread(target=self._read, daemon=True)
        if reads:
            self._thread.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n").partition("| ")[2])

    def saw(self, text, within=30):
        assert until(lambda: any(text in line for line in self.lines[-2000:]), within), self.lines[-5:]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        if self._thread.is_alive():
            self._thread.join(5)
        self.process.stdout.close()


@pytest.mark.parametrize("megabytes", [4, pytest.param(60, marks=pytest.mark.slow)])
def test_a_flood_is_held_up_by_no_reader_and_costs_no_memory(stack, megabytes):
    """`up` and a `logs -f` whose output nobody reads, and one whose output somebody does."""
    plant(flood := stack, megabytes)
    up = flood.popen("up")
    try:
        assert until(flood.is_ready, 30)
        supervisor = flood.json("status")["pid"]
        before = resident(supervisor)
        with Follower(flood, "flood", reads=False), Follower(flood, "flood") as reader:
            reader.saw("about to flood")
            (flood.root / "go").touch()
            worst = 0
            while not (flood.root / "done").exists():
                worst = max(worst, resident(supervisor))
                assert until((flood.root / "done").exists, 0.2) or flood.json("status")["running"]
            reader.saw("THE END", 60)
        assert worst - before < 48 * 2**20
        flood.run("restart", "web", check=0)
        number = int((flood.root / "done").read_text())
        kept = b"".join(file.read_bytes() for file in reversed(log_files(flood, "flood"))).splitlines()
        numbers = [int(line.split()[1]) for line in kept if line.startswith(b"line")]
        # Compared apart from the asserts: pytest prints how half a million lines differ, even before an `or`.
        unbroken = numbers == list(range(number - len(numbers), number))
        assert unbroken, "what is kept has no hole"
        assert len(kept) * 100 > min(10, megabytes - 1) * 2**20
        seen = [int(line.split()[1]) for line in reader.lines if WHOLE.fullmatch(line)]
        ordered = seen == sorted(set(seen))
        assert ordered, "a reader sees no line twice, and none out of order"
        breaks = [line for line in reader.lines if line.startswith("---")]
        known = ("---", "about to flood", "THE END")
        parts = [line for line in reader.lines if not WHOLE.fullmatch(line) and not line.startswith(known)]
        assert len(parts) <= 2 * len(breaks), "lines are cut only where some were missed"
        assert len(seen) > 20_000
        whole = seen == list(range(seen[0], seen[0] + len(seen)))
        assert whole or breaks, "what it missed, it was told of"
    finally:
        flood.run("down", check=0)
        up.stdout.close()
        up.wait(20)


def test_a_supervisor_that_stands_still_for_a_while_loses_nothing(talker):
    """The child is held up once its pipe is full, and goes on when the supervisor does."""
    (talker.root / "talker.py").write_text(TALKER.replace("time.sleep(0.001)", "pass"), encoding="utf-8")
    talker.run("up", "-d", check=0)
    supervisor = talker.json("status")["pid"]
    said = talker.root / "said"
    os.kill(supervisor, signal.SIGSTOP)
    try:
        (talker.root / "talk").touch()
        counts = [0]

        def full():
            counts.append(int(said.read_text() or "0") if said.exists() else 0)
            return counts[-1] > 0 and counts[-30:] == [counts[-1]] * 30

        assert until(full, 30), "the pipe is full, and the child waits"
    finally:
        os.kill(supervisor, signal.SIGCONT)
    assert until(lambda: int(said.read_text() or "0") > counts[-1] + 2000)
    (talker.root / "talk").unlink()
    talker.run("down", check=0)
    numbers = [
        int(line.split()[1])
        for file in reversed(log_files(talker, "talker"))
        for line in file.read_bytes().splitlines()
    ]
    assert numbers == list(range(len(numbers)))
    assert len(numbers) >= counts[-1]


def test_a_log_that_is_deleted_truncated_replaced_and_rotated_is_followed_on(talker):
    talker.run("up", "-d", check=0)
    (talker.root / "talk").touch()
    with Follower(talker, "talker") as reader:
        reader.saw("word")
        (file,) = log_files(talker, "talker")

        def goes_on_after(change):
            count = len(reader.lines)
            change()
            assert until(lambda: sum("word" in line for line in reader.lines[count:]) > 100, 20), reader.lines[-5:]
            return [line for line in reader.lines[count:] if line.startswith("---")]

        assert goes_on_after(file.unlink) == ["--- the log file was deleted; waiting for a new one ---"]
        assert goes_on_after(lambda: os.truncate(file, 0))[-1:] in ([], ["--- the log file was truncated ---"])
        assert goes_on_after(lambda: file.rename(file.with_name(file.name + ".1"))) == []
        assert reader.process.poll() is None
        reader.process.send_signal(signal.SIGINT)
        assert reader.process.wait(10) == 130


@pytest.mark.parametrize("pipeline", ["up | head -1", "up -o json | head -1", "up >&- 2>&- <&-"])
def test_up_goes_on_when_nobody_wants_its_output(stack, pipeline):
    stack.web()
    command = pipeline.replace("up", f"'{stack.command[-1]}' -P -m launcher up", 1)
    shell = subprocess.Popen(["bash", "-c", f"{command}; exit ${{PIPESTATUS[0]}}"], cwd=stack.root, env=stack.env)
    try:
        assert until(stack.is_ready, 30)
        stack.run("restart", "web", check=0)
        assert "listening on" in stack.run("logs", "web", check=0).stdout
    finally:
        stack.run("down", check=0)
    assert shell.wait(20) == 0
    stack.assert_nothing_left()


@pytest.mark.parametrize(
    "pipeline", ["logs -n 100000 | head -1", "logs -f | head -2", "status | true", "logs >&-", "why web >&-"]
)
def test_commands_end_quietly_when_nobody_wants_their_output(shared, pipeline):
    if not shared.home.exists():
        shared.web('[services.talker]\ncommand = ["{python}", "-c", "for n in range(99999): print(n)"]')
        shared.run("up", "-d")
    command = f"'{shared.command[-1]}' -P -m launcher {pipeline}"
    done = subprocess.run(
        ["bash", "-c", command], cwd=shared.root, env=shared.env, capture_output=True, text=True, timeout=30
    )
    assert done.stderr == ""


def test_control_who_reads_as_fast_as_it_comes_misses_nothing(stack):
    plant(stack, 2)
    console = stack.root.parent / "console"
    with console.open("wb") as out, start(stack, out, "up") as up:
        assert until(stack.is_ready, 30)
        (stack.root / "go").touch()
        assert until(lambda: b"THE END" in console.read_bytes()[-5000:], 30)
        up.terminate()
    shown = [int(line.split()[3]) for line in console.read_bytes().splitlines() if b"flood | line" in line]
    assert shown == list(range(len(shown)))
    assert len(shown) * 100 > 2 * 2**20 - 100_000
