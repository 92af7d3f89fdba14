"""What the control server is for, and the files by which clients find it (security rows S6 and S11)."""

import asyncio
import os
import socket
import stat
import threading

import pytest

from launcher import events as e
from launcher import native
from launcher.control import client, protocol, server
from launcher.errors import LauncherError, NotRunning
from tests.control.supervisors import Supervisor
from tests.support.stacks import running_snapshot, stack_paths

# --- what it is for -------------------------------------------------------------------------------------------


def test_a_client_gets_the_snapshot_with_the_supervisors_identity(supervisor):
    snapshot = client.status(supervisor.paths, timeout=5)
    assert snapshot.supervisor == native.my_identity()
    assert set(snapshot.units) == {"postgres", "backend"}
    assert snapshot.phase == "ready"


@pytest.mark.parametrize(
    "command",
    [
        e.StopStack("rxlaunch down"),
        e.KillStack("now", exit_code=0),
        e.StartUnits(("backend",)),
        e.StopUnits(("backend", "postgres")),
        e.RestartUnits(()),
    ],
)
def test_a_command_arrives_as_it_was_sent_and_is_answered_with_a_snapshot(supervisor, command):
    assert client.send(supervisor.paths, command, timeout=5)["phase"] == "ready"
    assert supervisor.commands == [command]


def test_a_client_can_ask_for_the_version(supervisor):
    assert client.version(supervisor.paths, timeout=5)["api"] == protocol.API_VERSION


def test_many_clients_at_once_are_all_answered(supervisor):
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(client.version(supervisor.paths, timeout=10))) for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 12


def test_nothing_is_left_of_a_server_that_ended(paths, transport):
    with Supervisor(paths):
        assert paths.control.exists()
    assert not paths.control.exists()
    assert not paths.socket.exists()
    with pytest.raises(NotRunning):
        client.status(paths, timeout=1)


def test_signals_stay_the_supervisors(paths):
    import signal

    async def handlers_while_serving():
        async with server.serve(paths, snapshot=running_snapshot, submit=None):
            await asyncio.to_thread(client.version, paths, 5)
            return handlers()

    def handlers():
        return signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)

    async def before_and_while():
        return handlers(), await handlers_while_serving()

    before, during = asyncio.run(before_and_while())
    assert before == during


# --- files ----------------------------------------------------------------------------------------------------

unix_only = pytest.mark.skipif(not native.LISTENING_ON_UNIX_SOCKETS, reason="sockets there are no files")


@unix_only
def test_socket_and_token_are_their_owners_alone_whatever_the_umask(paths):
    before = os.umask(0)
    try:
        with Supervisor(paths):
            modes = {stat.S_IMODE(path.stat().st_mode) for path in (paths.socket, paths.control)}
    finally:
        os.umask(before)
    assert modes == {0o600}
    assert stat.S_IMODE(paths.home.stat().st_mode) == 0o700


def test_each_supervisor_has_a_token_of_its_own(paths, transport):
    tokens = set()
    for _ in range(2):
        with Supervisor(paths) as supervisor:
            tokens.add(supervisor.address["token"])
    assert len(tokens) == 2
    assert {len(token) for token in tokens} == {2 * protocol.TOKEN_BYTES}


@unix_only
def test_the_socket_a_killed_supervisor_left_is_replaced(paths):
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(paths.socket))
    with Supervisor(paths):
        assert client.version(paths, timeout=5)


@unix_only
@pytest.mark.parametrize("kind", ["link", "file", "directory"])
def test_what_is_no_socket_of_ours_is_never_removed(paths, kind):
    precious = paths.home / "precious"
    precious.write_text("data")
    {
        "link": lambda: paths.socket.symlink_to(precious),
        "file": lambda: paths.socket.write_text("data"),
        "directory": paths.socket.mkdir,
    }[kind]()

    async def attempt():
        async with server.serve(paths, snapshot=running_snapshot, submit=None):
            pass

    with pytest.raises(LauncherError, match="not a socket of ours"):
        asyncio.run(attempt())
    assert paths.socket.exists()
    assert precious.read_text() == "data"


@unix_only
def test_a_state_directory_with_a_long_path_has_its_socket_elsewhere(tmp_path, monkeypatch):
    paths = stack_paths(tmp_path, monkeypatch)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    long = type(paths)(paths.root, paths.home / ("x" * 90) / "abcdefghijkl")
    with Supervisor(long) as supervisor:
        assert supervisor.address["socket"].startswith(str(tmp_path / "run"))
        assert client.version(long, timeout=5)


def test_http_is_what_the_standard_library_understands(supervisor):
    assert supervisor.ask()[1].startswith(b"HTTP/1.1 200 OK\r\n")
