"""`readiness.after`: who cannot be well before another is, is hardly asked until then, and at once afterwards."""

import time

from tests.support.small_stacks import until

COUNTING = """
import http.server, os, pathlib, sys
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open("asked", "a") as asked:
            asked.write("x")
        self.send_response(200 if pathlib.Path("open").exists() else 503)
        self.end_headers()
    def log_message(self, *_): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Page).serve_forever()
"""
STACK = """
[ports]
shop = 21000
[services.backend]
command = ["{python}", "-c", "import time; time.sleep(600)", "{tag}"]
readiness = { command = ["{python}", "-c", "import os, sys; sys.exit(not os.path.exists('open'))"] }
[services.shop]
command = ["{python}", "shop.py", "${port.shop}", "{tag}"]
readiness = { http = "${url.shop}/", period = 30, AFTER }
"""


def asked(stack):
    """How many questions came."""
    path = stack.root / "asked"
    return len(path.read_text()) if path.exists() else 0


def ended(command):
    """Its exit code, soon."""
    command.communicate(timeout=20)
    return command.returncode


def write(stack, after):
    (stack.root / "shop.py").write_text(COUNTING)
    stack.write(STACK.replace(", AFTER", after))


def test_a_page_that_needs_the_backend_is_asked_once_and_again_when_the_backend_is_ready(stack):
    write(stack, ', after = ["backend"]')
    booting = stack.popen("up", "-d")
    assert until(lambda: asked(stack) >= 1)
    time.sleep(0.5)  # nothing can be waited for: nothing shall happen
    assert asked(stack) == 1
    (stack.root / "open").touch()
    assert ended(booting) == 0, "asked at once, not after the period of 30 s"
    assert asked(stack) == 2


def test_without_it_the_page_is_asked_all_the_time(stack):
    write(stack, "")
    booting = stack.popen("up", "-d")
    assert until(lambda: asked(stack) >= 5)
    (stack.root / "open").touch()
    assert ended(booting) == 0


def test_when_the_other_is_not_selected_nobody_waits_for_it(stack):
    write(stack, ', after = ["backend"]')
    booting = stack.popen("up", "-d", "shop")
    assert until(lambda: asked(stack) >= 5)
    (stack.root / "open").touch()
    assert ended(booting) == 0
