"""Difficult places, consoles and neighbours on Windows (fault matrix)."""

import socket
import subprocess

import pytest

from scripts.wine import windows_path
from tests.support.processes import until
from tests.support.windows_stacks import WindowsStack, page

pytestmark = [pytest.mark.wine, pytest.mark.timeout(240)]

PARTY = r"""
import sys, time
sys.stdout.buffer.write("party \U0001f389 gr\xfc\xdfe\n".encode())
sys.stdout.flush()
time.sleep(600)
"""
SABOTAGE = """
import os, sys
if "supervise" in sys.orig_argv:
    print("no start today", file=sys.stderr, flush=True)
    os._exit(3)
"""


def test_a_difficult_path_and_a_stack_file_that_breaks_and_goes_while_the_stack_runs(prepared, tmp_path):
    """Rows 47, 48, 59: spaces, letters beyond ASCII, more than 260 characters; `down` needs no stack file."""
    stack = WindowsStack(prepared, tmp_path, f"my shöp 商店/{'deep ' * 15}down")
    stack.home = tmp_path / "my höme" / ("long" * 25) / ("far" * 35)
    assert len(windows_path(stack.root)) > 150, "Windows starts no program in a directory of more than 259"
    assert len(windows_path(stack.home)) > 260
    try:
        stack.web()
        stack.run("up", "-d")
        port = stack.snapshot()["ports"]["web"]
        assert page(port) == b"hello"
        (stack.root / "rxlaunch.toml").write_text("[services.web\n")
        assert stack.json("status")["units"]["web"]["phase"] == "ready"
        assert "rxlaunch.toml" in stack.run("up", "--dry-run", check=2)
        assert page(port) == b"hello"
        (stack.root / "rxlaunch.toml").unlink()
        stack.run("down")
        stack.nothing_left(1)
        stack.run("down")
    finally:
        stack.clean_up()


def test_a_console_that_knows_few_characters_gets_question_marks_and_no_crash(stack):
    """Row 38: piped output is cp1252 there."""
    (stack.root / "party.py").write_text(PARTY)
    stack.web('[services.party]\ncommand = ["{python}", "party.py", "{tag}"]')
    control = stack.wine.command(["-c", "print('\\U0001f389')"])
    plain = stack.wine.environment(PYTHONUTF8="0")
    up = stack.start("up", PYTHONUTF8="0")
    up.shows("party")
    up.shows("Ctrl-C here")
    assert "UnicodeEncodeError" not in up.printed()
    logs = stack.run("logs", "party", PYTHONUTF8="0")
    assert "party" in logs
    up.ctrl_c()
    assert up.wait(30) == 130
    crashed = subprocess.run(control, env=plain, capture_output=True, stdin=subprocess.DEVNULL, check=False)
    assert b"UnicodeEncodeError" in crashed.stderr, "the control: plain printing does crash here"


def test_a_fixed_port_that_is_taken_ends_the_start_with_4(stack):
    """Row 60; Wine hides whose port it is."""
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        port = stranger.getsockname()[1]
        stack.web(ports=f"web = {{ fixed = {port} }}")
        assert f"port {port} is taken by" in stack.run("up", "-d", check=4)
        assert stack.processes(stack.tag) == []


def test_a_service_that_never_gets_ready_is_given_up_with_its_last_answer(stack):
    """Row 70."""
    stack.write("""
[ports]
web = 21700
[services.web]
command = ["{python}", "server.py", "${port.web}", "{tag}"]
env = { GATE = "never" }
readiness = { http = "${url.web}/", deadline = 6 }
""")
    printed = stack.run("up", check=1)
    assert "503" in printed
    assert "listening on" in printed
    stack.nothing_left(2)


def test_a_supervisor_that_cannot_begin_is_told_with_its_last_words(stack):
    """Row 57."""
    sabotage = stack.root.parent / "sabotage"
    sabotage.mkdir()
    (sabotage / "sitecustomize.py").write_text(SABOTAGE)
    stack.web()
    path = f"{windows_path(sabotage)};{stack.wine.environment()['PYTHONPATH']}"
    assert "no start today" in stack.run("up", "-d", check=1, PYTHONPATH=path)
    assert stack.processes(stack.tag) == []


def test_a_machine_without_node_is_told_before_anything_starts(stack):
    """Row 46."""
    (stack.root / "medusa-config.ts").write_text("")
    (stack.root / "package.json").write_text('{"name": "shop", "dependencies": {"@medusajs/medusa": "2.0.0"}}')
    printed = stack.run("up", check=2)
    assert "node" in printed.lower()
    assert "20" in printed
    assert stack.supervisors() == []


def test_two_checkouts_never_get_the_same_port(prepared, tmp_path):
    """Row 64."""
    both = [WindowsStack(prepared, tmp_path / name, "shop") for name in ("one", "two")]
    try:
        for stack in both:
            stack.home = tmp_path / "home"
            stack.web()
        ups = [stack.start("up", "-d") for stack in both]
        assert [up.wait() for up in ups] == [0, 0]
        first, second = (stack.snapshot()["ports"]["web"] for stack in both)
        assert first != second
        until(lambda: page(first) == page(second) == b"hello", 10)
    finally:
        for stack in both:
            stack.clean_up()


def test_every_problem_of_the_environment_is_told_at_once_without_values(stack):
    """Row 43."""
    (stack.root / "rxlaunch.toml").write_text('extends = "medusa-next"\n')
    programs = stack.root.parent / "programs"
    programs.mkdir()
    (programs / "node.cmd").write_text("@echo v22.1.0\r\n")
    (programs / "npm.cmd").touch()
    (stack.root / ".env").write_text("JWT_SECRET=short1\nCOOKIE_SECRET=short22\nREDIS_URL=http://wrong\n")
    printed = stack.run("up", check=2, WINEPATH=windows_path(programs))
    assert "JWT_SECRET" in printed
    assert "COOKIE_SECRET" in printed
    assert "short1" not in printed
    assert "short22" not in printed
    assert stack.supervisors() == []
