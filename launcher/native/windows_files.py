"""Private directories on Windows: an access list for us and the system alone, set as the directory is made."""

import sys

if sys.platform != "win32":
    raise ImportError("for Windows only")

import ctypes
from ctypes import wintypes
from pathlib import Path

from launcher.errors import StateUnwritable
from launcher.native.windows_api import ERROR_ALREADY_EXISTS, advapi32, checked, kernel32

_TOKEN_QUERY, _TOKEN_USER = 8, 1


class _SecurityAttributes(ctypes.Structure):
    _fields_ = (
        ("nLength", wintypes.DWORD),
        ("lpSecurityDescriptor", ctypes.c_void_p),
        ("bInheritHandle", wintypes.BOOL),
    )


def private_directory(path: Path) -> None:
    """Make sure of a directory that only we may look into; its missing parents are made the same way.

    The access list names the user, not the owner: what an elevated shell makes belongs to the administrators, and a
    server that gave up those rights (Postgres does) must still get in. A directory that exists keeps its list.
    """
    try:
        for directory in [*reversed(path.parents), path]:
            if not directory.is_dir():
                _make(directory)
        if path.is_symlink() or getattr(path, "is_junction", path.is_symlink)():  # 3.12 knows junctions
            raise StateUnwritable(
                f"{path} is a link where a directory of ours should be", remedy="remove it after a look at it"
            )
    except OSError as error:
        raise StateUnwritable(
            f"cannot create the directory {path}: {error.strerror}",
            remedy="make it writable, or set RXLAUNCH_HOME to a directory that is",
        ) from error


def _make(path: Path) -> None:
    """Create one directory, private from its first moment."""
    descriptor = ctypes.c_void_p()
    words = f"D:P(A;OICI;FA;;;{_my_sid()})(A;OICI;FA;;;SY)"
    checked(advapi32.ConvertStringSecurityDescriptorToSecurityDescriptorW(words, 1, ctypes.byref(descriptor), None))
    try:
        attributes = _SecurityAttributes(ctypes.sizeof(_SecurityAttributes), descriptor, 0)
        made = kernel32.CreateDirectoryW(str(path), ctypes.byref(attributes))
        if not made and not (ctypes.get_last_error() == ERROR_ALREADY_EXISTS and path.is_dir()):
            checked(made)
    finally:
        kernel32.LocalFree(descriptor)


def _my_sid() -> str:
    """The security identifier of our user, as text."""
    token = wintypes.HANDLE()
    checked(advapi32.OpenProcessToken(kernel32.GetCurrentProcess(), _TOKEN_QUERY, ctypes.byref(token)))
    try:
        buffer = (ctypes.c_void_p * 64)()  # TOKEN_USER: a pointer to the identifier, then the identifier
        needed = wintypes.DWORD()
        checked(advapi32.GetTokenInformation(token, _TOKEN_USER, buffer, ctypes.sizeof(buffer), ctypes.byref(needed)))
        text = wintypes.LPWSTR()
        checked(advapi32.ConvertSidToStringSidW(buffer[0], ctypes.byref(text)))
        try:
            return str(text.value)
        finally:
            kernel32.LocalFree(ctypes.cast(text, ctypes.c_void_p))
    finally:
        kernel32.CloseHandle(token)
