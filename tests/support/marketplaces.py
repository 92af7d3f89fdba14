"""The sample marketplace as a user has it: a checkout, a home, the command line run in it, and what it left behind.

What runs and what listens is read from /proc here, independently of the product.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import httpx

from tests.support.small_stacks import OURS, REPOSITORY, SmallStack, until

__all__ = ["BOOT", "Marketplace", "Processes", "Stranger", "get", "listening", "until"]

BOOT = 600  # seconds; a cold boot downloads some hundred npm packages
GRACE = 10  # seconds a service of the preset gets to stop
NOT_COPIED = (".next", ".git", "*.tsbuildinfo")
STRANGER = """
import http.server, pathlib, signal, socket, sys
address, port, heard = sys.argv[1], int(sys.argv[2]), pathlib.Path(sys.argv[3])
for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD}:
    try: signal.signal(number, lambda n, _: heard.open("a").write(signal.Signals(n).name))
    except OSError: pass
class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"a stranger")
    def log_message(self, *a): pass
server = Server((address, port), Handler)
print("listening", flush=True)
server.serve_forever()
"""


class Marketplace(SmallStack):
    """A checkout of the sample and the command line on it, with an environment that names no server."""

    def __init__(self, root: Path, home: Path) -> None:
        self.tag = f"tag{uuid.uuid4().hex[:12]}"
        self.root = root
        self.home = home
        kept = {
            n: v for n, v in os.environ.items() if not n.startswith(OURS) and "SECRET" not in n and "MEDUSA" not in n
        }
        self.env = {
            **kept,
            "RXLAUNCH_HOME": str(home),
            "PYTHONPATH": str(REPOSITORY),
            "RX_TEST_TAG": self.tag,
        }
        self.command = [sys.executable, "-P", "-m", "launcher"]
        self._instances: set[str] = set()

    # --- the command line -----------------------------------------------------------------------------------------

    def run(self, *arguments: str, timeout: float = 60, check: int | None = None) -> "subprocess.CompletedProcess[str]":
        """Run the command line to its end; with `check`, its exit code must be that."""
        done = subprocess.run(
            [*self.command, *arguments],
            cwd=self.root,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
        )
        if check is not None:
            assert done.returncode == check, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr + done.stdout, done.stderr + done.stdout
        return done

    def up(self, *arguments: str, check: int = 0) -> "subprocess.CompletedProcess[str]":
        """`up -d`, to its end."""
        return self.run("up", "-d", *arguments, timeout=BOOT, check=check)

    def down(self) -> None:
        """`down`, to its end."""
        self._instance()
        self.run("down", timeout=120, check=0)

    def plan(self, *arguments: str) -> dict[str, str]:
        """What `up` would do with each unit."""
        return {row["unit"]: row["what"] for row in self.json("up", "--dry-run", *arguments)["plan"]}

    # --- what the stack tells and keeps ---------------------------------------------------------------------------

    @property
    def state(self) -> Path:
        """The directory of this checkout's stack."""
        (found,) = [
            path.parent
            for path in self.home.glob("stacks/*/state.json")
            if json.loads(path.read_text())["root"] == str(self.root.resolve())
        ]
        return found

    @property
    def ports(self) -> dict[str, int]:
        """The ports of the running stack."""
        return self.json("ports")["ports"]

    @property
    def secrets(self) -> dict[str, str]:
        """The secrets that were generated for this stack."""
        return json.loads((self.state / "secrets.json").read_text())

    def url(self, unit: str, path: str = "") -> str:
        """An address of a running service."""
        return f"http://127.0.0.1:{self.ports[unit]}{path}"

    def variable(self, unit: str, name: str) -> str:
        """The value of a variable that a unit gets."""
        return self.json("env", unit, "--reveal")["units"][unit][name]["value"]

    def phases(self) -> dict[str, str]:
        """The phase of every unit."""
        return {name: unit["phase"] for name, unit in self.json("status")["units"].items()}

    def events(self, kind: str) -> list[SimpleNamespace]:
        """The events of one kind of the running or last instance."""
        lines = (self.state / "events.ndjson").read_text().splitlines()
        return [SimpleNamespace(**one) for one in map(json.loads, lines) if one["type"] == kind]

    def assert_healthy(self) -> None:
        """Ready, by its own account and by ours: every service answers as it should."""
        status = self.json("status")
        assert status["phase"] == "ready"
        assert {unit["phase"] for unit in status["units"].values()} <= {"ready", "done", "skipped"}, status["units"]
        assert_page_shows_products(self.url("storefront"))
        admin = get(self.url("backend", "/app/login"))
        assert admin.status_code == 200
        assert "<script" in admin.text

    # --- what is left ---------------------------------------------------------------------------------------------

    def _instance(self) -> None:
        """Remember the marks of every instance that ran: they find its processes after its end."""
        with contextlib.suppress(OSError, ValueError):
            self._instances.add(f"RXLAUNCH_INSTANCE={json.loads((self.state / 'state.json').read_text())['instance']}")

    def survivors(self) -> list[str]:
        """Pid and command line of whatever carries our tag, an instance's mark, or a file of this checkout."""
        self._instance()
        marks = {self.tag, *self._instances, f"{self.root}/"}
        return [f"{one.pid} {one.command}" for one in Processes.all() if any(mark in one.text for mark in marks)]

    def assert_nothing_left(self, within: float = 5.0, ports: dict[str, int] | None = None) -> None:
        """No process, and no listener on any of these ports."""
        super().assert_nothing_left(within)
        assert not listening() & set((ports or {}).values())

    def clean_up(self) -> None:
        """Whatever a failed test left."""
        with contextlib.suppress(Exception):
            self.run("down", timeout=60)
        for line in self.survivors():
            with contextlib.suppress(OSError):
                os.kill(int(line.split()[0]), signal.SIGKILL)

    # --- changing the checkout ------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def changed(self, name: str, text: str | None) -> Iterator[None]:
        """While inside, a file reads otherwise, or isn't there (None); its date counts for nothing afterwards."""
        path = self.root / name
        before = path.read_bytes() if path.exists() else None
        try:
            path.unlink(missing_ok=True)
            if text is not None:
                path.write_text(text, encoding="utf-8")
            yield
        finally:
            path.unlink(missing_ok=True)
            if before is not None:
                path.write_bytes(before)

    def copy_to(self, directory: Path) -> None:
        """Another checkout of the same; packages are hard links, for nothing writes to them."""
        ignored = shutil.ignore_patterns(*NOT_COPIED)
        inside = {str(self.root / "node_modules"), str(self.root / "storefront" / "node_modules")}

        def link_packages(source: str, target: str) -> str:
            if any(source.startswith(packages) for packages in inside):
                os.link(source, target)
                return target
            return shutil.copy2(source, target)

        shutil.copytree(self.root, directory, symlinks=True, ignore=ignored, copy_function=link_packages)


class Processes:
    """What runs on this machine, as /proc tells it."""

    @staticmethod
    def all() -> list[SimpleNamespace]:
        """Every process that lives and whose environment we may read, but us."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            with contextlib.suppress(OSError):
                command = (entry / "cmdline").read_bytes().replace(bytes(1), b" ").decode(errors="replace")
                environ = (entry / "environ").read_bytes().decode(errors="replace").split("\0")
                if (entry / "stat").read_text().rpartition(")")[2].split()[0] != "Z":
                    text = "\n".join((command, *environ))
                    found.append(SimpleNamespace(pid=int(entry.name), command=command, environ=environ, text=text))
        return found

    @classmethod
    def of_unit(cls, instance: str, unit: str) -> list[SimpleNamespace]:
        """The processes of one unit."""
        wanted = {f"RXLAUNCH_INSTANCE={instance}", f"RXLAUNCH_UNIT={unit}"}
        return [one for one in cls.all() if wanted <= set(one.environ)]


class Stranger:
    """Somebody else's web server in a process of its own, which writes down every signal it hears."""

    def __init__(self, directory: Path, address: str, port: int) -> None:
        self.port = port
        self.heard = directory / f"signals-{port}"
        argv = [sys.executable, "-I", "-c", STRANGER, address, str(port), str(self.heard)]
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(argv, stdin=quiet, stdout=subprocess.PIPE, stderr=quiet)
        self.is_there = self.process.stdout.readline() == b"listening\n"

    def assert_untouched(self) -> None:
        """It lives, serves, and heard nothing."""
        assert self.process.poll() is None
        assert not self.heard.exists(), self.heard.read_text()
        assert get(f"http://localhost:{self.port}/").text == "a stranger"

    def close(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def get(url: str, **options) -> httpx.Response:
    """Get a page, following redirects and ignoring proxies."""
    with httpx.Client(trust_env=False, follow_redirects=True, timeout=60) as client:
        return client.get(url, **options)


def assert_page_shows_products(url: str) -> str:
    """The storefront's home page, after redirects, lists real goods; returns the path of one of them."""
    home = get(url)
    assert home.status_code == 200
    assert 'data-testid="product-list"' in home.text
    assert "Video consultation" in home.text
    assert "/products/video-consultation" in home.text
    return f"{home.url.path}/products/video-consultation"


def listening() -> set[int]:
    """Every TCP port of this machine on which somebody listens."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(FileNotFoundError):
            rows = [line.split() for line in Path(table).read_text().splitlines()[1:]]
            found |= {int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == "0A"}
    return found
