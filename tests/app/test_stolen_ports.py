"""A stranger takes a port between choice and bind (rows 61, 65): another is chosen, whoever was told is told again."""

import http.server
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
