"""`up --https` on a small stack: found, proven, told, refused and left as the command line promises."""

import os
import sys

from launcher.services import wheels

PAGES = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.send_header("content-type", "text/html"); self.end_headers()
        self.wfile.write(f"{sys.argv[2]} for {self.headers['host']}".encode())
    def log_message(self, *a): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
SHOP = """
[ports]
storefront = 21000
backend = 21100
[services.storefront]
command = ["{python}", "pages.py", "${port.storefront}", "shop", "{tag}"]
readiness = { http = "${url.storefront}/" }
[services.backend]
command = ["{python}", "pages.py", "${port.backend}", "admin", "{tag}"]
readiness = { http = "${url.backend}/" }
[https]
port = 21443
"""


def shop(stack):
    """A stack of two web servers named as in a marketplace."""
    (stack.root / "pages.py").write_text(PAGES)
    stack.write(SHOP)
    return stack


def test_a_stack_comes_up_with_named_hosts_and_goes_without_a_trace(stack):
    told = shop(stack).run("up", "-d", "--https", check=0).stdout
    port = stack.json("ports")["ports"]["https"]
    assert f"https://shop.localhost:{port}" in told
    assert stack.json("status")["facts"]["backend"] == f"https://admin.localhost:{port}"
    assert "certificates verified" in stack.unit("verify-https")["note"]
    assert stack.json("open", "admin", "--print")["url"] == f"https://admin.localhost:{port}/app"
    shown = stack.json("https", "status")
    assert shown["authority"].startswith(str(stack.home))
    stack.run("down", check=0)
    stack.assert_nothing_left()


def test_https_is_not_added_to_a_stack_that_runs_nor_taken_from_it(stack):
    shop(stack).run("up", "-d", check=0)
    refused = stack.run("up", "-d", "--https", check=4).stderr
    assert "the stack runs without HTTPS" in refused
    assert "rxlaunch down, then rxlaunch up --https" in refused
    stack.run("down", check=0)
    stack.run("up", "-d", "--https", check=0)
    assert "the stack runs with HTTPS" in stack.run("up", "-d", "--no-https", check=4).stderr
    assert stack.json("up", "-d")["already_running"]  # who says nothing about it takes what runs


def test_the_variable_does_as_the_flag_and_the_file_may_be_overruled(stack):
    shop(stack)
    stack.env["RXLAUNCH_HTTPS"] = "1"
    assert "https" in {row["unit"] for row in stack.json("up", "--dry-run")["plan"]}
    del stack.env["RXLAUNCH_HTTPS"]
    stack.write(SHOP + "enabled = true\n")
    assert "https" in {row["unit"] for row in stack.json("up", "--dry-run")["plan"]}
    assert "https" not in {row["unit"] for row in stack.json("up", "--dry-run", "--no-https")["plan"]}


def test_without_caddy_the_boot_fails_with_the_command_that_brings_it(stack, tmp_path):
    """An interpreter of its own sees no wheel, and the PATH leads nowhere."""
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / "sitecustomize.py").write_text(
        "import sysconfig\nfound = sysconfig.get_path\n"
        "sysconfig.get_path = lambda name, *a, **k: '/nowhere' if name == 'scripts' else found(name, *a, **k)\n"
    )
    stack.env["PYTHONPATH"] += os.pathsep + str(tmp_path / "hidden")
    stack.env["PATH"] = str(tmp_path)
    failed = shop(stack).run("up", "--https", check=10)
    assert "no Caddy" in failed.stdout + failed.stderr
    assert 'pip install "rxlaunch[https]"' in failed.stdout + failed.stderr
    stack.assert_nothing_left()


def test_there_is_no_authority_to_trust_before_the_first_boot(stack):
    assert "rxlaunch up --https makes one" in shop(stack).run("https", "trust", check=3).stderr


def test_the_wheel_is_where_these_tests_need_it():
    assert wheels.caddy() is not None, f"pip install of the extra https is missing in {sys.prefix}"
