"""Where a service really listens (fault rows 61, 65, 66; security rule 23)."""

import os
import socket
import subprocess
import sys

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


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make itself unable to see another user's process")
def test_a_port_stolen_by_a_process_that_cannot_be_seen_is_replaced(stack):
    """The thief's descriptors are not ours to look at: its socket shows in the kernel's table, its pid nowhere."""
    port = free_port()
    (stack.root / "gate.py").write_text(GATE)
    stack.write(f"""
[ports]
web = {port}
[services.web]
command = ["{{python}}", "gate.py", "server.py", "${{port.web}}", "{{tag}}"]
readiness = {{ http = "${{url.web}}/", deadline = 20 }}
""")
    # Without CAP_SYS_PTRACE and CAP_DAC_*, even root may not look into a process that has more capabilities.
    lesser = ["setpriv", "--bounding-set=-sys_ptrace,-dac_override,-dac_read_search", "--inh-caps=-all"]
    up = subprocess.Popen(
        [*lesser, sys.executable, "-P", "-m", "launcher", "up", "-d"],
        cwd=stack.root, env=stack.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        assert until((stack.root / "waiting").exists, 20)
        with socket.create_server(("127.0.0.1", port)):
            (stack.root / "open").touch()
            printed, _ = up.communicate(timeout=60)
        assert up.returncode == 0, printed
        assert stack.json("ports")["ports"]["web"] != port
        assert "cannot be seen" in printed
    finally:
        up.kill()
        up.communicate()
