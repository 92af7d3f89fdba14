"""The whole product as a Windows program: Windows children, Job Objects, the TCP control API, a detached supervisor."""

import json
import os
import signal
import subprocess
import textwrap
import threading
import time
import urllib.request
import uuid
from pathlib import Path

import pytest

from scripts.wine import windows_path
from tests.support.processes import state, until
from tests.support.small_stacks import SERVER

pytestmark = [pytest.mark.wine, pytest.mark.timeout(240)]
SECONDS = 90
POLITE_SERVER = "import contextlib\nwith contextlib.suppress(KeyboardInterrupt):\n" + textwrap.indent(SERVER, "    ")


class Command:
    """A running command. What it leaves running holds its output open under Wine: nothing waits for its end."""

    def __init__(self, argv, environment, directory):
        self.process = subprocess.Popen(
            argv,
            env=environment,
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._printed = bytearray()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        while chunk := os.read(self.process.stdout.fileno(), 65536):
            self._printed += chunk

    def wait(self, seconds=SECONDS):
        code = self.process.wait(seconds)
        self._reader.join(0.5)
        return code

    def printed(self):
        return self._printed.decode(errors="replace").replace("\r\n", "\n")

    def close(self):
        """Call once nothing of its processes is left."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._reader.join(10)
        self.process.stdout.close()


class WindowsStack:
    """A checkout on Wine's Z: drive, and `rxlaunch` as a Windows Python runs it."""

    def __init__(self, wine, directory):
        self.wine = wine
        self.tag = f"tag{uuid.uuid4().hex[:12]}"
        self.root = directory / "project"
        self.root.mkdir()
        self.home = directory / "home"
        (self.root / "server.py").write_text(POLITE_SERVER)
        self.commands = []

    def web(self, extra=""):
        python = windows_path(self.wine.python)
        (self.root / "rxlaunch.toml").write_text(f"""
[ports]
web = 21500
[services.web]
command = ['{python}', "server.py", "${{port.web}}", "{self.tag}"]
readiness = {{ http = "${{url.web}}/", deadline = 40 }}
stop = {{ grace = 5 }}
{extra}
""")

    def start(self, *arguments):
        """Start a command."""
        environment = self.wine.environment(RXLAUNCH_HOME=windows_path(self.home), RX_TAG=self.tag)
        command = self.wine.command(["-P", "-m", "launcher", *arguments])
        self.commands.append(Command(command, environment, self.root))
        return self.commands[-1]

    def run(self, *arguments, check=0):
        """Run a command to its end; what it printed."""
        command = self.start(*arguments)
        code = command.wait()
        printed = command.printed()
        assert code == check, f"{arguments}: {code}\n{printed}"
        assert "Traceback" not in printed, printed
        return printed

    def json(self, *arguments, check=0):
        return json.loads(self.run(*arguments, "-o", "json", check=check))

    def processes(self, word):
        """Unix pids of living Windows processes whose command line has this word."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and state(int(entry.name)) not in ("", "Z"):
                try:
                    words = (entry / "cmdline").read_bytes()
                except OSError:
                    continue
                if b"python.exe" in words and word.encode() in words:
                    found.append(int(entry.name))
        return found

    def supervisors(self):
        """Unix pids of this stack's supervisors: they alone carry our home in their environment that long."""
        ours = []
        for pid in self.processes("supervise"):
            try:
                if self.tag.encode() in Path(f"/proc/{pid}/environ").read_bytes():
                    ours.append(pid)
            except OSError:
                continue
        return ours

    def clean_up(self):
        for pid in [*self.supervisors(), *self.processes(self.tag)]:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        for command in self.commands:
            command.close()


@pytest.fixture
def stack(prepared, tmp_path):
    made = WindowsStack(prepared, tmp_path)
    yield made
    made.clean_up()


def page(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
        return answer.read()


def test_a_stack_lives_its_whole_life_on_windows(stack):
    stack.web()
    assert "ready" in stack.run("up", "-d")
    status = stack.json("status")
    assert status["units"]["web"]["phase"] == "ready"
    port = stack.json("ports")["ports"]["web"]
    assert page(port) == b"hello"
    assert stack.json("up", "-d")["already_running"] is True
    assert str(status["pid"]) in stack.run("up", check=4)
    restarted = stack.json("restart", "web")["units"]["web"]
    assert restarted["phase"] == "ready"
    assert restarted["pid"] != status["units"]["web"]["pid"]
    assert "listening on" in stack.run("logs", "web")
    assert "ready after" in stack.run("why", "web")
    stack.run("down")
    assert stack.processes(stack.tag) == []
    stack.run("status", check=3)
    assert "nothing runs" in stack.run("down")


def test_a_killed_supervisor_takes_everything_with_it_on_windows(stack):
    stack.web()
    stack.run("up", "-d")
    assert stack.processes(stack.tag)
    begun = time.monotonic()
    for pid in stack.supervisors():
        os.kill(pid, signal.SIGKILL)
    until(lambda: not stack.processes(stack.tag), 5, "the job did not close")
    assert time.monotonic() - begun < 5
    assert "without saying goodbye" in stack.run("status", check=3)
    stack.run("up", "-d")
    assert stack.json("status")["units"]["web"]["phase"] == "ready"


def test_a_failing_stage_gives_its_exit_code_on_windows(stack):
    python = windows_path(stack.wine.python)
    stack.web(f"""
[tasks.migrate]
command = ['{python}', "-c", "print('no such table'); raise SystemExit(7)", "{stack.tag}"]
stage = "schema"
""")
    printed = stack.run("up", check=11)
    assert "exited with code 7" in printed
    assert "no such table" in printed
    until(lambda: not stack.processes(stack.tag), 5)


def test_ctrl_c_stops_the_stack_on_windows(stack):
    stack.web()
    up = stack.start("up")
    until(lambda: "Ctrl-C here" in up.printed(), 60)
    up.process.send_signal(signal.SIGINT)  # Wine makes a Ctrl-C of it
    assert up.wait(30) == 130
    assert stack.processes(stack.tag) == []


def test_bad_input_is_told_without_a_traceback_on_windows(stack):
    (stack.root / "rxlaunch.toml").write_text('[services.web]\ncomand = "x"\n')
    assert "did you mean" in stack.run("up", check=2)
    (stack.root / "rxlaunch.toml").write_text('[services.web]\ncommand = ["no-such-program"]\n')
    assert "no-such-program" in stack.run("up", check=1)
