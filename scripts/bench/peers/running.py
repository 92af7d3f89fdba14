"""One supervisor at work: a directory, an environment that marks all it starts, and the end of every such process."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import shlex
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Self

import psutil  # noqa: TID253 - this is no part of the program

from scripts.bench.peers.children import CHILD, LISTEN, SERVER, Child, Project

if TYPE_CHECKING:
    from scripts.bench.peers.contract import Peer


def write(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a file with these permissions."""
    path.write_text(text)
    path.chmod(mode)


def marks(folder: Path) -> list[tuple[str, int, float]]:
    """The (name, pid, time) of every started/ or kids/ file written so far, oldest first."""
    found = []
    for entry in os.scandir(folder):
        text = Path(entry.path).read_text().split()
        if len(text) == 2:
            found.append((entry.name.rpartition(".")[0], int(text[1]), float(text[0])))
    return sorted(found, key=lambda mark: mark[2])


def end(command: subprocess.Popen[bytes] | None, patience: float = 0.01) -> None:
    """Be done with a stop command, whether or not it is."""
    if command is None:
        return
    with contextlib.suppress(subprocess.TimeoutExpired):
        command.wait(patience)
    command.kill()
    command.wait()


def alive(process: psutil.Process) -> bool:
    """Whether it is that process still, and no corpse."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def count_of(folder: Path) -> int:
    """How many files there are."""
    return sum(1 for _ in folder.iterdir())


class Run:
    """A peer running a project: a directory, an environment marked with the run's id, and clean-up."""

    def __init__(self, peer: Peer, project: Project, work: Path) -> None:
        self.peer, self.project = peer, project
        self.dir = Path(tempfile.mkdtemp(prefix="r", dir=work))
        self.marker = f"PEERBENCH_RUN={self.dir}"
        self.env = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(self.dir),
            "TMPDIR": str(self.dir),
            "LANG": "C.UTF-8",
            "TERM": "xterm",
            "PEERBENCH_RUN": str(self.dir),
            **peer.extra_env(self.dir),
        }
        self.stdout = self.dir / "stdout.log"
        self.address = ""  # where the supervisor listens, for an adapter that picks a port
        self.popen: subprocess.Popen[bytes] | None = None
        self.launched = 0.0
        self._terminal: int | None = None
        self._waiter: threading.Thread | None = None
        self._returned_ms: float | None = None
        for folder in ("started", "kids", "done", "logs"):
            (self.dir / folder).mkdir()
        for name, text in (("child", CHILD), ("server", SERVER), ("listen.py", LISTEN)):
            write(self.dir / name, text.replace("@DIR@", str(self.dir)).replace("@PYTHON@", sys.executable), 0o755)
        peer.configure(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def argv(self, child: Child) -> list[str]:
        return [str(self.dir / "child"), child.kind, child.name, *child.args]

    def shell(self, child: Child) -> str:
        return shlex.join(self.argv(child))

    def up(self) -> None:
        """Launch the supervisor; its standard output and error go to a file (or to a terminal)."""
        argv = self.peer.up(self)
        if self.peer.needs_terminal:
            self._terminal, slave = pty.openpty()
            fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
            source = slave
        else:
            slave = os.open(self.stdout, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            source = subprocess.DEVNULL
        self.launched = time.time()
        self.popen = subprocess.Popen(
            argv, cwd=self.dir, env=self.env, start_new_session=True, stdin=source, stdout=slave, stderr=slave
        )
        os.close(slave)
        if self.peer.detaches:
            self._waiter = threading.Thread(target=self._note_return, args=(self.popen,), daemon=True)
            self._waiter.start()
        if self._terminal is not None:
            threading.Thread(target=self._drain, args=(self._terminal,), daemon=True).start()

    def returned_after_ms(self, timeout: float) -> float | None:
        """Milliseconds from the launch until the command returned with success; noted by a thread that waits for it."""
        if self._waiter is None:
            return None
        self._waiter.join(timeout)
        return self._returned_ms

    def _note_return(self, popen: subprocess.Popen[bytes]) -> None:
        if popen.wait() == 0:
            self._returned_ms = (time.time() - self.launched) * 1000

    @staticmethod
    def _drain(terminal: int) -> None:
        with contextlib.suppress(OSError):
            while os.read(terminal, 1 << 16):
                pass

    def started(self) -> list[tuple[str, int, float]]:
        return marks(self.dir / "started")

    def kids(self) -> list[int]:
        return [pid for _, pid, _ in marks(self.dir / "kids")]

    def wait_started(self, count: int, timeout: float = 60, folder: str = "started") -> bool:
        deadline = time.time() + timeout
        while time.time() < deadline:
            if count_of(self.dir / folder) >= count and len(marks(self.dir / folder)) >= count:
                return True
            if self.popen is not None and self.popen.poll():
                break  # the supervisor gave up
            time.sleep(0.005)
        print(f"{self.peer.name}: only {len(self.started())} of {count}: {self.last_words()}", file=sys.stderr)
        return False

    def last_words(self) -> str:
        text = self.stdout.read_text(errors="replace") if self.stdout.exists() else ""
        return " ".join(re.sub(r"\x1b\S*?[a-zA-Z\x07]", "", text)[-200:].split())

    def ask(self, argv: list[str], timeout: float = 60) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            argv,
            cwd=self.dir,
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
            check=False,
        )

    def begin_down(self, how: str) -> subprocess.Popen[bytes] | None:
        """Begin a stop: by the peer's own way of stopping ("down"), or by SIGTERM to the supervisor."""
        argv = self.peer.down(self) if how == "down" else None
        if argv is None:
            if how == "down" and self.peer.stops_by_interrupt:
                os.killpg(self.peer.main_pid(self), signal.SIGINT)  # as Ctrl-C does
            else:
                os.kill(self.peer.main_pid(self), signal.SIGTERM)
            return None
        return subprocess.Popen(
            argv,
            cwd=self.dir,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def processes(self) -> list[psutil.Process]:
        """Every live process that carries this run's mark, in its environment or its command line."""
        mark, path = self.marker.encode(), f"{self.dir}/".encode()
        found = []
        for pid in psutil.pids():
            with contextlib.suppress(OSError, psutil.Error):
                if pid == os.getpid():
                    continue
                environ = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
                if mark in environ or path in Path(f"/proc/{pid}/cmdline").read_bytes():
                    process = psutil.Process(pid)
                    if process.status() != psutil.STATUS_ZOMBIE:
                        found.append(process)
        return found

    def own_processes(self) -> tuple[list[psutil.Process], int]:
        """The supervisor with its helpers, and the number of shells that it wraps around children.

        A helper that carries no mark (rxlaunch's shims start with an empty environment) is found as a descendant.
        """
        children = {pid for _, pid, _ in self.started()} | set(self.kids())
        own = {process.pid: process for process in self.processes() if process.pid not in children}
        own |= {process.pid: process for process in self.helpers(children)}
        helpers = [process for process in own.values() if process.name() not in ("sh", "bash", "dash")]
        return helpers, len(own) - len(helpers)

    def helpers(self, children: Iterable[int]) -> list[psutil.Process]:
        """The supervisor's descendants down to the children, which and whose descendants are none."""
        found: list[psutil.Process] = []
        with contextlib.suppress(OSError, ValueError, psutil.Error):
            level = [psutil.Process(self.peer.main_pid(self))]
            while level:
                found += level
                below = (below for process in level for below in process.children())
                level = [process for process in below if process.pid not in children]
        return found

    def close(self) -> None:
        """Kill whatever is left of this run, the supervisor first, and remove its directory.

        What is known only as a descendant is noted before the supervisor is gone; psutil kills no other process that
        has got the pid of one of them.
        """
        unmarked = self.helpers(()) if self.popen is not None else []
        if self.popen is not None:
            with contextlib.suppress(OSError, ValueError):
                os.kill(self.peer.main_pid(self), signal.SIGKILL)
        for _ in range(50):
            left = [*self.processes(), *(process for process in unmarked if alive(process))]
            if not left:
                break
            for process in left:
                with contextlib.suppress(psutil.Error):
                    process.kill()
            time.sleep(0.05)
        else:
            print(f"could not kill all of {self.dir}: {left}", file=sys.stderr)
        if self.popen is not None:
            self.popen.kill()
            self.popen.wait()
        if self._terminal is not None:
            os.close(self._terminal)
        shutil.rmtree(self.dir, ignore_errors=True)
