"""When processes end, told by the kernel to the moment; and a port that nobody has."""

import os
import select
import socket
import time
from collections.abc import Iterable


class Watch:
    """Tells, from pidfds opened before the act, when processes end."""

    def __init__(self, pids: Iterable[int]) -> None:
        self.fds: dict[int, int] = {}
        self.ended: dict[int, float] = {}
        for pid in pids:
            try:
                self.fds[os.pidfd_open(pid)] = pid
            except ProcessLookupError:
                self.ended[pid] = time.time()

    def wait(self, timeout: float, until: Iterable[int] | None = None) -> bool:
        """Wait for the processes (or just those in `until`), noting whichever ends meanwhile."""
        poll = select.poll()
        for fd, pid in self.fds.items():
            if pid not in self.ended:
                poll.register(fd, select.POLLIN)
        wanted = set(self.fds.values()) if until is None else set(until)
        deadline = time.time() + timeout
        while (wanted - self.ended.keys()) and (left := deadline - time.time()) > 0:
            for fd, _ in poll.poll(left * 1000):
                self.ended[self.fds[fd]] = time.time()
                poll.unregister(fd)
        return wanted <= self.ended.keys()

    def alive(self) -> list[int]:
        return [pid for pid in self.fds.values() if pid not in self.ended]

    def close(self) -> None:
        for fd in self.fds:
            os.close(fd)


def free_port() -> int:
    """A port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
