"""A stranger takes a port between choice and bind (rows 61, 65): another is chosen, whoever was told is told again."""

import http.server
import socket
import threading

import pytest

from tests.support.servers import free_port
from tests.support.small_stacks import GATE, until

TOLD = """
import os, time
print("told", os.environ["WEB"], flush=True)
time.sleep(600)
"""
STUBBORN = """
import http.server, sys, time
try:
    server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler)
except OSError as error:
    print("Error: listen EADDRINUSE", error, flush=True)
    time.sleep(600)
server.serve_forever()
"""


class Stranger:
    """A web server of somebody else's that answers 200 to everything."""

    def __init__(self, port):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.HTTPServer(("127.0.0.1", port), Handler)  # binds with SO_REUSEADDR
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.mark.parametrize("program", ["server.py", "stubborn.py"])
def test_a_stolen_port_is_replaced_and_whoever_was_told_is_restarted(stack, program):
    port = free_port()
    (stack.root / "gate.py").write_text(GATE)
    (stack.root / "stubborn.py").write_text(STUBBORN)
    (stack.root / "told.py").write_text(TOLD)
    stack.write(f"""
[ports]
web = {port}
[services.web]
command = ["{{python}}", "gate.py", "{program}", "${{port.web}}", "{{tag}}"]
readiness = {{ http = "${{url.web}}/", deadline = 20 }}
[services.told]
command = ["{{python}}", "told.py", "{{tag}}"]
env = {{ WEB = "${{url.web}}" }}
""")
    up = stack.popen("up", "-d")
    stranger = None
    try:
        assert until((stack.root / "waiting").exists, 20)
        stranger = Stranger(port)
        (stack.root / "open").touch()
        printed, _ = up.communicate(timeout=60)
        assert up.returncode == 0, printed
        chosen = stack.json("ports")["ports"]["web"]
        assert chosen != port
        assert f"because {port} is taken" in printed
        assert f"told http://127.0.0.1:{chosen}" in stack.run("logs", "told").stdout
        assert stranger.thread.is_alive()
    finally:
        if stranger:
            stranger.close()


def test_a_fixed_port_that_is_stolen_fails_and_names_the_thief(stack):
    port = free_port()
    (stack.root / "gate.py").write_text(GATE)
    stack.write(f"""
[ports]
web = {{ fixed = {port} }}
[services.web]
command = ["{{python}}", "gate.py", "server.py", "${{port.web}}", "{{tag}}"]
readiness = {{ http = "${{url.web}}/", deadline = 20 }}
""")
    up = stack.popen("up")
    stranger = None
    try:
        assert until((stack.root / "waiting").exists, 20)
        stranger = Stranger(port)
        (stack.root / "open").touch()
        printed, _ = up.communicate(timeout=60)
        assert up.returncode == 1
        assert f"port {port} is taken by" in printed
    finally:
        if stranger:
            stranger.close()
    stack.assert_nothing_left(1)


def held(port):
    """A socket that has the port and does not listen, as between choice and use."""
    holder = socket.socket()
    holder.bind(("127.0.0.1", port))
    return holder


def test_a_port_that_somebody_held_for_a_moment_is_replaced(stack):
    port = free_port()
    (stack.root / "gate.py").write_text(GATE)
    stack.write(f"""
[ports]
web = {port}
[services.web]
command = ["{{python}}", "gate.py", "server.py", "${{port.web}}", "{{tag}}"]
readiness = {{ http = "${{url.web}}/", deadline = 20 }}
""")
    up = stack.popen("up", "-d")
    assert until((stack.root / "waiting").exists, 20)
    with held(port):
        (stack.root / "open").touch()
        printed, _ = up.communicate(timeout=60)
    assert up.returncode == 0, printed
    assert "let go of it" in printed
    assert stack.json("ports")["ports"]["web"] != port


def test_a_service_that_misses_a_port_of_its_own_choice_is_not_moved(stack):
    port = free_port()
    (stack.root / "own.py").write_text("import socket, sys\nsys.exit(f'listen EADDRINUSE 127.0.0.1:{sys.argv[1]}')\n")
    stack.write(f"""
[ports]
web = 21000
[services.web]
command = ["{{python}}", "own.py", "{port}", "{{tag}}"]
readiness = {{ http = "${{url.web}}/", deadline = 20 }}
restart = {{ policy = "no" }}
""")
    printed = stack.run("up", check=1)
    assert "exited with code 1 before it was ready" in printed.stdout
    assert "let go of it" not in printed.stdout
