"""Real servers of one's own for tests, on free ports: Postgres and Valkey from their wheels, and raw TCP responders.

They run as the supervisor runs them: contained, Postgres unprivileged. Nothing outlives its context manager.
"""

import asyncio
import contextlib
import os
import signal
import socket
import threading
import urllib.parse
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from launcher import native
from launcher.native.contract import Child, LaunchSpec
from launcher.services import wheels
from tests.support import platforms

ROLE, PASSWORD = "medusa", "right-horse"
_INITDB = ("-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-sync", "-U", ROLE)
_SETTINGS = ("listen_addresses=127.0.0.1", "unix_socket_directories=", "shared_buffers=16MB", "fsync=off",
             "io_method=sync", "max_logical_replication_workers=0")  # fmt: skip


def free_port() -> int:
    """A port that nobody listens on right now."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


@dataclass
class Server:
    """A running server: its port, its child, and what it printed."""

    port: int
    child: Child = None
    printed: bytearray = field(default_factory=bytearray)

    def url(self, scheme: str = "postgres", **parts: str) -> str:
        """Its URL; `user`, `password`, `database` differ from the right ones when given."""
        if scheme == "redis":
            word = parts.get("password", "")
            return f"redis://{f':{word}@' if word else ''}127.0.0.1:{self.port}"
        user, word = parts.get("user", ROLE), parts.get("password", PASSWORD)
        return f"postgres://{user}:{word}@127.0.0.1:{self.port}/{parts.get('database', 'postgres')}"

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """While inside, it hangs: connections are accepted by the kernel, and nobody answers."""
        os.kill(self.child.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.child.pid, signal.SIGCONT)


@contextlib.asynccontextmanager
async def _running(argv: tuple[str, ...], cwd: Path, server: Server, **how) -> AsyncIterator[Server]:
    spec = LaunchSpec(argv=argv, cwd=str(cwd), env={"PATH": os.environ["PATH"]}, **how)
    server.child = await native.spawn(spec, server.printed.extend)
    try:
        yield server
    finally:
        server.child.interrupt()
        await server.child.wait()


async def listening(server: Server, seconds: float = 20.0) -> None:
    """Wait until something listens on its port."""
    async with asyncio.timeout(seconds):
        while not native.listeners(server.port):
            await asyncio.sleep(0.01)


async def make_postgres_data(directory: Path) -> Path:
    """A fresh data directory, which `postgres` can run on."""
    if platforms.started(platforms.POSTGRES):
        return directory
    data, words = directory / "pg", directory / "word"
    words.write_text(PASSWORD)
    argv = (str(wheels.postgres().initdb), "-D", str(data), f"--pwfile={words}", *_INITDB)
    printed = bytearray()
    env = {"PATH": os.environ["PATH"]}
    child = await native.spawn(LaunchSpec(argv=argv, cwd=str(directory), env=env, unprivileged=True), printed.extend)
    ended = await child.wait()
    assert ended.ok, (ended, printed.decode())
    return data


@contextlib.asynccontextmanager
async def postgres(data: Path, port: int | None = None) -> AsyncIterator[Server]:
    """Postgres on this data directory, accepting connections."""
    if url := platforms.started(platforms.POSTGRES):
        yield Server(urllib.parse.urlsplit(url).port)
        return
    server = Server(port or free_port())
    settings = [word for setting in _SETTINGS for word in ("-c", setting)]
    argv = (str(wheels.postgres().postgres), "-D", str(data), "-p", str(server.port), *settings)
    how = {"unprivileged": True, "stop_signal": "SIGINT", "stop_scope": "main"}
    async with _running(argv, data.parent, server, **how):
        async with asyncio.timeout(30):
            while b"ready to accept connections" not in server.printed:
                await asyncio.sleep(0.01)
        yield server


@contextlib.asynccontextmanager
async def valkey(directory: Path, *options: str) -> AsyncIterator[Server]:
    """Valkey, listening; nothing is kept."""
    if url := platforms.started(platforms.REDIS):
        yield Server(urllib.parse.urlsplit(url).port)
        return
    server = Server(free_port())
    argv = (str(wheels.valkey()), "--port", str(server.port), "--bind", "127.0.0.1", "--save", "", *options)
    async with _running(argv, directory, server):
        await listening(server)
        yield server


def silent(connection: socket.socket) -> None:
    """For `responder`: listens, and never says a word."""
    while connection.recv(65536):
        pass


@contextlib.contextmanager
def responder(talk: Callable[[socket.socket], None], host: str = "127.0.0.1") -> Iterator[int]:
    """A TCP server on a free port: `talk` is called with each connection, in a thread; yields the port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    threads, talking = [], set()
    with socket.socket(family) as listener:
        listener.bind((host, 0))
        listener.listen(16)

        def one(connection: socket.socket) -> None:
            talking.add(connection)
            with connection, contextlib.suppress(OSError):
                talk(connection)
            talking.discard(connection)

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    threads.append(threading.Thread(target=one, args=(connection,), daemon=True))
                    threads[-1].start()

        acceptor = threading.Thread(target=serve, daemon=True)
        acceptor.start()
        try:
            yield listener.getsockname()[1]
        finally:
            for each in (listener, *talking):
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
            listener.close()  # on Windows this, and not the shutdown, wakes who accepts
            for thread in (acceptor, *threads):
                thread.join(5)
