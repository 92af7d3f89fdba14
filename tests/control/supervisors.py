"""A control server in a thread, and requests to it written by hand."""

import asyncio
import contextlib
import json
import socket
import threading

from launcher import native
from launcher.control import protocol, server
from launcher.state import lock
from tests.support.stacks import running_snapshot

TRANSPORTS = ["unix", "tcp"] if native.LISTENING_ON_UNIX_SOCKETS else ["tcp"]
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"]


class Supervisor:
    """A control server in a thread of its own, and the commands it got."""

    def __init__(self, paths):
        self.paths = paths
        self.commands = []
        self._up = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    async def _serve(self):
        async def submit(command):
            self.commands.append(command)
            return dict(running_snapshot().to_json())

        self._loop = asyncio.get_running_loop()
        self._leave = asyncio.Event()
        with lock.hold(self.paths):
            async with server.serve(self.paths, snapshot=running_snapshot, submit=submit):
                self._up.set()
                await self._leave.wait()

    def __enter__(self):
        self._thread.start()
        assert self._up.wait(10)
        self.address = json.loads(self.paths.control.read_bytes())
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._leave.set)
        self._thread.join(10)
        assert not self._thread.is_alive()

    @property
    def host(self):
        return f"127.0.0.1:{self.address['port']}" if "port" in self.address else "rxlaunch"

    def connect(self):
        if "port" in self.address:
            return socket.create_connection(("127.0.0.1", self.address["port"]), timeout=5)
        connected = socket.socket(socket.AF_UNIX)
        try:
            connected.settimeout(5)
            connected.connect(self.address["socket"])
        except OSError:
            connected.close()
            raise
        return connected

    def raw(self, *lines: bytes, body: bytes = b"") -> tuple[int, bytes]:
        """The status and the whole answer to a request written by hand."""
        with self.connect() as connected:
            with contextlib.suppress(ConnectionError):
                connected.sendall(b"\r\n".join([*lines, b"", b""]) + body)
            answer = b""
            with contextlib.suppress(ConnectionError):
                while chunk := connected.recv(65536):
                    answer += chunk
        return (int(answer.split(b" ", 2)[1]) if answer else 0), answer

    def ask(self, method="GET", path=protocol.STATUS, *, body=b"", **headers):
        """The same with good headers, some of which may be replaced (None leaves one out)."""
        good = {"Host": self.host, protocol.TOKEN_HEADER: self.address["token"], "Connection": "close"}
        if body:
            good |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
        given = good | {name.replace("_", "-"): value for name, value in headers.items()}
        fields = [f"{name}: {value}".encode("latin-1") for name, value in given.items() if value is not None]
        return self.raw(f"{method} {path} HTTP/1.1".encode(), *fields, body=body)
