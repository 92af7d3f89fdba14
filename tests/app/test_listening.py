"""Where a service really listens (fault rows 61, 65, 66; security rule 23)."""

import contextlib
import http.server
import os
import socket
import subprocess
import sys
import threading

import pytest

from tests.support.servers import free_port
from tests.support.small_stacks import GATE, until

ASIDE = """
import os, socket, sys, time
server = socket.create_server(("127.0.0.1", int(os.environ["OTHER"])))
print("listening", flush=True)
time.sleep(60)
"""
EVERYWHERE = """
import http.server, sys
print("listening", flush=True)
http.server.HTTPServer(("0.0.0.0", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""


def test_a_service_that_moved_to_another_port_by_itself_is_told_where_it_is(stack):
    other = free_port()
    (stack.root / "aside.py").write_text(ASIDE)
    stack.write(f"""
[ports]
web = 21000
[services.web]
command = ["{{python}}", "aside.py", "{{tag}}"]
env = {{ OTHER = "{other}" }}
readiness = {{ tcp = "127.0.0.1:${{port.web}}", deadline = 1.5 }}
""")
    told = stack.run("up", check=1)
    assert f"it listens on port {other} instead of" in told.stdout + told.stderr


def test_a_service_that_other_machines_can_reach_is_warned_about_once(stack):
    (stack.root / "everywhere.py").write_text(EVERYWHERE)
    stack.write("""
[ports]
web = 21000
[services.web]
command = ["{python}", "everywhere.py", "${port.web}", "{tag}"]
readiness = { http = "${url.web}/" }
""")
    stack.run("up", "-d", check=0)
    (events,) = stack.home.glob("stacks/*/events.ndjson")
    assert until(lambda: "every address of this machine" in events.read_text())
    stack.run("restart", "web", check=0)
    assert events.read_text().count("every address of this machine") == 1


def test_a_service_on_loopback_is_not_warned_about(stack):
    stack.web()
    stack.run("up", "-d", check=0)
    (events,) = stack.home.glob("stacks/*/events.ndjson")
    assert "every address" not in events.read_text()


unseeing = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root can make itself unable to see another user's process"
)
# Without CAP_SYS_PTRACE and CAP_DAC_*, even root may not look into a process that has more capabilities.
UNSEEING = ["setpriv", "--bounding-set=-sys_ptrace,-dac_override,-dac_read_search", "--inh-caps=-all"]
SLOW_TO_GIVE_UP = """
import subprocess, sys, time
if subprocess.call([sys.executable, *sys.argv[1:]], stderr=subprocess.DEVNULL) == 1:
    time.sleep(0.2)
    sys.exit("no port, no service")
"""


def up_with_a_thief(stack, wrapper, thief):
    """`up -d` of what sees no other's sockets; `thief` takes the port between its choice and the service's bind."""
    port = free_port()
    (stack.root / "gate.py").write_text(GATE)
    (stack.root / "slow.py").write_text(SLOW_TO_GIVE_UP)
    stack.write(f"""
[ports]
web = {port}
[services.web]
command = ["{{python}}", "gate.py", {wrapper} "server.py", "${{port.web}}", "{{tag}}"]
readiness = {{ http = "${{url.web}}/", deadline = 20 }}
""")
    up = subprocess.Popen(
        [*UNSEEING, sys.executable, "-P", "-m", "launcher", "up", "-d"],
        cwd=stack.root, env=stack.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        assert until((stack.root / "waiting").exists, 20)
        with thief(port):
            (stack.root / "open").touch()
            printed, _ = up.communicate(timeout=60)
        assert up.returncode == 0, printed
        return port, printed
    finally:
        up.kill()
        up.communicate()


@unseeing
def test_a_port_stolen_by_a_process_that_cannot_be_seen_is_replaced(stack):
    """The thief's descriptors are not ours to look at: its socket shows in the kernel's table, its pid nowhere."""
    port, printed = up_with_a_thief(stack, "", lambda port: socket.create_server(("127.0.0.1", port)))
    assert stack.json("ports")["ports"]["web"] != port
    assert "cannot be seen" in printed


@unseeing
def test_the_answers_of_a_process_that_cannot_be_seen_are_not_taken_for_the_services(stack):
    """The service without a port lives on for a moment and prints nothing, while the thief answers its probe."""
    port, _ = up_with_a_thief(stack, '"slow.py",', answering)
    assert stack.json("ports")["ports"]["web"] != port


@unseeing
def test_without_waiting_for_that_moment_a_thief_would_be_taken_for_the_service(stack):
    """The negative control of the test above."""
    (stack.root / "sitecustomize.py").write_text(
        "import launcher.run.listening\nlauncher.run.listening.UNSEEN_FOR = 0\n"
    )
    stack.env["PYTHONPATH"] = os.pathsep.join([str(stack.root), stack.env["PYTHONPATH"]])
    up_with_a_thief(stack, '"slow.py",', answering)
    (events,) = stack.home.glob("stacks/*/events.ndjson")
    assert "UnitReady" in events.read_text().partition("UnitExited")[0]


@contextlib.contextmanager
def answering(port):
    """A process that answers every request on this port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), http.server.SimpleHTTPRequestHandler)
    threading.Thread(target=server.serve_forever).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
