"""One child: how it starts, stops, prints and ends, and what becomes of what it leaves behind."""

import asyncio
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from launcher import native
from launcher.events import Exit
from launcher.native import proc, shim
from launcher.native.contract import LaunchSpec
from tests.support.processes import CAP_SECONDS, PATH, REPOSITORY, assert_no_survivors, state, until

DEAF = "trap '' TERM INT HUP; echo up; while :; do sleep 0.1; done"
POLITE = "trap 'echo bye; exit 7' TERM; echo up; while :; do sleep 0.02; done"


async def ended(child, seconds=10):
    """Wait for the end, but not forever."""
    return await asyncio.wait_for(child.wait(), seconds)


@pytest.mark.parametrize("code", [0, 1, 2, 127, 255])
async def test_exit_codes_come_through(start, code):
    assert await ended(await start("sh", "-c", f"exit {code}")) == Exit(code=code)


@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM", "SIGSEGV", "SIGPIPE", "SIGHUP"])
async def test_a_death_by_signal_is_told_as_such(start, name):
    child = await start("sh", "-c", f"kill -{name[3:]} $$")
    assert await ended(child) == Exit(signal=signal.Signals[name])


async def test_output_of_both_streams_arrives_interleaved_and_complete(start, printed):
    await ended(await start("sh", "-c", "echo one; echo two >&2; echo three; head -c 300000 /dev/zero"))
    assert bytes(printed) == b"one\ntwo\nthree\n" + bytes(300_000)


async def test_the_last_output_before_a_crash_is_not_lost(start, printed):
    await ended(await start("sh", "-c", "head -c 60000 /dev/zero; kill -9 $$"))
    assert len(printed) == 60_000


async def test_the_environment_is_exactly_what_was_asked_for(start, printed, marks):
    env = {**marks.env, "GREETING": "grüß 🎉", "LANG": "C"}
    await ended(await start("env", "-0", env=env))
    assert dict(pair.split("=", 1) for pair in printed.decode().rstrip("\0").split("\0")) == env


async def test_the_child_gets_its_input_its_directory_and_nothing_else_open(start, printed, tmp_path):
    await ended(await start("sh", "-c", "cat; pwd -P; ls /proc/$$/fd", stdin=b"secret\n"))
    text, cwd, *handles = printed.decode().split()
    assert text == "secret"
    assert cwd == str(tmp_path.resolve())
    assert handles == ["0", "1", "2"]


async def test_without_input_the_child_reads_nothing(start, printed):
    assert (await ended(await start("cat"))).ok
    assert not printed


async def test_secrets_in_environment_and_input_show_in_no_command_line(start, printed, marks):
    env = {**marks.env, "PASSWORD": "canary-1"}
    child = await start("sh", "-c", DEAF, env=env, stdin=b"canary-2")
    await printed.shows(b"up")
    assert len(marks.survivors()) >= 2
    for pid in marks.survivors():
        assert b"canary" not in Path(f"/proc/{pid}/cmdline").read_bytes()
    child.kill()
    await ended(child)


async def test_signals_ignored_by_the_launcher_work_in_the_child(start):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert (await ended(await start("sh", "-c", "kill -HUP $$; exit 0"))).signal == signal.SIGHUP
    finally:
        signal.signal(signal.SIGHUP, before)


async def test_a_child_that_obeys_is_not_forced_and_keeps_its_exit_code(start, printed):
    child = await start("sh", "-c", POLITE)
    await printed.shows(b"up")
    child.interrupt()
    child.interrupt()
    assert await ended(child) == Exit(code=7)
    assert printed.endswith(b"bye\n")
    assert not child.forced()


async def test_a_child_that_ignores_the_stop_signal_is_killed_after_the_grace_period(start, printed, marks):
    child = await start("sh", "-c", DEAF, grace_seconds=0.3)
    await printed.shows(b"up")
    begun = time.monotonic()
    child.interrupt()
    assert (await ended(child)).signal == signal.SIGKILL
    assert 0.3 <= time.monotonic() - begun < 1
    assert child.forced()
    assert_no_survivors(marks, within=0.05)


async def test_the_stop_signal_can_be_chosen(start, printed):
    child = await start("sh", "-c", "trap 'exit 5' INT; echo up; while :; do sleep 0.02; done", stop_signal="SIGINT")
    await printed.shows(b"up")
    child.interrupt()
    assert (await ended(child)).code == 5


async def test_kill_leaves_no_time_and_is_not_called_forced(start, printed, marks):
    child = await start("sh", "-c", DEAF, grace_seconds=60)
    await printed.shows(b"up")
    child.interrupt()
    child.kill()
    child.kill()
    assert (await ended(child, 1)).signal == signal.SIGKILL
    assert not child.forced()
    assert_no_survivors(marks, within=0.05)


async def test_a_stopped_child_is_woken_to_obey(start, printed):
    child = await start("sh", "-c", POLITE)
    await printed.shows(b"up")
    os.kill(child.pid, signal.SIGSTOP)
    until(lambda: state(child.pid) == "T")
    child.interrupt()
    assert await ended(child, 2) == Exit(code=7)


async def test_a_stop_reaches_the_whole_tree_with_its_time_to_finish(start, printed):
    """Npm goes at once, the server below it may need a while."""
    slow = "trap 'sleep 0.3; echo drained; exit 0' TERM; echo up; while :; do sleep 0.02; done"
    child = await start("sh", "-c", f'sh -c "{slow}" & wait')
    await printed.shows(b"up")
    child.interrupt()
    assert (await ended(child)).signal == signal.SIGTERM
    assert printed.endswith(b"drained\n")
    assert not child.forced()


async def test_scope_main_signals_the_main_process_only(start, printed):
    inner = "trap 'echo told' TERM; echo up; while :; do sleep 0.02; done"
    main = f"sh -c \"{inner}\" & trap 'kill -9 $!; exit 4' TERM; while :; do sleep 0.02; done"
    child = await start("sh", "-c", main, stop_scope="main")
    await printed.shows(b"up")
    child.interrupt()
    assert (await ended(child)).code == 4
    assert b"told" not in printed


async def test_leftovers_of_a_child_that_exits_are_killed_and_named(start, marks):
    begun = time.monotonic()
    result = await ended(await start("sh", "-c", f"sleep {CAP_SECONDS} & sleep {CAP_SECONDS} & exit 0"))
    assert result == Exit(code=0, leftovers=("sleep", "sleep"))
    assert time.monotonic() - begun < 1
    assert_no_survivors(marks, within=0.05)


async def test_a_child_that_is_just_about_to_go_is_no_leftover(start):
    assert await ended(await start("sh", "-c", "sleep 0.03 & exit 0")) == Exit(code=0)


async def test_a_deaf_leftover_does_not_hold_the_end_for_long(start, marks):
    result = await ended(await start("sh", "-c", f"({DEAF}) & exit 3", grace_seconds=0.2))
    assert result.code == 3
    assert result.leftovers
    assert_no_survivors(marks, within=0.05)


async def test_a_grandchild_that_keeps_the_output_pipe_does_not_hang_the_end(start, printed):
    begun = time.monotonic()
    result = await ended(await start("sh", "-c", f"setsid sleep {CAP_SECONDS} & echo hi; exit 3"))
    assert (result.code, bytes(printed)) == (3, b"hi\n")
    assert time.monotonic() - begun < 1


async def test_control_plain_asyncio_waits_for_the_grandchild_that_keeps_the_pipe():
    process = await asyncio.create_subprocess_exec("sh", "-c", "sleep 0.7 & exit 3", stdout=asyncio.subprocess.PIPE)
    begun = time.monotonic()
    await process.communicate()
    assert time.monotonic() - begun > 0.5


async def test_a_child_that_closes_its_output_lives_on(start, printed):
    child = await start("sh", "-c", f"echo up; exec >&- 2>&-; exec sleep {CAP_SECONDS}")
    await printed.shows(b"up")
    await asyncio.sleep(0.1)
    assert state(child.pid) == "S"
    child.interrupt()
    assert (await ended(child)).signal == signal.SIGTERM


async def test_many_short_lived_orphans_leave_no_zombie(start, printed):
    child = await start("sh", "-c", f"for i in $(seq 100); do (sh -c true &); done; echo up; exec sleep {CAP_SECONDS}")
    await printed.shows(b"up")
    holder = proc.parent(child.pid)
    until(lambda: native.tree(holder) == {child.pid}, 2)
    child.kill()
    await ended(child)


async def test_stopping_while_the_child_dies_by_itself_is_no_error(start):
    async def race(delay):
        child = await start("sh", "-c", "exec sleep 0.01")
        await asyncio.sleep(delay)
        child.interrupt()
        result = await ended(child)
        assert result.code == 0 or result.signal == signal.SIGTERM
        child.interrupt()
        child.kill()

    for step in range(20):
        await race(step / 1000)


async def test_it_owns_its_tree_with_its_orphans_and_nothing_else(start, printed, marks):
    child = await start(*marks.tree("plain", "daemon"))
    await printed.shows(b"READY")
    family = {pid for pid, command in marks.survivors().items() if "shim_warden.py" not in command}
    assert len(family) == 3
    assert all(child.owns(pid) for pid in family)
    assert not child.owns(os.getpid())
    assert not child.owns(1)
    child.kill()
    await ended(child)
    assert not any(child.owns(pid) for pid in family)


async def test_a_cancelled_wait_leaves_the_child_alone(start):
    child = await start("sleep", str(CAP_SECONDS))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(child.wait(), 0.05)
    assert state(child.pid) == "S"
    child.kill()
    assert (await ended(child)).signal == signal.SIGKILL


async def test_a_cancelled_start_leaves_nothing(start, marks):
    for delay in (0, 0.002, 0.01, 0.015, 0.02):
        starting = asyncio.create_task(start("sh", "-c", DEAF, grace_seconds=0.1))
        await asyncio.sleep(delay)
        starting.cancel()
        try:
            child = await starting
        except asyncio.CancelledError:
            await asyncio.to_thread(assert_no_survivors, marks, 2)
        else:
            child.kill()
            await ended(child)


def test_starting_from_another_thread_is_refused(tmp_path):
    trouble = []

    def begin():
        try:
            asyncio.run(native.spawn(LaunchSpec(("true",), str(tmp_path), {"PATH": PATH}), print))
        except RuntimeError as error:
            trouble.append(str(error))

    thread = threading.Thread(target=begin)
    thread.start()
    thread.join()
    assert trouble == ["children are started from the main thread only"]


# Why a child could not be started: one sentence, the path, a hint.


def scripts(directory):
    """Files that are no programs, each in its own way."""
    (directory / "plain").write_text("#!/bin/sh\n")
    (directory / "bad-shebang").write_text("#!/no/such/interpreter\n")
    (directory / "no-shebang").write_text("echo hi\n")
    (directory / "folder").mkdir()
    for name in ("bad-shebang", "no-shebang"):
        (directory / name).chmod(0o755)


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("no-such-command", "no-such-command was not found in PATH; install it"),
        ("./nothing", "nothing does not exist; correct the command"),
        ("./plain", "plain is not executable; try chmod +x"),
        ("./bad-shebang", "wants the interpreter /no/such/interpreter, which does not exist"),
        ("./no-shebang", "a script needs a first line such as #!/bin/sh"),
        ("./folder", "folder is a directory, not a program"),
    ],
)
async def test_a_command_that_cannot_run_says_why(start, tmp_path, command, sentence, marks):
    scripts(tmp_path)
    result = await ended(await start(command))
    assert sentence in result.error
    assert "\n" not in result.error
    assert str(tmp_path) in result.error or command == "no-such-command"
    assert (result.code, result.signal) == (None, None)
    assert_no_survivors(marks, within=0.2)


@pytest.mark.parametrize(("name", "sentence"), [("gone", "does not exist"), ("file", "is not a directory")])
async def test_a_bad_working_directory_says_so(start, tmp_path, name, sentence):
    (tmp_path / "file").touch()
    result = await ended(await start("true", cwd=str(tmp_path / name)))
    assert f"the working directory {tmp_path / name} {sentence}" in result.error


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody who may not look")
def test_forbidden_directories_in_path_are_passed_over(tmp_path):
    (tmp_path / "forbidden").mkdir(mode=0o700)
    code = """
import os, sys
from launcher import native
from launcher.native.unstarted import explain_cwd
os.setresuid(65534, 65534, 65534)
print(native.executable("sh", sys.argv[1] + ":/bin"), explain_cwd(sys.argv[1] + "/below"))
"""
    env = {"PATH": PATH, "PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", code, str(tmp_path / "forbidden")]
    said = subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout
    assert said.startswith("/bin/sh the working directory ")
    assert "cannot be looked at: Permission denied" in said


@pytest.mark.parametrize("env", [{"A": "x\0y"}, {"A=B": "x"}])
async def test_impossible_variables_are_an_error_not_a_crash(start, env):
    result = await ended(await start("/bin/true", env=env))
    assert "zero byte, or a variable name with '='" in result.error
    assert "x\0y" not in result.error


async def test_exhausted_file_handles_are_an_error_not_a_crash(start):
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(list(Path("/proc/self/fd").iterdir())) + 1, hard))
    try:
        child = await start("true")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert "Too many open files" in (await ended(child)).error
    assert (await ended(await start("true"))).ok


async def test_pipes_with_high_numbers_work(start):
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    handles = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
    try:
        child = await start("sleep", str(CAP_SECONDS))
        child.interrupt()
        assert (await ended(child)).signal == signal.SIGTERM
    finally:
        for handle in handles:
            os.close(handle)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can stop being root")
def test_where_user_namespaces_are_refused_root_becomes_the_other_user(tmp_path):
    code = """
import os, sys
from launcher.native import shim
def refuse(name, *arguments):
    raise OSError(1, name)
shim.system_call = refuse
shim.drop_privileges(65534, 65533)
print(os.getresuid(), os.getresgid(), os.getgroups())
"""
    env = {"PATH": PATH, "PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1"}
    said = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True).stdout
    assert said == "(65534, 65534, 65534) (65533, 65533, 65533) []\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can stop being root")
async def test_an_unprivileged_child_of_root_is_not_root_and_still_dies_with_its_shim(start, printed, tmp_path):
    (tmp_path / "mine").touch(0o600)
    child = await start("sh", "-c", f"id -u; cat mine && echo readable; exec sleep {CAP_SECONDS}", unprivileged=True)
    await printed.shows(b"readable")
    assert printed.startswith(b"65534\n")
    os.kill(proc.parent(child.pid), signal.SIGKILL)
    assert (await ended(child)).signal == signal.SIGKILL
    assert state(child.pid) in ("", "Z")


SERVER = """
    const fs = require("fs"), { spawn } = require("child_process")
    const log = text => fs.appendFileSync(process.argv[2], text + "\\n")
    process.on("SIGTERM", () => { log("TERM"); setTimeout(() => process.exit(0), 100) })
    process.on("SIGINT", () => log("INT"))
    spawn("sleep", ["%d"], { detached: true, stdio: "ignore" }).unref()
    setInterval(() => {}, 1000)
    console.log("READY")
"""


@pytest.mark.skipif(not shutil.which("npm"), reason="npm is not installed")
async def test_npm_sh_node_and_a_detached_child_stop_together_with_one_signal_each(start, printed, marks, tmp_path):
    (tmp_path / "server.js").write_text(SERVER % CAP_SECONDS)
    (tmp_path / "package.json").write_text(json.dumps({"scripts": {"start": "node server.js signals"}}))
    child = await start("npm", "run", "--silent", "start", env={**marks.env, "HOME": str(tmp_path)})
    await printed.shows(b"READY", 20)
    assert len(marks.survivors()) >= 4  # shim, npm, node, sleep; the shell may have become node
    child.interrupt()
    await ended(child)
    assert_no_survivors(marks, within=0.1)
    assert (tmp_path / "signals").read_text() == "TERM\n"
    assert not child.forced()


LOADED = """
import sys
exec(compile(open(sys.argv[1]).read(), "shim", "exec"), dict(__name__="shim"))
print(*sys.modules)
"""


def test_the_shim_imports_nothing_heavy():
    """Every service start pays for it; measured: 23 ms of CPU in all."""
    command = [sys.executable, "-I", "-S", "-c", LOADED, shim.__file__]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert not {"asyncio", "re", "enum", "signal", "subprocess", "json", "ctypes", "site"} & set(loaded)


async def test_whoever_stops_waiting_for_a_start_is_told_so_once_nothing_of_it_is_left(start, marks):
    """Otherwise the next incarnation would meet the last one, which may take its grace period to go."""
    warm = await start("sleep", str(CAP_SECONDS))  # keeps the warden, so that the starts below take a few ms only
    before = set(marks.survivors())
    cancelled = 0
    for step in range(60):
        starting = asyncio.create_task(start(*marks.leaf("deaf")))
        await asyncio.sleep(step / 10_000)
        starting.cancel()
        await asyncio.wait({starting})
        if starting.cancelled():
            cancelled += 1
            assert set(marks.survivors()) <= before
        else:
            starting.result().kill()
            await ended(starting.result())
    assert cancelled > 5
    warm.kill()
    await ended(warm)


async def test_a_child_that_stopped_its_shim_is_stopped_all_the_same(start, printed, marks):
    code = "import os, signal, time; os.kill(os.getppid(), signal.SIGSTOP); print('up', flush=True); time.sleep(60)"
    child = await start(sys.executable, "-I", "-S", "-c", code, marks.tag)
    await printed.shows(b"up")
    child.interrupt()
    assert (await asyncio.wait_for(ended(child), 5)).signal == signal.SIGTERM


async def test_a_flood_gets_a_wide_pipe_and_arrives_whole(start, printed):
    """What all pipes of a user hold together is limited: who says little keeps the usual one."""
    quiet = await start("sh", "-c", "echo up; exec sleep 60")
    await printed.shows(b"up\n")
    flood = await start("sh", "-c", "head -c 3000000 /dev/zero; exec sleep 60")
    await printed.shows(bytes(3_000_000), 30)
    wide, usual = (fcntl.fcntl(child._printed, fcntl.F_GETPIPE_SZ) for child in (flood, quiet))
    assert wide > usual
    for child in (quiet, flood):
        child.kill()
        await ended(child)
    assert bytes(printed) == b"up\n" + bytes(3_000_000)
