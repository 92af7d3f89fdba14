"""Ctrl-C, SIGTERM and SIGHUP at good and bad moments (fault rows 19-22, 24)."""

import os
import pty
import signal
import subprocess
import sys

import pytest

from tests.support.small_stacks import until

DEAF_PROGRAM = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
time.sleep(600)
"""
DEAF = """
[services.deaf]
command = ["{python}", "deaf.py", "{tag}"]
readiness = { log_line = "deaf" }
stop = { grace = 30 }
"""


class Terminal:
    """The command line at a terminal of its own; what it prints is kept."""

    def __init__(self, stack, *arguments):
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            os.chdir(stack.root)
            argv = [sys.executable, "-P", "-m", "launcher", *arguments]
            os.execve(sys.executable, argv, {**stack.env, "TERM": "xterm", "COLUMNS": "120"})
        self.text = ""

    def read(self, wanted, within=30):
        """Read until the words appear."""

        def there():
            import select

            if select.select([self.master], [], [], 0.02)[0]:
                try:
                    self.text += os.read(self.master, 65536).decode(errors="replace")
                except OSError:
                    return True
            return wanted in self.text

        assert until(there, within), self.text
        return self.text

    def press_control_c(self):
        os.write(self.master, b"\x03")

    def code(self, within=20):
        """The exit code, once it has ended."""
        result = []

        def ended():
            import select

            if select.select([self.master], [], [], 0.0)[0]:
                try:
                    self.text += os.read(self.master, 65536).decode(errors="replace")
                except OSError:
                    pass
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                result.append(os.waitstatus_to_exitcode(status))
            return bool(pid)

        assert until(ended, within), self.text
        return result[0]


def test_control_c_once_stops_in_order_and_exits_with_130(stack):
    stack.web()
    terminal = Terminal(stack, "up")
    terminal.read("Ctrl-C here")
    terminal.press_control_c()
    assert terminal.code() == 130
    assert "press Ctrl-C again to force" in terminal.text
    assert "Traceback" not in terminal.text
    stack.assert_nothing_left(1)


def test_control_c_twice_kills_what_does_not_listen(stack):
    (stack.root / "deaf.py").write_text(DEAF_PROGRAM)
    stack.write(DEAF)
    terminal = Terminal(stack, "up")
    terminal.read("Ctrl-C here")
    terminal.press_control_c()
    terminal.read("again to force")
    terminal.press_control_c()
    assert terminal.code(within=3) == 130
    stack.assert_nothing_left(1)


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param('[tasks.slow]\ncommand = ["{python}", "-c", "import time; print(1); time.sleep(600)", "{tag}"]',
                     id="a-task"),
        pytest.param('[ports]\nweb = 21100\n[services.web]\ncommand = ["{python}", "-c", "import time; time.sleep(600)"'
                     ', "{tag}"]\nreadiness = { http = "${url.web}" }', id="a-health-wait"),
    ],
)  # fmt: skip
def test_control_c_during_the_boot_cancels_whatever_goes_on(stack, moment):
    stack.write(moment)
    terminal = Terminal(stack, "up")
    assert until(lambda: any("sleep(600)" in line for line in stack.survivors()), 20)
    terminal.press_control_c()
    assert terminal.code() == 130
    assert "Traceback" not in terminal.text
    stack.assert_nothing_left(1)
    stack.run("status", check=3)


def test_sigterm_stops_in_order_and_exits_with_143(stack):
    stack.web()
    up = stack.popen("up")
    assert until(stack.is_ready, 20)
    for name in ("SIGTERM", "SIGHUP", "SIGTERM"):
        up.send_signal(signal.Signals[name])
    up.communicate(timeout=20)
    assert up.returncode == 143
    stack.assert_nothing_left(1)


def test_a_closed_terminal_stops_the_stack(stack):
    stack.web()
    terminal = Terminal(stack, "up")
    terminal.read("Ctrl-C here")
    os.close(terminal.master)
    stack.assert_nothing_left(10)
    os.waitpid(terminal.pid, 0)


def test_down_during_the_boot_cancels_it(stack):
    stack.web('env = { GATE = "never" }')
    up = stack.popen("up")
    assert until(lambda: any("server.py" in line for line in stack.survivors()), 20)
    stack.run("down", check=0)
    up.communicate(timeout=20)
    stack.assert_nothing_left(1)


def test_interrupting_up_in_the_background_stops_what_it_started(stack):
    stack.web('env = { GATE = "never" }')
    up = stack.popen("up", "-d")
    assert until(lambda: any("server.py" in line for line in stack.survivors()), 20)
    up.send_signal(signal.SIGINT)
    up.communicate(timeout=30)
    assert up.returncode == 130
    stack.assert_nothing_left(1)


def test_interrupting_up_in_the_background_stops_a_supervisor_that_has_not_said_a_word(stack):
    stack.web()
    up = stack.popen("up", "-d")
    assert until(lambda: list(stack.home.glob("stacks/*/supervisor.log")), 20)  # it begins to begin
    up.send_signal(signal.SIGINT)
    up.communicate(timeout=30)
    assert up.returncode == 130
    stack.assert_nothing_left(1)


def test_a_second_up_at_a_terminal_attaches_and_control_c_leaves_the_stack_running(stack):
    stack.web()
    stack.run("up", "-d", check=0)
    pid = stack.json("status")["pid"]
    terminal = Terminal(stack, "up")
    terminal.read("attached")
    terminal.press_control_c()
    assert terminal.code() == 0
    assert "detached" in terminal.text
    assert stack.json("status")["pid"] == pid


def test_control_c_three_times_leaves_at_once_and_nothing_stays(stack):
    (stack.root / "deaf.py").write_text(DEAF_PROGRAM)
    stack.write(DEAF)
    terminal = Terminal(stack, "up")
    terminal.read("Ctrl-C here")
    for _ in range(3):
        terminal.press_control_c()
        terminal.read("force", within=5)
    assert terminal.code(within=3) == 130
    stack.assert_nothing_left(8)  # the shims' own grace for an orphan is 5 s


@pytest.mark.parametrize("arguments", [["up", "-d"], ["status"], ["no-such-command"]])
def test_control_c_when_all_is_said_changes_the_exit_code_no_more(stack, arguments):
    """It comes while the interpreter goes: `up -d` was told that its stack is ready, and must not seem interrupted."""
    stack.web()
    late = "import atexit, os, signal; atexit.register(os.kill, os.getpid(), signal.SIGINT)"
    command = [sys.executable, "-P", "-c", f"{late}; from launcher.cli import main; main()", *arguments]
    expected = stack.run(*arguments).returncode
    stack.run("down", check=0)
    done = subprocess.run(command, cwd=stack.root, env=stack.env, capture_output=True, text=True, timeout=60)
    assert done.returncode == expected, done.stderr
    assert "Traceback" not in done.stderr


def test_an_attached_up_ends_with_the_stack(stack):
    stack.web()
    stack.run("up", "-d", check=0)
    terminal = Terminal(stack, "up")
    terminal.read("attached")
    stack.run("down", check=0)
    terminal.read("the stack has ended")
    assert terminal.code(within=5) == 0


def test_control_c_while_the_program_loads_ends_it_without_a_word(stack):
    """It comes when the first module of ours is imported: long before any handler stands."""
    stack.write("")
    hook = "import os, signal, sys; sys.addaudithook(lambda name, args: name == 'import' and args[0] == 'launcher.cli' "
    hook += "and os.kill(os.getpid(), signal.SIGINT))"
    loading = f"{hook}; from launcher.__main__ import main; main()"
    done = subprocess.run(
        [sys.executable, "-P", "-c", loading], cwd=stack.root, env=stack.env, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")
