"""Secrets that nobody may ever see, a stack whose services try to tell them, and the search for them."""

import base64
import json
from pathlib import Path
from urllib.parse import quote, quote_plus

PASSWORD = 'p@ss/wörd "q" +1&2=3'
TOKEN = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
DSN_PASSWORD = "dsn-p4ssw0rd-9f8e"
REDIS_PASSWORD = "redis-p4ss-77aa66"
GIVEN = (PASSWORD, TOKEN, DSN_PASSWORD, REDIS_PASSWORD)
DOTENV = f"""
CANARY_PASSWORD='{PASSWORD}'
CANARY_TOKEN={TOKEN}
DATABASE_URL=postgres://shop:{DSN_PASSWORD}@127.0.0.1:5/shop
REDIS_URL="redis://:{REDIS_PASSWORD}@127.0.0.1:6/0"
"""
CONTRACT = """
[contracts.all]
CANARY_PASSWORD = { secret = true }
CANARY_TOKEN = { secret = true }
DATABASE_URL = { secret = true }
REDIS_URL = { secret = true }
GENERATED = { secret = true, generate = 32 }
"""
TELLER = r"""
import base64, http.server, json, os, pathlib, sys, threading, time
from urllib.parse import quote, quote_plus
NAMES = ("CANARY_PASSWORD", "CANARY_TOKEN", "DATABASE_URL", "REDIS_URL", "GENERATED")
VALUES = [os.environ[name] for name in NAMES] + ["dsn-p4ssw0rd-9f8e", "redis-p4ss-77aa66"]

def forms(value):
    raw = value.encode()
    yield raw
    yield from (text.encode() for text in (quote(value, safe=""), quote(value), quote_plus(value)))
    yield from (json.dumps(value).encode(), json.dumps(value, ensure_ascii=False).encode())
    yield json.dumps({"a": value}).encode()
    for before in (b"", b"u", b"us", b"user:"):
        yield base64.b64encode(before + raw + b"@tail")
        yield base64.urlsafe_b64encode(before + raw)

def tell_all():
    while not pathlib.Path("tell").exists():
        time.sleep(0.01)
    for value in VALUES:
        for form in forms(value):
            os.write(1, b"told: " + form + b" :end\n")
            half = len(form) // 2
            os.write(1, b"split: " + form[:half])
            time.sleep(0.001)
            os.write(1, form[half:] + b" :end\n")
    first = VALUES[1].encode()
    os.write(1, b"gated: " + first[:20])
    pathlib.Path("half").touch()
    while not pathlib.Path("gate").exists():
        time.sleep(0.01)
    os.write(1, first[20:] + b" :end\nTOLD ALL\n")

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        text = "bad: " + "x" * 180 + " " + " ".join(VALUES)
        ok = self.path == "/ready" or (self.path == "/live" and not pathlib.Path("sick").exists())
        self.send_response(200 if ok else 503); self.end_headers(); self.wfile.write(text.encode())
    def log_message(self, *a): pass

threading.Thread(target=tell_all, daemon=True).start()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
STACK = """
[ports]
web = 21000
[services.web]
command = ["{python}", "teller.py", "${port.web}", "{tag}"]
contract = "all"
readiness = { http = "${url.web}/ready", deadline = 30 }
liveness = { http = "${url.web}/live", period = 0.1, failure_threshold = 1 }
stop = { grace = 2 }
[services.failing]
command = ["{python}", "failing.py", "{tag}"]
contract = "all"
restart = { policy = "always", delay = 0.1, max_failures = 2 }
[show]
database = "${env.DATABASE_URL}"
"""
FAILING = """
import os, pathlib, sys, time
while not pathlib.Path("fail").exists(): time.sleep(0.01)
sys.exit("cannot connect to " + os.environ["DATABASE_URL"] + " with " + os.environ["CANARY_PASSWORD"])
"""


def plant(stack, more=""):
    """Write the stack of tellers; they tell once the file `tell` is there."""
    (stack.root / ".env").write_text(DOTENV, encoding="utf-8")
    (stack.root / "teller.py").write_text(TELLER, encoding="utf-8")
    (stack.root / "failing.py").write_text(FAILING, encoding="utf-8")
    stack.write(STACK + CONTRACT + more)


def generated(stack) -> str:
    """The secret that was generated for the stack."""
    (file,) = stack.home.glob("stacks/*/secrets.json")
    return json.loads(file.read_bytes())["GENERATED"]


def forms(value: str) -> set[bytes]:
    """Ways to write the secret, and parts of it that nobody writes by chance."""
    raw = value.encode()
    texts = {quote(value, safe=""), quote(value), quote_plus(value), json.dumps(value)[1:-1]}
    found = {raw, *(text.encode() for text in texts), base64.b64encode(raw)[: len(raw) * 8 // 6]}
    return found | {raw[: len(raw) // 2], raw[len(raw) // 2 :]}


def leaks(places: dict[str, bytes], secrets) -> list[str]:
    """Which secret stands where."""
    return [
        f"{secret[:6]}… in {name}: …{text[max(0, text.find(form) - 60) : text.find(form) + 60]!r}"
        for name, text in places.items()
        for secret in secrets
        for form in forms(secret)
        if form in text
    ]


def files(stack) -> dict[str, bytes]:
    """Every file of the state directory, but those that are there to keep the secrets."""
    kept = {"secrets.json", "outputs.json"}
    found = {str(p.relative_to(stack.home)): p for p in stack.home.rglob("*") if p.is_file() and p.name not in kept}
    return {name: Path(path).read_bytes() for name, path in found.items()}
