"""Secrets that a stack's own children tell, in every encoding, show nowhere (security rows S5, S12, S13, S15, S22)."""

import contextlib
import json
import os
import socket
from pathlib import Path

import pytest

from tests.app.test_interrupts import Terminal
from tests.security import canaries
from tests.security.consoles import start
from tests.support.small_stacks import until


@pytest.fixture(scope="module")
def told(shared):
    """A running stack that has told everything, got sick and failed; and all that could be read of it."""
    shared.env["RXLAUNCH_TRACE"] = "1"
    canaries.plant(shared)
    console = shared.root.parent / "console"
    with console.open("wb") as out, start(shared, out, "up") as up:
        try:
            places = collect(shared)
        finally:
            up.terminate()
    places["console of up, with our own trace"] = console.read_bytes()
    return places | {f"{name} (afterwards)": text for name, text in canaries.files(shared).items()}


def collect(stack) -> dict[str, bytes]:
    """Drive the stack through its fates, and read everything there is to read of it."""
    (stack.root / "tell").touch()
    assert until(stack.is_ready, 40)
    assert until((stack.root / "half").exists)
    places = {"log in the middle of a secret": stack.run("logs", "web").stdout.encode()}
    (stack.root / "gate").touch()
    (stack.root / "sick").touch()
    (stack.root / "fail").touch()
    assert until(lambda: "TOLD ALL" in stack.run("logs", "-n", "5", "web").stdout)
    assert until(lambda: stack.unit("web")["phase"] == "unready" and stack.unit("failing")["phase"] == "failed", 20)
    commands = [("status",), ("status", "-o", "json"), ("why", "web"), ("why", "failing"), ("why", "web", "-o", "json"),
                ("logs", "-n", "10000"), ("logs", "-n", "10000", "-o", "json"), ("env",), ("env", "web", "-o", "json"),
                ("config",), ("config", "-o", "json"), ("up", "--dry-run"), ("graph",), ("ports",), ("up",),
                ("restart", "failing"), ("open", "--print")]  # fmt: skip
    for command in commands:
        done = stack.run(*command)
        places[" ".join(command)] = (done.stdout + done.stderr).encode()
    places["the API's answer"] = api_answer(stack)
    places["command lines"] = b"\n".join(command_lines())
    return places | canaries.files(stack)


def api_answer(stack) -> bytes:
    (file,) = stack.home.glob("stacks/*/control.json")
    address = json.loads(file.read_bytes())
    with socket.socket(socket.AF_UNIX) as connected:
        connected.connect(address["socket"])
        head = f"GET /v1/status HTTP/1.0\r\nHost: rxlaunch\r\nX-Rxlaunch-Token: {address['token']}\r\n\r\n"
        connected.sendall(head.encode())
        return b"".join(iter(lambda: connected.recv(65536), b""))


def command_lines() -> list[bytes]:
    """Of every process of the machine, the stack's among them."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" "))
    for wanted in (b"teller.py", b"shim_warden.py", b"launcher up"):
        assert any(wanted in line for line in found)
    return found


def test_the_attack_took_place(told):
    """The control: everything was told, and its traces are there, masked."""
    log = next(text for name, text in told.items() if name.endswith("web.log"))
    assert log.count(b"told: ") == log.count(b"split: ") > 80
    assert log.count(b"***") > 160
    assert b"gated: ***" in log
    assert b"503" in told["why web"]
    assert b"cannot connect to ***" in told["why failing"]
    assert b'"detail"' in told["console of up, with our own trace"]


def test_no_secret_shows_anywhere(told, shared):
    secrets = [*canaries.GIVEN, canaries.generated(shared)]
    assert len(told) > 25
    assert canaries.leaks(told, secrets) == []


def test_the_search_finds_what_is_to_be_found(shared, told):
    """The control: where the secrets may be, the same search sees them."""
    shown = shared.run("env", "web", "--reveal", check=0).stdout.encode()
    found = canaries.leaks({"env --reveal": shown}, [*canaries.GIVEN, canaries.generated(shared)])
    assert len({line[:6] for line in found}) == 5


def test_the_token_of_the_api_is_in_its_own_file_alone(stack):
    stack.web()
    stack.run("up", "-d", check=0)
    (control,) = stack.home.glob("stacks/*/control.json")
    token = json.loads(control.read_bytes())["token"].encode()
    assert [name for name, text in canaries.files(stack).items() if token in text] == [
        str(control.relative_to(stack.home))
    ]
    for pid in (stack.json("status")["pid"], stack.unit("web")["pid"]):
        assert token not in Path(f"/proc/{pid}/environ").read_bytes() + Path(f"/proc/{pid}/cmdline").read_bytes()


def test_a_terminal_is_told_no_secret_either(stack):
    canaries.plant(stack)
    terminal = Terminal(stack, "up")
    terminal.read("Ctrl-C here", 40)
    for name in ("gate", "sick", "tell"):
        (stack.root / name).touch()
    terminal.read("TOLD ALL")
    terminal.read("no longer healthy")
    terminal.press_control_c()
    assert terminal.code() == 130
    assert "told: ***" in terminal.text
    assert canaries.leaks({"the terminal": terminal.text.encode()}, [*canaries.GIVEN, canaries.generated(stack)]) == []


def test_a_unit_gets_what_its_contract_names_and_one_that_inherits_nothing_gets_just_that(stack):
    """S15: a variable that is secret goes only to those whose contract names it."""
    printer = 'command = ["{python}", "print_env.py", "NAME.env"]'
    (stack.root / "print_env.py").write_text(
        "import json, os, sys\nopen(sys.argv[1], 'w').write(json.dumps(dict(os.environ)))", encoding="utf-8"
    )
    (stack.root / ".env").write_text(canaries.DOTENV + "PUBLIC=yes\n", encoding="utf-8")
    tables = {"owner": 'contract = "all"', "other": "", "bare": "inherit_env = false\nenv = { ONLY = 'this' }"}
    units = "".join(f"[tasks.{n}]\n{printer.replace('NAME', n)}\n{more}\n" for n, more in tables.items())
    stack.write(units + canaries.CONTRACT)
    stack.env["FROM_THE_SHELL"] = "yes"
    stack.run("up", "-d", timeout=60)
    assert until(lambda: all((stack.root / f"{name}.env").exists() for name in tables))
    owner, other, bare = (json.loads((stack.root / f"{name}.env").read_text()) for name in tables)
    secret = {"CANARY_PASSWORD", "CANARY_TOKEN", "DATABASE_URL", "REDIS_URL", "GENERATED"}
    assert secret <= owner.keys(), "the control: the one that may have them has them"
    assert not secret & other.keys()
    assert (other["PUBLIC"], other["FROM_THE_SHELL"]) == ("yes", "yes")
    given = {name for name in bare if not name.startswith(("RXLAUNCH_", "LC_", "__"))}
    assert given <= {"PATH", "HOME", "LANG", "TMPDIR", "TEMP", "TMP", "ONLY", "PWD", "SHLVL", "_"}
    assert "ONLY" in bare


def test_secrets_in_command_lines_and_in_pages_are_warned_about(stack):
    """S12 and S14: it is the user's own doing, and others can read it."""
    (stack.root / ".env").write_text(canaries.DOTENV + "NEXT_PUBLIC_API_SECRET=x\n", encoding="utf-8")
    stack.write("""
[services.a]
command = ["sleep", "600", "${env.CANARY_TOKEN}"]
[services.b]
command = ["sleep", "600"]
env = { CANARY_TOKEN = "${env.CANARY_TOKEN}" }
[services.c]
command = ["sleep", "600"]
env = { NEXT_PUBLIC_X = "${env.CANARY_TOKEN}" }
""" + canaries.CONTRACT)  # fmt: skip
    told = stack.run("up", "-d").stdout
    assert "its command holds ${env.CANARY_TOKEN}, a secret" in told
    assert "a NEXT_PUBLIC_ variable of it holds ${env.CANARY_TOKEN}" in told
    assert "NEXT_PUBLIC_API_SECRET goes into pages" in told
    assert told.count("a secret") == 2
    assert canaries.leaks({"up": told.encode()}, canaries.GIVEN) == []


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="modes are no protection there; the directory's access list is")
def test_every_file_and_directory_is_its_owners_alone_whatever_the_umask(stack):
    """S20, at the end of a whole life: boot, logs, restart, rotation of nothing, stop."""
    canaries.plant(stack)
    before = os.umask(0)
    try:
        for name in ("gate", "tell"):
            (stack.root / name).touch()
        stack.run("up", "-d", check=0)
        stack.run("restart", "web", check=0)
        (control,) = stack.home.glob("stacks/*/control.json")
        control_socket = Path(json.loads(control.read_bytes())["socket"])
        everything = {stack.home, *stack.home.rglob("*"), control_socket, control_socket.parent}
        modes = {path: oct(path.lstat().st_mode & 0o777) for path in everything}
    finally:
        os.umask(before)
    names = {path.name for path in modes}
    assert {"secrets.json", "state.json", "events.ndjson", "control.json", "web.log", "supervisor.log",
            "lock", "port-leases.json", "port-leases.lock", "outputs.json", "ports.json"} <= names  # fmt: skip
    assert {str(p): mode for p, mode in modes.items() if mode != ("0o700" if p.is_dir() else "0o600")} == {}
