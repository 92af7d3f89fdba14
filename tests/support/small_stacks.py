"""Small real stacks: a stack file with Python children, and the command line run on it as a user would."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SERVER = """
import http.server, os, pathlib, sys
port = int(sys.argv[1])
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        gate = os.environ.get("GATE")
        ok = gate is None or pathlib.Path(gate).exists()
        self.send_response(200 if ok else 503); self.end_headers(); self.wfile.write(b"hello")
    def log_message(self, *a): pass
print("listening on", port, flush=True)
http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""
# Runs another program once the file `open` is there; by `waiting` it tells that it waits.
GATE = """
import pathlib, runpy, sys, time
pathlib.Path("waiting").touch()  # our supervisor has let go of the port already
while not pathlib.Path("open").exists(): time.sleep(0.01)
runpy.run_path(sys.argv.pop(1))
"""
OURS = ("RXLAUNCH_", "CI", "DATABASE_URL", "REDIS_URL", "NO_COLOR")


def web_stack(extra: str, ports: str, *, deadline: int, grace: int) -> str:
    """A stack file of one HTTP service, for `write`; `extra` goes on in its table, or opens others."""
    return f"""
[ports]
{ports}
[services.web]
command = ["{{python}}", "server.py", "${{port.web}}", "{{tag}}"]
readiness = {{ http = "${{url.web}}/", deadline = {deadline} }}
stop = {{ grace = {grace} }}
{extra}
"""


class SmallStack:
    """A checkout with a stack file, a home of its own, and a mark that finds everything it ever started."""

    def __init__(self, directory: Path) -> None:
        self.tag = f"tag{uuid.uuid4().hex[:12]}"
        self.command = [sys.executable]  # the interpreter, and before it what changes who runs it
        self.root = directory / "project"
        self.root.mkdir(parents=True)
        self.home = directory / "home"
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith(OURS)},
            "RXLAUNCH_HOME": str(self.home),
            "PYTHONPATH": str(REPOSITORY),
            "RX_TEST_TAG": self.tag,
        }
        (self.root / "server.py").write_text(SERVER, encoding="utf-8")

    def write(self, text: str) -> None:
        """Write the stack file; `{python}` is this interpreter, `{tag}` a word that finds the process."""
        filled = text.replace("{python}", self.command[-1].replace("\\", "/")).replace("{tag}", self.tag)
        (self.root / "rxlaunch.toml").write_text(filled, encoding="utf-8")

    def web(self, extra: str = "", ports: str = "web = 21000") -> None:
        """A stack of one HTTP service; `extra` goes on in its table, or opens others."""
        self.write(web_stack(extra, ports, deadline=20, grace=3))

    def run(self, *arguments: str, timeout: float = 60, check: int | None = None) -> "subprocess.CompletedProcess[str]":
        """Run the command line to its end; with `check`, its exit code must be that."""
        done = subprocess.run(
            [*self.command, "-P", "-m", "launcher", *arguments],
            cwd=self.root,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        if check is not None:
            assert done.returncode == check, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr + done.stdout, done.stderr + done.stdout
        return done

    def json(self, *arguments: str, check: int | None = 0):
        """The JSON document a command prints."""
        return json.loads(self.run(*arguments, "-o", "json", check=check).stdout)

    def unit(self, name: str):
        """What `status` says of a unit."""
        return self.json("status")["units"][name]

    def popen(self, *arguments: str, **options) -> "subprocess.Popen[str]":
        """Start the command line and leave it running."""
        return subprocess.Popen(
            [*self.command, "-P", "-m", "launcher", *arguments],
            cwd=self.root,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **options,
        )

    def is_ready(self) -> bool:
        """Whether the stack runs and is ready."""
        done = self.run("status", "-o", "json")
        return done.returncode == 0 and json.loads(done.stdout)["phase"] == "ready"

    def survivors(self) -> list[str]:
        """Pid and command line of whatever still carries our tag, in its arguments or its environment."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            with contextlib.suppress(OSError):
                words = (entry / "cmdline").read_bytes()
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
                marked = self.tag.encode() in words or self.tag.encode() in (entry / "environ").read_bytes()
                if marked and state != "Z":
                    found.append(f"{entry.name} {words.replace(bytes(1), b' ').decode(errors='replace')}")
        return found

    def assert_nothing_left(self, within: float = 5.0) -> None:
        """Nothing that carries the tag lives any more."""
        assert until(lambda: not self.survivors(), within), self.survivors()

    def clean_up(self) -> None:
        """Whatever a failed test left."""
        with contextlib.suppress(Exception):
            self.run("down", timeout=30)
        for line in self.survivors():
            with contextlib.suppress(OSError):
                os.kill(int(line.split()[0]), signal.SIGKILL)


def until(condition, within: float = 10.0) -> bool:
    """Wait for a condition, looking often; False when it never holds."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return bool(condition())
