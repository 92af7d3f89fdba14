"""Which browser is used, how it trusts a local authority, and what is said when it cannot be started."""

import os
import shutil
import ssl
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from launcher import native
from launcher.browser import find, trust
from launcher.browser.visit import BrowserFailed, NotSeen, launch

# openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=x -keyout /dev/null; then
# openssl x509 -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64
PEM = """-----BEGIN CERTIFICATE-----
MIIBbzCCARWgAwIBAgIUS9f1+hgbbMGa0phKisHruUbyU90wCgYIKoZIzj0EAwIw
DDEKMAgGA1UEAwwBeDAgFw0yNjExMjQyMTEyNTJaGA8yMTI2MTAzMTIxMTI1Mlow
DDEKMAgGA1UEAwwBeDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABKzpJJw0f0xJ
ZQJ6kklO6k+L0dwT47+FUAjo/Qj7+FLhOz+KmEwlaHK2vdKUgxDQE9J/UC46hiho
suvHrS2MmjGjUzBRMB0GA1UdDgQWBBRIm6DECtzoU9ZqgnoHmKhgHPDrmjAfBgNV
HSMEGDAWgBRIm6DECtzoU9ZqgnoHmKhgHPDrmjAPBgNVHRMBAf8EBTADAQH/MAoG
CCqGSM49BAMCA0gAMEUCIGVo/ZF3YibPzIT0CTEJ3g0Cy6kMCg91S7wH+zNpG52N
AiEAudPARDN4xWq0eOY34Ye5hctd4r1Xnrqp9dlaML3YghY=
-----END CERTIFICATE-----"""
FINGERPRINT = "9/oaywixMVb3jsFCr1jUJASV3BS0O+A8CmrRLk7zl7s="
USES = "openssl makes the certificates"


@pytest.fixture
def nothing_installed(monkeypatch):
    monkeypatch.setattr(native, "browser_places", list)
    monkeypatch.setattr(native, "browser_caches", list)


def runnable(path):
    """A program that does nothing of use."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\nexit 1\n")
    path.chmod(0o755)
    return path


def test_without_a_browser_the_remedy_names_what_can_be_done(nothing_installed, tmp_path):
    with pytest.raises(find.NoBrowser) as told:
        find.program({"PATH": str(tmp_path)})
    assert "neither Chrome, Chromium nor Edge" in told.value.message
    assert "RXLAUNCH_BROWSER" in told.value.remedy


def test_the_variable_wins_and_a_wrong_one_is_told(tmp_path):
    with pytest.raises(find.NoBrowser, match=r"RXLAUNCH_BROWSER names .*nowhere, which is no program"):
        find.program({"PATH": "", "RXLAUNCH_BROWSER": str(tmp_path / "nowhere")})
    mine = sys.executable
    assert str(find.program({"PATH": "", "RXLAUNCH_BROWSER": mine})) == mine


@pytest.mark.linux_only("programs there are files that may be executed")
def test_the_path_comes_before_the_usual_places_and_those_before_what_playwright_downloaded(monkeypatch, tmp_path):
    downloaded = runnable(tmp_path / "cache" / "chromium-1148" / "chrome-linux" / "chrome")
    monkeypatch.setattr(native, "browser_places", list)
    monkeypatch.setattr(native, "browser_caches", lambda: [tmp_path / "cache"])
    monkeypatch.delenv("PLAYWRIGHT_BROWSERS_PATH", raising=False)
    assert find.program({"PATH": ""}) == downloaded
    place = runnable(tmp_path / "opt" / "chrome")
    monkeypatch.setattr(native, "browser_places", lambda: [place])
    assert find.program({"PATH": ""}) == place
    on_path = runnable(tmp_path / "bin" / "chromium")
    assert find.program({"PATH": str(on_path.parent)}) == on_path


@pytest.mark.linux_only("a script is no program on Windows")
async def test_a_browser_that_does_not_start_is_told_with_its_name(tmp_path):
    broken = runnable(tmp_path / "chromium")
    with pytest.raises(BrowserFailed, match=f"{broken} does not start: "):
        async with launch(broken):
            pass


def test_the_fingerprint_of_a_key_is_what_openssl_says(tmp_path):
    file = tmp_path / "both.crt"
    file.write_text(f"a comment\n{PEM}\n{PEM}")
    assert trust.fingerprints([file]) == [FINGERPRINT, FINGERPRINT]


def test_what_is_no_certificate_is_refused():
    for data in (b"", b"\x30", b"\x30\x82", b"\x30\x05\x30\x03\x02\x01", os.urandom(64)):
        with pytest.raises(ValueError, match="no certificate"):
            trust.public_key(data)


@pytest.mark.skipif(shutil.which("openssl") is None, reason=USES)
async def test_a_page_of_a_local_authority_is_trusted_when_it_is_given_and_only_then(program, tmp_path):
    with https_server(tmp_path) as port:
        address = f"https://shop.localhost:{port}"
        async with launch(program, [tmp_path / "authority.crt"]) as browser, browser.visit({address}) as visit:
            await visit.open(address, 30)
            assert await visit.see("h1", "heading", 30) == "trusted"
        async with launch(program) as browser, browser.visit({address}) as visit:
            with pytest.raises(NotSeen, match="ERR_CERT_AUTHORITY_INVALID"):
                await visit.open(address, 30)


class https_server:  # noqa: N801 - reads as what it is
    """A server at shop.localhost whose chain holds the authority that signed it."""

    def __init__(self, directory):
        self.directory = directory

    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.directory, check=True, capture_output=True)

    def __enter__(self):
        new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
        self.openssl("req", "-x509", *new, "-subj", "/CN=a", "-keyout", "a.key", "-out", "authority.crt", "-days", "2")
        self.openssl("req", *new, "-subj", "/CN=shop.localhost", "-keyout", "leaf.key", "-out", "leaf.csr")
        (self.directory / "names").write_text("subjectAltName=DNS:shop.localhost")
        signed = ("-CA", "authority.crt", "-CAkey", "a.key", "-CAcreateserial", "-extfile", "names", "-days", "2")
        self.openssl("x509", "-req", "-in", "leaf.csr", *signed, "-out", "leaf.crt")
        chain = self.directory / "chain.crt"
        chain.write_text((self.directory / "leaf.crt").read_text() + (self.directory / "authority.crt").read_text())

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(b"<h1>trusted</h1>")

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *_: None  # a browser that does not trust us hangs up
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(chain, self.directory / "leaf.key")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self.thread.start()
        return self.server.server_address[1]

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
