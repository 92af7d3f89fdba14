"""The one library that Wine 8 lacks and Rust programs (pydantic's core, watchfiles) insist on: bcryptprimitives.dll.

Its only function, ProcessPrng, does what advapi32's SystemFunction036 does, which Wine has. A DLL that forwards one
name to another needs no code, only headers and an export table: they are written here, byte by byte.
"""

import struct

NAME = b"bcryptprimitives.dll"
EXPORT, TARGET = b"ProcessPrng", b"advapi32.SystemFunction036"
_SECTION_AT, _PAGE = 0x1000, 0x200  # where the table is mapped; the size of the file's units
_DIRECTORY_SIZE = 40


def forwarder() -> bytes:
    """The whole library."""
    table = _export_table()
    headers = _dos() + b"PE\0\0" + _file_header() + _optional_header(len(table)) + _section(len(table))
    return headers.ljust(_PAGE, b"\0") + table.ljust(_PAGE, b"\0")


def _export_table() -> bytes:
    """Directory, then one address (that lies inside the table: a forwarder), one name, one ordinal, the strings."""
    addresses = _SECTION_AT + _DIRECTORY_SIZE
    names, ordinals, strings = addresses + 4, addresses + 8, addresses + 10
    export_at = strings + len(NAME) + 1
    target_at = export_at + len(EXPORT) + 1
    directory = struct.pack("<IIHHIIIIIII", 0, 0, 0, 0, strings, 1, 1, 1, addresses, names, ordinals)
    return directory + struct.pack("<IIH", target_at, export_at, 0) + b"\0".join([NAME, EXPORT, TARGET, b""])


def _dos() -> bytes:
    return b"MZ" + b"\0" * 58 + struct.pack("<I", 64)


def _file_header() -> bytes:
    machine, sections, optional_size, flags = 0x8664, 1, 240, 0x2022  # x86-64; executable, large addresses, a DLL
    return struct.pack("<HHIIIHH", machine, sections, 0, 0, 0, optional_size, flags)


def _optional_header(table_size: int) -> bytes:
    code = struct.pack("<HBBIIIII", 0x20B, 14, 0, 0, _PAGE, 0, 0, _SECTION_AT)
    layout = struct.pack("<QIIHHHHHHI", 0x180000000, 0x1000, _PAGE, 6, 0, 0, 0, 6, 0, 0)
    sizes = struct.pack("<IIIHHQQQQII", 0x2000, _PAGE, 0, 3, 0x0100, 0x100000, 0x1000, 0x100000, 0x1000, 0, 16)
    directories = struct.pack("<II", _SECTION_AT, table_size) + bytes(8 * 15)
    return code + layout + sizes + directories


def _section(table_size: int) -> bytes:
    readable_data = 0x40000040
    return struct.pack("<8sIIIIIIHHI", b".edata", table_size, _SECTION_AT, _PAGE, _PAGE, 0, 0, 0, 0, readable_data)
