"""Which processes accept TCP connections on Windows. Only listeners are asked for: a table of all takes seconds."""

import sys

if sys.platform != "win32":
    raise ImportError("for Windows only")

import ctypes
import ipaddress
import struct
from collections.abc import Iterator
from ctypes import wintypes

iphlpapi = ctypes.WinDLL("iphlpapi")

_OWNER_PID_LISTENER = 3
_INSUFFICIENT_BUFFER = 122
_IPV4, _IPV6 = 2, 23
# state, address, port, two of the remote end, pid; then the same with addresses of 16 bytes and their scopes.
_ROWS = {_IPV4: struct.Struct("<4x4sH2x8xI"), _IPV6: struct.Struct("<16s4xH2x16x4x4x4xI")}


def listening() -> Iterator[tuple[str, int, int | None]]:
    """Address, port and pid of every listener, of either IP version; Wine knows no pid."""
    for family, row in _ROWS.items():
        table = _table(family)
        (count,) = struct.unpack_from("<I", table)
        for number in range(count):
            address, port, pid = row.unpack_from(table, 4 + number * row.size)
            yield str(ipaddress.ip_address(address)), int.from_bytes(port.to_bytes(2, "little")), pid or None


def _table(family: int) -> bytes:
    size = wintypes.DWORD(0)
    while True:
        buffer = ctypes.create_string_buffer(max(size.value, 4))
        size = wintypes.DWORD(len(buffer))
        result = iphlpapi.GetExtendedTcpTable(buffer, ctypes.byref(size), False, family, _OWNER_PID_LISTENER, 0)
        if result == 0:
            return buffer.raw
        if result != _INSUFFICIENT_BUFFER:
            return bytes(4)  # this machine has no such IP version
