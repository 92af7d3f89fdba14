"""Nothing from outside drives the terminal: not logs, errors, probe answers, names, files (security row S17)."""

import subprocess
import sys
from pathlib import Path

import pytest

from launcher.app.result import Result
from launcher.cli import render
from launcher.dashboard.printable import printable
from launcher.errors import LauncherError
from launcher.logs.lines import clean
from tests.app.test_interrupts import Terminal
from tests.security.consoles import start, unwanted
from tests.support.small_stacks import until

CORPUS = {
    "clipboard": "\x1b]52;c;cm0gLXJmIC8=\x07", "clipboard, C1": "\x9d52;c;cm0gLXJmIC8=\x9c",
    "title": "\x1b]0;owned\x07", "title ended by ST": "\x1b]2;owned\x1b\\", "title without end": "\x1b]0;owned",
    "hyperlink": "\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\", "notification": "\x1b]9;owned\x07",
    "palette": "\x1b]4;1;rgb:00/00/00\x07", "working directory": "\x1b]7;file:///etc\x07",
    "clear": "\x1b[2J\x1b[3J", "home": "\x1b[H", "up": "\x1b[5A\x1b[2K", "column": "\x1b[1G",
    "scroll region": "\x1b[1;2r", "alternate screen": "\x1b[?1049h", "hide cursor": "\x1b[?25l",
    "mouse": "\x1b[?1003h", "paste": "\x1b[?2004h",
    "answer back": "\x1b[c\x1b[6n\x1b[5n\x05", "window": "\x1b[8;1;1t\x1b[21t", "reset": "\x1bc", "charset": "\x1b(0",
    "device control": '\x1bP$q"p\x1b\\', "sixel": "\x1bPq#0;2;0;0;0~\x1b\\", "application": "\x1b_Gi=1\x1b\\",
    "privacy": "\x1b^x\x1b\\", "CSI, C1": "\x9b2J", "device control, C1": "\x90q\x9c", "single shift": "\x8e\x8f",
    "next line": "\x85", "index": "\x84\x8d", "bell": "\x07" * 9, "backspace": "safe\b\b\b\bevil",
    "vertical": "\x0b\x0c", "return": "all is well\rowned", "shift out": "\x0e\x0f", "delete": "\x7f",
    "escape at the end": "\x1b",
    "unfinished": "\x1b[38;5", "nested": "\x1b\x1b[2J", "in pieces": "\x1b[\x1b]0;x\x07" "2J", "NUL": "\x00",
    "override": "user\u202etxt.exe", "isolate": "\u2066if admin\u2069", "marks": "\u200e\u200f\u061c",
    "zero width": "pay\u200bpal\u2060\ufeff", "soft hyphen": "pay\u00adpal", "separators": "a\u2028b\u2029c",
    "tags": "\U000e0041\U000e0042", "interlinear": "\ufff9x\ufffa", "deprecated": "\u206a\u206f", "vowel": "\u180e",
}  # fmt: skip
EVIL = "".join(CORPUS.values())
VALUE = "".join(one for one in CORPUS.values() if not set(one) & set("\0\r\n\x0b\x0c\x85\u2028\u2029'"))
HOLDER = r"""
import socket, time
open("/proc/self/comm", "wb").write(b"\x1b]0;x\x07\xc2\x9b2J\xe2\x80\xae")
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("name", CORPUS)
def test_what_is_shown_of_each_attack_drives_and_hides_nothing(name):
    for shown in (clean(CORPUS[name]), clean(f"a{CORPUS[name]}b"), printable(f"a{CORPUS[name]}b")):
        assert unwanted(shown, colors=True) == []


def test_control_without_the_filter_results_and_errors_show_it(capsys, monkeypatch):
    for protected in (True, False):
        if not protected:
            monkeypatch.setattr(render, "printable", str)
        render.finish(Result(EVIL), "text")
        render._show(LauncherError(EVIL, remedy=EVIL))
        said = capsys.readouterr()
        assert [bool(unwanted(said.out)), bool(unwanted(said.err))] == [not protected] * 2


def test_joiners_and_marks_that_languages_and_emoji_need_stay():
    for text in ("👨‍👩‍👧 ❤️ 🏳️‍🌈", "می‌خواهم", "\tüñí 漢字"):
        assert clean(text) == printable(text) == text


@pytest.fixture
def evil(stack):
    """Services that print, answer and fail with every attack there is; a failing probe and a bad .env line."""
    (stack.root / "evil.py").write_text(f"EVIL = {EVIL!r}\nCORPUS = {list(CORPUS.values())!r}\n", encoding="utf-8")
    (stack.root / "printer.py").write_text(
        "import os, time, evil\n"
        "for one in evil.CORPUS: os.write(1, b'line ' + one.encode() + b'\\x1b[32m end\\n')\n"
        "os.write(1, b'raw \\x9b2J\\x9d0;x\\x9c \\xff\\xfe end\\n')\n"
        "time.sleep(600)\n",
        encoding="utf-8",
    )
    (stack.root / "web.py").write_text(
        "import http.server, pathlib, sys, evil\n"
        "class Handler(http.server.BaseHTTPRequestHandler):\n"
        "    def do_GET(self):\n"
        "        ok = self.path == '/ready'\n"
        "        self.send_response(200 if ok else 500); self.end_headers(); self.wfile.write(evil.EVIL.encode())\n"
        "    def log_message(self, *a): pass\n"
        "http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), Handler).serve_forever()\n",
        encoding="utf-8",
    )
    (stack.root / "failing.py").write_text("import sys, evil\nsys.exit('failed ' + evil.EVIL)\n", encoding="utf-8")
    (stack.root / ".env").write_text(
        f"GOOD=1\nbad line {EVIL.replace(chr(0), '')}\nVALUE='{VALUE}'\n", encoding="utf-8"
    )
    stack.write("""
[ports]
web = 21000
[services.printer]
command = ["{python}", "printer.py", "{tag}"]
[services.web]
command = ["{python}", "web.py", "${port.web}", "{tag}"]
readiness = { http = "${url.web}/ready" }
liveness = { http = "${url.web}/live", period = 0.1, failure_threshold = 1 }
[show]
page = "http://${env.VALUE}"
[services.failing]
command = ["{python}", "failing.py", "{tag}"]
depends_on = ["web"]  # a failure before that would end the boot
restart = { policy = "always", delay = 0.05, max_failures = 2 }
""")
    stack.env["PYTHONIOENCODING"] = "utf-8"
    return stack


def settled(stack):
    units = stack.json("status")["units"]
    return units["web"]["phase"] == "unready" and units["failing"]["phase"] == "failed"


def test_no_command_shows_any_of_it(evil):
    console = evil.root.parent / "console"
    with console.open("wb") as out, start(evil, out, "up") as up:
        assert until(evil.is_ready, 30)
        assert until(lambda: settled(evil))
        said = {}
        for command in (("status",), ("why", "web"), ("why", "failing"), ("logs",), ("env", "web"),
                        ("restart", "failing"), ("up", "--dry-run"), ("logs", "-o", "json")):  # fmt: skip
            done = evil.run(*command)
            said[" ".join(command)] = done.stdout + done.stderr
        up.terminate()
    said["up"] = console.read_text(encoding="utf-8")
    assert {name: unwanted(text) for name, text in said.items() if unwanted(text)} == {}
    assert said["logs"].count(" end\n") == said["up"].count(" end\n") == len(CORPUS) + 1, "the control: it was printed"
    assert "500" in said["why web"]
    assert "  page  http://" in said["up"]


def test_a_live_terminal_is_driven_by_us_alone(evil):
    """Colours are what is left of it; the display's own moves are made before the stack is ready."""
    terminal = Terminal(evil, "up")
    terminal.read("Ctrl-C here", 30)
    begin = len(terminal.text)
    evil.run("restart", "printer", check=0)
    terminal.read("raw ")
    terminal.read("no longer healthy")
    second = Terminal(evil, "up")
    second.read("attached; Ctrl-C")
    second.press_control_c()
    second.code()
    assert unwanted(second.text.replace("\r\n", "\n"), colors=True) == []
    terminal.press_control_c()
    assert terminal.code() == 130
    shown = terminal.text[begin:].replace("\r\n", "\n")
    assert unwanted(shown, colors=True) == []
    for attack in ("\x1b]", "\x1b[2J", "\x1bP", "\x1b_", "\x1b[?1049h", "\u202e"):
        assert attack not in terminal.text


def test_the_holder_of_a_port_is_named_without_its_escapes(stack):
    """A process may name itself as it likes."""
    holder = subprocess.Popen([sys.executable, "-c", HOLDER], stdout=subprocess.PIPE, text=True)
    try:
        port = int(holder.stdout.readline())
        assert b"\x1b]0;x" in Path(f"/proc/{holder.pid}/comm").read_bytes(), "the control"
        for ports in (f"web = {{ fixed = {port} }}", f"web = {port}"):
            stack.web(ports=ports)
            done = stack.run("up", "-d")
            assert f"pid {holder.pid}" in done.stdout + done.stderr
            assert unwanted(done.stdout + done.stderr) == []
    finally:
        holder.kill()
        holder.communicate()


@pytest.mark.parametrize(
    "text",
    ['[services."EVIL"]\ncommand = ["x"]', 'name = "EVIL"', '[services.web]\ncommand = ["EVIL"]', 'extends = "EVIL"',
     '[services.web]\ncommand = ["x"]\ncwd = "EVIL"', '[services.web]\n"EVIL" = 1\ncommand = ["x"]', "EVIL",
     "# EVIL\n[a",
     '[services.web]\ncommand = ["x"]\nenv = { "EVIL" = "1" }', '[services.web]\ncommand = ["${port.EVIL}"]',
     '[services.web]\ncommand = ["x"]\ndepends_on = ["EVIL"]', 'env_file = ["EVIL"]', '[show]\na = "${EVIL}"'],
    ids=range(13),
)  # fmt: skip
def test_what_is_wrong_with_a_hostile_stack_file_is_told_without_its_escapes(stack, text):
    escaped = EVIL.encode("ascii", "backslashreplace").decode().replace("\\x", "\\u00").replace('"', "'")
    raw = "".join(one for one in EVIL if one >= " ").replace('"', "'")
    stack.write(text.replace("EVIL", raw if "[services.web]" in text else escaped))
    done = stack.run("up", "-d")
    assert done.returncode != 0
    assert unwanted(done.stdout + done.stderr) == []
    assert "internal error" not in done.stdout + done.stderr


def test_names_on_the_command_line_are_told_without_their_escapes(stack):
    stack.web()
    stack.run("up", "-d", check=0)
    name = EVIL.replace("\0", "")
    for command in (("logs", name), ("restart", name), ("up", "--port", f"{name}=1"), ("logs", "--since", name),
                    ("status", f"--{name}"), (name,), ("up", "--mode", name), ("up", "-d", name)):  # fmt: skip
        done = stack.run(*command)
        assert done.returncode != 0
        assert unwanted(done.stdout + done.stderr) == [], command


def test_the_search_finds_each_attack():
    """The control."""
    for attack in CORPUS.values():
        assert unwanted(attack)
