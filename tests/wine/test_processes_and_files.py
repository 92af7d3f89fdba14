"""Starting, finding, and writing on Windows."""

import pytest

from tests.support.processes import until

pytestmark = pytest.mark.wine


def test_input_environment_and_exit_code_come_through(windows):
    result = windows.answers(
        """
    async def main():
        env = {**os.environ, "GREETING": "grüß 🎉", "PYTHONUTF8": "1"}
        code = "import os, sys; print(sys.stdin.read(), os.environ['GREETING']); sys.exit(9)"
        child = await python(code, env=env, stdin=b"x" * 100_000)
        answer(code=(await ended(child)).code, printed=printed.decode().strip("x"), size=len(printed))
        answer(other=(await ended(await start(PYTHON, "-c", "print(input())"))).code)
    asyncio.run(main())
    """
    )
    assert result["code"] == 9
    assert result["printed"] == " grüß 🎉\r\n"
    assert result["size"] > 100_000
    assert result["other"] == 1  # nothing to read


def test_what_cannot_be_started_says_why(windows):
    result = windows.answers(
        """
    Path("text.exe").write_text("no program")
    Path("batch.cmd").write_text("@echo ran %1")
    async def error(*argv, **fields):
        return (await ended(await start(*argv, **fields))).error
    async def main():
        answer(missing=await error("no-such-command"), gone=await error("./gone.exe"), text=await error("./text.exe"))
        answer(cwd=await error("cmd", cwd="Z:/no/such/directory"), nul=await error(PYTHON, "-c", "a\\0b"))
        answer(name=await error(PYTHON, env={**os.environ, "A=B": "c"}))
        answer(batch=await error("./batch.cmd", "a&calc"), harmless=await error("./batch.cmd", "fine"))
        answer(printed=printed.decode())
    asyncio.run(main())
    """
    )
    assert "no-such-command was not found in PATH" in result["missing"]
    assert "gone.exe does not exist" in result["gone"]
    assert "text.exe is no program that Windows can run" in result["text"]
    assert "does not exist; create it" in result["cwd"]
    assert "zero byte" in result["nul"]
    assert "name with '='" in result["name"]
    assert "batch file" in result["batch"]
    assert result["harmless"] is None
    assert result["printed"].strip() == "ran fine"


def test_programs_come_before_batch_files_and_the_current_directory_never_counts(windows):
    result = windows.answers(
        """
    for name in ("first/tool.cmd", "first/tool", "second/tool.exe", "third/only.cmd", "planted.exe"):
        Path(name).parent.mkdir(exist_ok=True); Path(name).touch()
    path = os.pathsep.join(["", ".", *(os.path.abspath(name) for name in ("first", "second", "third"))])
    answer(tool=native.executable("tool", path), only=native.executable("only", path))
    answer(planted=native.executable("planted", path), named=native.executable("./planted.exe", ""))
    answer(exact=native.executable("tool.cmd", path))
    """
    )
    assert result["tool"].endswith("second\\tool.exe")
    assert result["only"].endswith("third\\only.cmd")
    assert result["planted"] is None
    assert result["named"].endswith("planted.exe")
    assert result["exact"].endswith("first\\tool.cmd")


def test_a_process_is_known_by_its_creation_time_and_no_other_is_ended(windows):
    result = windows.answers(
        """
    process = subprocess.Popen([PYTHON, "-c", "import time; time.sleep(60)", TAG])
    who = native.identity(process.pid)
    stranger = who.replaced(started=who.started + 1)
    answer(me=native.alive(native.my_identity()), alive=native.alive(who), stranger=native.alive(stranger))
    answer(ended_stranger=native.signal_process(stranger, "SIGKILL"), asked=native.signal_process(who, "SIGTERM"))
    answer(tree=process.pid in native.tree(os.getpid()), running=process.poll() is None)
    answer(ended=native.signal_process(who, "SIGKILL"), code=process.wait(5))
    answer(dead=native.alive(who), nobody=native.identity(999_999) is None)
    """
    )
    true = {"me", "alive", "tree", "running", "ended", "nobody"}
    false = {"stranger", "ended_stranger", "asked", "dead"}
    assert result == {**dict.fromkeys(true, True), **dict.fromkeys(false, False), "code": 1}


def test_a_daemon_outlives_its_starter_and_writes_its_log(windows):
    starter = """
    code = "import time; print('daemon', flush=True); time.sleep(30)"
    pid = native.spawn_daemon([PYTHON, "-c", code, TAG], dict(os.environ), os.getcwd(), Path("daemon.log"))
    while "daemon" not in Path("daemon.log").read_text(): time.sleep(0.02)
    answer(pid=pid)
    """
    with windows.running(starter) as process:
        assert process.stdout.readline().startswith("ANSWER")
        assert process.wait(5) == 0
        until(lambda: len(windows.tagged()) == 1)
        assert all("program.py" not in line for line in windows.tagged().values())


def test_a_listener_on_any_address_is_found_though_wine_hides_whose_it_is(windows):
    result = windows.answers(
        """
    import socket
    for number, address in enumerate(("127.0.0.1", "0.0.0.0", "::1", "::")):
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as server:
            server.bind((address, 0)); server.listen()
            port = server.getsockname()[1]
            answer(**{str(number): [found.port == port for found in native.listeners(port)]})
    answer(gone=native.listeners(port))
    """
    )
    assert result.pop("gone") == []
    assert list(result.values()) == [[True]] * 4


def test_private_directories_and_files(windows):
    result = windows.answers(
        """
    from launcher.errors import LauncherError
    native.private_directory(Path("a/b").absolute()); native.private_directory(Path("a/b").absolute())
    Path("file").touch()
    for kind, path in (("below_file", "file/x"), ("instead", "file")):
        try:
            native.private_directory(Path(path).absolute())
        except LauncherError as error:
            answer(**{kind: error.message})
    native.write_private(Path("a/b/secret"), b"old\\r\\n"); native.write_private(Path("a/b/secret"), b"new\\r\\n")
    answer(text=Path("a/b/secret").read_bytes().decode(), names=os.listdir("a/b"))
    """
    )
    assert (windows.directory / "a" / "b").stat().st_mode & 0o007 == 0
    assert "cannot create" in result["below_file"]
    assert "cannot create" in result["instead"]
    assert result["text"] == "new\r\n"
    assert result["names"] == ["secret"]


def test_replacing_an_open_file_waits_until_it_is_closed_and_not_forever(windows):
    result = windows.answers(
        """
    import threading
    path = Path("state").absolute()
    native.write_private(path, b"old")
    reader = path.open("rb")
    threading.Timer(0.4, reader.close).start()
    begun = time.monotonic()
    native.write_private(path, b"new")
    answer(waited=time.monotonic() - begun, text=path.read_text())
    with path.open("rb"):
        try:
            native.write_private(path, b"never")
        except PermissionError:
            answer(refused=True)
    answer(kept=path.read_text(), names=os.listdir("."))
    """
    )
    assert 0.3 < result["waited"] < 1.9
    assert result["text"] == result["kept"] == "new"
    assert result["refused"] is True
    assert sorted(result["names"]) == ["program.py", "state"]


def test_ctrl_c_calls_back_and_afterwards_all_is_as_before(windows):
    result = windows.answers(
        """
    import signal
    async def main():
        loop, heard = asyncio.get_running_loop(), asyncio.Queue()
        before = signal.getsignal(signal.SIGINT)
        with native.on_shutdown(loop, heard.put_nowait):
            signal.raise_signal(signal.SIGINT)
            answer(first=await asyncio.wait_for(heard.get(), 2))
            signal.raise_signal(signal.SIGBREAK)
            answer(second=await asyncio.wait_for(heard.get(), 2))
        answer(restored=signal.getsignal(signal.SIGINT) == before)
    asyncio.run(main())
    """
    )
    assert result == {"first": "SIGINT", "second": "SIGBREAK", "restored": True}


def test_importing_it_loads_nothing_heavy(windows):
    result = windows.answers(
        """
    code = "import sys, launcher.native; print(*sys.modules)"
    loaded = subprocess.run([PYTHON, "-c", code], capture_output=True, text=True, stdin=-3, check=True).stdout.split()
    answer(heavy=sorted({"asyncio", "psutil", "ctypes", "subprocess"} & set(loaded)))
    """
    )
    assert result == {"heavy": []}


def test_a_closing_console_calls_back_and_waits_for_us_to_finish(windows):
    """Wine sends no such event, so its handler is called as Windows would: in a thread of its own."""
    result = windows.answers(
        """
    import threading
    from launcher.native import windows_api
    calls = []
    class Kernel:
        SetConsoleCtrlHandler = staticmethod(lambda routine, add: calls.append((routine, add)))
    windows_api.kernel32 = Kernel
    async def main():
        heard, returned = asyncio.Queue(), []
        with native.on_shutdown(asyncio.get_running_loop(), heard.put_nowait):
            (routine, added), = calls
            answer(ctrl_c=routine(0))
            closing = threading.Thread(target=lambda: returned.append(routine(2)))
            closing.start()
            answer(heard=await asyncio.wait_for(heard.get(), 2), early=list(returned))
        closing.join(2)
        answer(returned=returned, removed=calls[-1][1] is False)
    asyncio.run(main())
    """
    )
    assert result == {"ctrl_c": 0, "heard": "SIGHUP", "early": [], "returned": [1], "removed": True}


def test_arguments_reach_the_child_as_they_are(windows):
    """S16: nothing is a command, a variable or a quote to anybody on the way."""
    result = windows.answers(
        """
    words = ["a&calc", "%PATH%", '"', 'a"b c', "^", "|more", "back\\\\", "two words\\\\", "", "!x!", "$H", "`id`", "ü"]
    async def main():
        code = "import json, sys; print(json.dumps(sys.argv[1:]))"
        ended_as = await ended(await start(PYTHON, "-c", code, *words))
        answer(code=ended_as.code, same=json.loads(printed) == words, printed=printed.decode())
    asyncio.run(main())
    """
    )
    assert result["same"], result["printed"]
    assert result["code"] == 0


def test_a_file_that_a_reader_hardly_ever_closes_is_replaced_all_the_same(windows):
    """As with a browser or a watcher that reads the runtime configuration again and again."""
    result = windows.answers(
        """
    import subprocess, time
    code = [
        "import contextlib, pathlib, time",
        "while not pathlib.Path('stop').exists():",
        "    with contextlib.suppress(PermissionError), open('target.js') as file:",
        "        pathlib.Path('gate').touch()",
        "        time.sleep(0.018)",
        "    time.sleep(0.002)",
    ]
    Path("target.js").write_text("0")
    reader = subprocess.Popen([PYTHON, "-c", chr(10).join(code)], stdin=subprocess.DEVNULL)
    while not Path("gate").exists():
        time.sleep(0.01)
    try:
        for turn in range(10):
            Path("draft").write_text(str(turn))
            native.replace(Path("draft"), Path("target.js"))
    finally:
        Path("stop").touch()
    answer(code=reader.wait(), text=Path("target.js").read_text())
    """
    )
    assert result == {"code": 0, "text": "9"}
