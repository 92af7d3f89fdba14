"""Whether anybody listens on a TCP port, asked of Linux by the number of the port.

The kernel's text table of connections (`/proc/net/tcp`) is made by walking through every place where one could be:
2.6 ms on a machine of 24 GB, whoever has connections or not. Asked by netlink (sock_diag(7)) for listeners of one port
it answers in 0.03 ms. Who listens is in `proc.py`.
"""

import sys

if sys.platform == "win32":
    raise ImportError("not for Windows")

import re
import socket
import struct
from pathlib import Path

_SOCK_DIAG = 4  # the netlink protocol
_ASK = 20  # SOCK_DIAG_BY_FAMILY, question and answer alike
_ERROR, _DONE = 2, 3
_REQUEST_ALL = 0x301  # NLM_F_REQUEST | NLM_F_DUMP
_TCP, _LISTEN = 6, 10
_HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence, sender
_QUESTION = struct.Struct("=BBBxI2s38x8s")  # family, protocol, extensions, states, port, no addresses, any cookie
_PATIENCE_SECONDS = 0.2
_TABLES = ("/proc/net/tcp", "/proc/net/tcp6")


def listens(port: int) -> bool:
    """Whether anybody accepts connections on this TCP port, on any address."""
    try:
        return any(_told(family, port) for family in (socket.AF_INET, socket.AF_INET6))
    except OSError:  # a kernel without it, or a sandbox that forbids it
        return in_tables(port)


def _told(family: int, port: int) -> bool:
    question = _QUESTION.pack(family, _TCP, 0, 1 << _LISTEN, port.to_bytes(2, "big"), b"\xff" * 8)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _SOCK_DIAG) as kernel:
        kernel.settimeout(_PATIENCE_SECONDS)
        kernel.send(_HEADER.pack(_HEADER.size + len(question), _ASK, _REQUEST_ALL, 1, 0) + question)
        _, kind, *_ = _HEADER.unpack_from(kernel.recv(65536))  # a listener comes before the end of the list
    if kind not in (_ASK, _DONE):
        raise OSError(f"sock_diag answered {kind}")
    return bool(kind == _ASK)


def in_tables(port: int) -> bool:
    """The same from the kernel's tables; no line is taken apart."""
    wanted = re.compile(rb":%04X [0-9A-F]+:0000 0A " % port)
    for table in _TABLES:
        try:
            if wanted.search(Path(table).read_bytes()):
                return True
        except OSError:
            continue
    return False
