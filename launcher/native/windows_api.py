"""The Windows functions we call, declared once. No policy here."""

import sys

if sys.platform != "win32":
    raise ImportError("for Windows only")

import ctypes
from ctypes import wintypes
from typing import Any

kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
advapi32 = ctypes.WinDLL("advapi32", use_last_error=True)
ntdll = ctypes.WinDLL("ntdll")

PROCESS_TERMINATE = 0x0001
PROCESS_QUERY_LIMITED_INFORMATION = 0x1000
SYNCHRONIZE = 0x100000
WAIT_TIMEOUT = 0x102
ERROR_ACCESS_DENIED, ERROR_SHARING_VIOLATION, ERROR_ALREADY_EXISTS = 5, 32, 183
ERROR_MORE_DATA = 234

HandlerRoutine = ctypes.WINFUNCTYPE(wintypes.BOOL, wintypes.DWORD)

_PROTOTYPES: tuple[tuple[Any, Any, tuple[Any, ...]], ...] = (
    (kernel32.OpenProcess, wintypes.HANDLE, (wintypes.DWORD, wintypes.BOOL, wintypes.DWORD)),
    (kernel32.CloseHandle, wintypes.BOOL, (wintypes.HANDLE,)),
    (kernel32.GetCurrentProcess, wintypes.HANDLE, ()),
    (kernel32.TerminateProcess, wintypes.BOOL, (wintypes.HANDLE, wintypes.UINT)),
    (kernel32.WaitForSingleObject, wintypes.DWORD, (wintypes.HANDLE, wintypes.DWORD)),
    (kernel32.GetProcessTimes, wintypes.BOOL, (wintypes.HANDLE, *[ctypes.POINTER(wintypes.FILETIME)] * 4)),
    (
        kernel32.QueryFullProcessImageNameW,
        wintypes.BOOL,
        (wintypes.HANDLE, wintypes.DWORD, wintypes.LPWSTR, ctypes.POINTER(wintypes.DWORD)),
    ),
    (kernel32.CreateJobObjectW, wintypes.HANDLE, (ctypes.c_void_p, wintypes.LPCWSTR)),
    (kernel32.AssignProcessToJobObject, wintypes.BOOL, (wintypes.HANDLE, wintypes.HANDLE)),
    (kernel32.TerminateJobObject, wintypes.BOOL, (wintypes.HANDLE, wintypes.UINT)),
    (
        kernel32.SetInformationJobObject,
        wintypes.BOOL,
        (wintypes.HANDLE, ctypes.c_int, ctypes.c_void_p, wintypes.DWORD),
    ),
    (
        kernel32.QueryInformationJobObject,
        wintypes.BOOL,
        (wintypes.HANDLE, ctypes.c_int, ctypes.c_void_p, wintypes.DWORD, ctypes.c_void_p),
    ),
    (kernel32.SetConsoleCtrlHandler, wintypes.BOOL, (ctypes.c_void_p, wintypes.BOOL)),
    (kernel32.CreateDirectoryW, wintypes.BOOL, (wintypes.LPCWSTR, ctypes.c_void_p)),
    (kernel32.LocalFree, wintypes.HLOCAL, (wintypes.HLOCAL,)),
    (
        advapi32.OpenProcessToken,
        wintypes.BOOL,
        (wintypes.HANDLE, wintypes.DWORD, ctypes.POINTER(wintypes.HANDLE)),
    ),
    (
        advapi32.GetTokenInformation,
        wintypes.BOOL,
        (wintypes.HANDLE, ctypes.c_int, ctypes.c_void_p, wintypes.DWORD, ctypes.POINTER(wintypes.DWORD)),
    ),
    (advapi32.ConvertSidToStringSidW, wintypes.BOOL, (ctypes.c_void_p, ctypes.POINTER(wintypes.LPWSTR))),
    (
        advapi32.ConvertStringSecurityDescriptorToSecurityDescriptorW,
        wintypes.BOOL,
        (wintypes.LPCWSTR, wintypes.DWORD, ctypes.POINTER(ctypes.c_void_p), ctypes.c_void_p),
    ),
    (ntdll.NtResumeProcess, ctypes.c_long, (wintypes.HANDLE,)),
)
for _function, _result, _arguments in _PROTOTYPES:
    _function.restype = _result
    _function.argtypes = list(_arguments)


def failure() -> OSError:
    """The OSError for the last failed call."""
    return ctypes.WinError(ctypes.get_last_error())


def checked(result: int | None) -> int:
    """The result of a call that answers zero when it fails."""
    if not result:
        raise failure()
    return result
