"""A checkout from somewhere: nothing of it is run or expanded but the commands it shows (rows S16, S18, S19, S23)."""

import json
import os
import stat
import tomllib

import pytest

from launcher import native
from launcher.services import local
from tests.support.small_stacks import REPOSITORY, until

PRINTER = "import json, os, sys\njson.dump([sys.argv[2:], dict(os.environ)], open(sys.argv[1], 'w'))\n"
HOSTILE = {
    "BACKTICKS": "`touch planted`", "SUBSTITUTION": "$(touch planted)", "BRACES": "${HOME}", "DOLLAR": "$HOME $$ $0",
    "PERCENT": "%PATH% %COMSPEC%", "SEMICOLON": "a; touch planted", "AND": "a && touch planted",
    "PIPE": "a | touch planted", "REDIRECT": "> planted", "TEMPLATE": "${env.BACKTICKS}",
    "OUTPUT": "${output.admin_password}",
    "FORMAT": "{0.__class__}", "JINJA": "{{ 7*7 }}", "QUOTES": "a'b", "STAR": "*", "TILDE": "~root", "BANG": "!!",
    "HASH": "a #b", "CARET": "a^&b",
    "PYTHON": "__import__('os').system('touch planted')", "UNICODE": "ü🚀\u202e",
}  # fmt: skip
ARGUMENTS = [
    "a&b", "a|b", "a;b", "a>planted", "<x", "$(touch planted)", "`touch planted`", "$HOME", "%PATH%", '"', "'", "\\",
    "a b", "a\tb", "a\nb", "*", "?", "[a]", "{a,b}", "~", "!!", "#", "^", "", "-rf", "--", "--help", "ü🚀", "\x01\x7f",
    "$${port.web}", "(", ")", "%", "&&", "||", "=", "a=b", "\\\\", '\\"', "caf\u00e9 & calc", "x" * 5000,
]  # fmt: skip


@pytest.fixture
def printed(stack):
    """Boot a task that prints its arguments and environment; what it printed."""
    (stack.root / "print.py").write_text(PRINTER, encoding="utf-8")

    def boot(*arguments, more=""):
        argv = json.dumps(["{python}", "print.py", "printed", *arguments], ensure_ascii=False).replace(
            "\x7f", "\\u007f"
        )
        stack.write(f"[tasks.print]\ncommand = {argv}\n{more}\n")
        stack.run("up", "-d")
        assert until((stack.root / "printed").exists)
        assert until(lambda: (stack.root / "printed").read_text().endswith("]"))
        return json.loads((stack.root / "printed").read_text())

    yield boot
    assert not (stack.root / "planted").exists()


def test_what_a_dotenv_file_says_stays_as_it_is_said(stack, printed):
    lines = [f"{name}='{value}'" if "'" not in value else f'{name}="{value}"' for name, value in HOSTILE.items()]
    (stack.root / ".env").write_text("\n".join(lines), encoding="utf-8")
    _, env = printed()
    assert {name: env[name] for name in HOSTILE} == HOSTILE


def test_unquoted_it_stays_as_it_is_said_too(stack, printed):
    (stack.root / ".env").write_text(
        "A=`touch planted`\nB=$(touch planted)\nexport C=${HOME}\nD=$A\nE: x\n", encoding="utf-8"
    )
    _, env = printed()
    assert [env[name] for name in "ABCD"] == ["`touch planted`", "$(touch planted)", "${HOME}", "$A"]


def test_arguments_reach_the_child_as_they_were_written(printed):
    assert printed(*ARGUMENTS)[0] == [argument.replace("$${", "${") for argument in ARGUMENTS]


def test_a_value_that_looks_like_a_template_is_not_expanded_again(stack, printed):
    (stack.root / ".env").write_text("A='${env.B}'\nB='${state}'\n", encoding="utf-8")
    arguments, env = printed("${env.A}", more="env = { C = '${env.A}' }")
    assert (arguments, env["C"]) == (["${env.B}"], "${env.B}")


def test_a_dry_run_shows_every_command_and_runs_none(stack):
    stack.write("""
[tasks.first]
command = ["sh", "-c", "touch planted"]
[services.second]
command = ["sh", "-c", "touch planted; sleep 600"]
readiness = { command = ["sh", "-c", "touch planted"] }
""")
    done = stack.run("up", "--dry-run", check=0)
    commands = [line.split("$ ")[1] for line in done.stdout.splitlines() if "$ " in line]
    assert commands == ["sh -c 'touch planted; sleep 600'", "sh -c 'touch planted'", "sh -c 'touch planted'"]
    for command in (("config",), ("graph",), ("env",), ("status",)):
        stack.run(*command)
    assert not (stack.root / "planted").exists()


# --- programs that lie in wait (S19) --------------------------------------------------------------------------


def plant(directory, *names):
    """Programs that tell when they are run."""
    directory.mkdir(exist_ok=True, parents=True)
    for name in names:
        (directory / name).write_text(
            f'#!/bin/sh\necho "$0" >> "{directory}/was-run"\nexec sleep 600\n', encoding="utf-8"
        )
        (directory / name).chmod(0o755)


@pytest.mark.parametrize("path", [".:./:./bin:../project", "", "bin", ".::bin"])
def test_a_program_in_the_checkout_is_never_found_by_a_relative_path(stack, path):
    names = (
        "tool",
        "python3",
        "node",
        "npm",
        "docker",
        "podman",
        "systemctl",
        "initdb",
        "postgres",
        "redis-server",
        "ps",
    )
    plant(stack.root, *names)
    plant(stack.root / "bin", *names)
    stack.env["PATH"] = f"{path}:{stack.env['PATH']}"
    stack.write('[services.a]\ncommand = ["tool"]\n')
    done = stack.run("up", "-d")
    assert "'tool' is not on the PATH" in done.stdout + done.stderr
    assert not list(stack.root.rglob("was-run"))


def test_control_an_absolute_path_of_the_users_own_does_count(stack):
    plant(stack.root / "bin", "tool")
    stack.env["PATH"] = f"{stack.root / 'bin'}:{stack.env['PATH']}"
    stack.write('[services.a]\ncommand = ["tool"]\n')
    stack.run("up", "-d", check=0)
    assert until((stack.root / "bin" / "was-run").exists)


async def test_servers_and_toolchains_are_not_looked_up_there_either(tmp_path, monkeypatch):
    plant(tmp_path, "docker", "podman", "systemctl", "node", "npm")
    monkeypatch.chdir(tmp_path)
    for path in (".", "", f".{os.pathsep}{os.pathsep}bin"):
        monkeypatch.setenv("PATH", path)
        assert await local.run(["docker", "ps"]) == (127, "")
        assert await local.start_existing(local.Wanted("postgres", 5432, 5432)) is None
        assert native.executable("node", path) is None
    assert not (tmp_path / "was-run").exists()


def test_modules_in_the_checkout_replace_none_of_ours(stack):
    for name in (
        "launcher",
        "click",
        "asyncio",
        "json",
        "sitecustomize",
        "usercustomize",
        "msgspec",
        "h11",
        "rich",
    ):
        (stack.root / f"{name}.py").write_text("open('planted', 'w')\nraise SystemExit('hijacked')\n", encoding="utf-8")
    stack.write('[services.a]\ncommand = ["sleep", "600"]\nreadiness = { command = ["true"] }\n')
    stack.run("up", "-d", check=0)
    stack.run("restart", "a", check=0)
    assert not (stack.root / "planted").exists()


def test_the_checkouts_own_files_are_left_as_they_were(stack):
    stack.web()
    before = {path: path.stat().st_mtime_ns for path in stack.root.iterdir()}
    stack.run("up", "-d", check=0)
    stack.run("down", check=0)
    assert {path: path.stat().st_mtime_ns for path in stack.root.iterdir()} == before
    assert not any(stat.S_ISLNK(path.lstat().st_mode) for path in stack.root.iterdir())


# --- S23: who can reach the services --------------------------------------------------------------------------


def test_every_server_of_the_preset_listens_on_this_machine_alone():
    preset = tomllib.loads((REPOSITORY / "configs" / "medusa-next.toml").read_text(encoding="utf-8"))
    commands = [json.dumps(command) for command in every_command(preset) if "${port." in json.dumps(command)]
    assert len(commands) >= 3
    assert [command for command in commands if "127.0.0.1" not in command] == []
    assert "0.0.0.0" not in json.dumps(preset)


def every_command(table):
    for name, value in table.items():
        if name == "command":
            yield value
        elif isinstance(value, dict):
            yield from every_command(value)
