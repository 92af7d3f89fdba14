"""A running stack offers no network door, and attacks on its only door hurt nobody (security rows S1, S8, S9, S11)."""

import contextlib
import json
import os
import socket
import stat
import threading
import urllib.request
from pathlib import Path

import pytest

from launcher.native import proc
from tests.security import canaries
from tests.support.small_stacks import until


@pytest.fixture(scope="module")
def running(shared):
    """A stack of one HTTP service, started in the background."""
    shared.web()
    shared.run("up", "-d", check=0)
    return shared


@pytest.fixture
def page(running):
    """Get the service's page."""
    port = running.json("status")["ports"]["web"]

    def get():
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2) as answer:
            return answer.read()

    return get


def address(stack):
    (file,) = stack.home.glob("stacks/*/control.json")
    return json.loads(file.read_bytes())


@contextlib.contextmanager
def connected(stack):
    with socket.socket(socket.AF_UNIX) as made:
        made.connect(address(stack)["socket"])  # waits while the backlog is full
        made.settimeout(8)
        yield made


def sockets_of(pid: int) -> set[str]:
    leads = [str(handle.readlink()) for handle in Path(f"/proc/{pid}/fd").iterdir()]
    return {lead[8:-1] for lead in leads if lead.startswith("socket:")}


def test_the_supervisor_has_no_network_socket_at_all(running):
    pid = running.json("status")["pid"]
    assert proc.listening([pid]) == []
    tables = "".join(Path(f"/proc/net/{name}").read_text() for name in ("tcp", "tcp6", "udp", "udp6", "raw", "raw6"))
    networked = {line.split()[9] for line in tables.splitlines() if len(line.split()) > 9}
    assert sockets_of(pid)
    assert not sockets_of(pid) & networked
    web = running.unit("web")["pid"]
    assert sockets_of(web) & networked, "the control: the service's own listener is found"


def test_its_door_is_a_socket_that_only_its_owner_can_reach(running):
    door = Path(address(running)["socket"])
    assert stat.S_ISSOCK(door.lstat().st_mode)
    assert [oct(path.lstat().st_mode & 0o777) for path in (door, door.parent)] == ["0o600", "0o700"]
    abstract = [line for line in Path("/proc/net/unix").read_text().splitlines() if "@" in line and "rxlaunch" in line]
    assert abstract == []


@pytest.mark.parametrize("option", ["--host", "--bind", "--listen", "--address", "--api-port"])
def test_there_is_no_way_to_ask_for_more(running, option):
    assert running.run("up", option, "0.0.0.0:9999").returncode == 2


@pytest.mark.parametrize("table", ["[control]\nhost = '0.0.0.0'", "[api]\nport = 9999", "listen = '0.0.0.0:9999'"])
def test_nor_can_a_stack_file_ask_for_it(stack, table):
    stack.write(table)
    assert stack.run("up", "-d", check=2).stderr.startswith("error")


def test_two_hundred_sockets_and_slow_ones_leave_services_and_commands_alone(running, page):
    """Requests that drip, that never begin, that end in the middle: all hang up on within seconds."""
    with contextlib.ExitStack() as everybody:
        crowd = [everybody.enter_context(connected(running)) for _ in range(200)]
        for slow in crowd[::2]:
            slow.sendall(b"POST /v1/commands HTTP/1.1\r\nHo")
        assert page() == b"hello"
        assert running.json("status")["units"]["web"]["phase"] == "ready"
        before = running.unit("web")["pid"]
        running.run("restart", "web", check=0)
        assert running.unit("web")["pid"] != before
        assert page() == b"hello"
        for one in crowd:
            with contextlib.suppress(ConnectionError):
                while one.recv(65536):
                    pass
    assert len(sockets_of(running.json("status")["pid"])) < 20


def test_a_gigabyte_that_is_announced_or_really_sent_is_no_burden(running, page):
    pid = running.json("status")["pid"]
    before = resident(pid)
    head = (f"POST /v1/commands HTTP/1.1\r\nHost: rxlaunch\r\nX-Rxlaunch-Token: {address(running)['token']}\r\n"
            "Content-Type: application/json\r\n")  # fmt: skip
    attacks = (head + "Content-Length: 1073741824\r\n\r\n", head + "Transfer-Encoding: chunked\r\n\r\n40000000\r\n",
               head.replace("POST", "GET") + "Transfer-Encoding: chunked\r\n\r\n40000000\r\n",
               "POST /v1/commands HTTP/1.1\r\nX: ", "A" * 10_000)  # fmt: skip
    sent = [0] * len(attacks)

    def attack(index):
        with connected(running) as one, contextlib.suppress(OSError):
            one.sendall(attacks[index].encode())
            while sent[index] < 2**30:
                sent[index] += one.send(b" " * 65536)

    threads = [threading.Thread(target=attack, args=(index,)) for index in range(len(attacks))]
    for thread in threads:
        thread.start()
    assert page() == b"hello"
    for thread in threads:
        thread.join(20)
    assert max(sent) < 64 * 2**20, "somebody was let go on"
    assert resident(pid) - before < 32 * 2**20
    assert running.json("status")["units"]["web"]["phase"] == "ready"


def resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


NAMES = [["nobody"], ["x" * 60_000], ["\x1b]52;c;ZXZpbA==\x07"], ["../web", "%2e%2e", "web/../web"], ["__class__"],
         ["web\0"], ["WEB"], [" web"], ["web\n"], [""], ["\u202ebew"], [f"n{n}" for n in range(5000)], []]  # fmt: skip


def test_commands_about_units_there_are_none_of_do_nothing(running):
    before = running.json("status")["units"]
    head = f"POST /v1/commands HTTP/1.0\r\nHost: rxlaunch\r\nX-Rxlaunch-Token: {address(running)['token']}\r\n"
    for names in NAMES:
        for kind in ("StartUnits", "StopUnits", "RestartUnits"):
            body = json.dumps({"type": kind, "names": names})
            with connected(running) as one:
                size = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
                one.sendall((head + size + body).encode())
                answer = b"".join(iter(lambda one=one: one.recv(65536), b""))
            assert answer.startswith(b"HTTP/1.1 200")
    after = running.json("status")["units"]
    assert (after["web"]["pid"], set(after)) == (before["web"]["pid"], {"web"})
    assert not any(b"nobody" in text or b"__class__" in text for text in canaries.files(running).values())


# --- S11: what somebody put in our places before us -----------------------------------------------------------


def test_links_in_our_places_lead_us_nowhere(stack, tmp_path):
    """Whoever could write into our directory before it was closed might have left links to what is precious."""
    stack.web()
    stack.run("up", "--dry-run", check=0)
    (home,) = stack.home.glob("stacks/*")
    names = ("state.json", "events.ndjson", "lock", "control.json", "ports.json", "supervisor.log", "outputs.json")
    for name in names:
        (tmp_path / name).write_text("precious")
        (home / name).unlink(missing_ok=True)
        (home / name).symlink_to(tmp_path / name)
    done = stack.run("up", "-d")
    stack.run("down")
    assert "internal error" not in done.stdout + done.stderr
    assert {(tmp_path / name).read_text() for name in names} == {"precious"}


def test_logs_are_not_written_where_a_link_leads(stack, tmp_path):
    stack.web()
    stack.run("up", "--dry-run", check=0)
    (home,) = stack.home.glob("stacks/*")
    (tmp_path / "elsewhere").mkdir()
    (home / "logs").rmdir()
    (home / "logs").symlink_to(tmp_path / "elsewhere")
    assert "is a link" in stack.run("up", "-d", check=2).stdout
    (home / "logs").unlink()
    (home / "logs").mkdir()
    (home / "logs" / "web.log").symlink_to(tmp_path / "elsewhere" / "file")
    stack.run("up", "-d", check=0)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_runtime_directory_of_somebody_else_is_not_used(stack, tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root can make a directory that belongs to another")
    runtime = tmp_path / "run"
    (runtime / "rxlaunch").mkdir(parents=True)
    os.chown(runtime / "rxlaunch", 23456, 23456)
    stack.env["XDG_RUNTIME_DIR"] = str(runtime)
    stack.home = tmp_path / ("long" * 25)
    stack.env["RXLAUNCH_HOME"] = str(stack.home)
    stack.web()
    done = stack.run("up", "-d")
    assert done.returncode != 0
    assert "belongs to another user (uid 23456)" in done.stdout + done.stderr
    assert until(lambda: not stack.survivors())
    os.chown(runtime / "rxlaunch", 0, 0)
    stack.run("up", "-d", check=0)
