"""Job objects: process trees that die together, and that Windows itself keeps count of."""

import sys

if sys.platform != "win32":
    raise ImportError("for Windows only")

import ctypes
from ctypes import wintypes

from launcher.native.windows_api import ERROR_MORE_DATA, checked, failure, kernel32, ntdll

_KILL_ON_JOB_CLOSE = 0x2000  # alone: with a BREAKAWAY flag children could leave
_BASIC_PROCESS_ID_LIST, _EXTENDED_LIMIT_INFORMATION = 3, 9


class _BasicLimits(ctypes.Structure):
    _fields_ = (
        ("PerProcessUserTimeLimit", ctypes.c_int64),
        ("PerJobUserTimeLimit", ctypes.c_int64),
        ("LimitFlags", wintypes.DWORD),
        ("MinimumWorkingSetSize", ctypes.c_size_t),
        ("MaximumWorkingSetSize", ctypes.c_size_t),
        ("ActiveProcessLimit", wintypes.DWORD),
        ("Affinity", ctypes.c_size_t),
        ("PriorityClass", wintypes.DWORD),
        ("SchedulingClass", wintypes.DWORD),
    )


class _ExtendedLimits(ctypes.Structure):
    _fields_ = (
        ("Basic", _BasicLimits),
        ("IoCounters", ctypes.c_uint64 * 6),
        ("ProcessMemoryLimit", ctypes.c_size_t),
        ("JobMemoryLimit", ctypes.c_size_t),
        ("PeakProcessMemoryUsed", ctypes.c_size_t),
        ("PeakJobMemoryUsed", ctypes.c_size_t),
    )


class Job:
    """A job whose processes die when its last handle is closed, be it because we were killed. Jobs nest."""

    def __init__(self) -> None:
        self._handle = checked(kernel32.CreateJobObjectW(None, None))
        limits = _ExtendedLimits()
        limits.Basic.LimitFlags = _KILL_ON_JOB_CLOSE
        checked(
            kernel32.SetInformationJobObject(
                self._handle, _EXTENDED_LIMIT_INFORMATION, ctypes.byref(limits), ctypes.sizeof(limits)
            )
        )

    def hold(self, process: int) -> None:
        """Put a process (a handle) into the job, with all it will ever start."""
        checked(kernel32.AssignProcessToJobObject(self._handle, process))

    def hold_ourselves(self) -> None:
        """Put this very process into the job."""
        self.hold(kernel32.GetCurrentProcess())

    def terminate(self) -> None:
        """End every process of the job at once."""
        if self._handle:
            kernel32.TerminateJobObject(self._handle, 1)

    def pids(self) -> set[int]:
        """The processes in the job now."""
        room = 64
        while self._handle:
            # Two DWORDs (how many there are, how many fitted), then the pids.
            buffer = (ctypes.c_size_t * (room + 1))()
            size = ctypes.sizeof(buffer)
            done = kernel32.QueryInformationJobObject(self._handle, _BASIC_PROCESS_ID_LIST, buffer, size, None)
            if not done and ctypes.get_last_error() != ERROR_MORE_DATA:
                raise failure()
            there, fitted = ctypes.cast(buffer, ctypes.POINTER(wintypes.DWORD))[:2]
            if done and fitted >= there:
                return set(buffer[1 : fitted + 1])
            room = max(there, room) * 2
        return set()

    def close(self) -> None:
        """Let go; what is still in the job dies."""
        handle, self._handle = self._handle, 0
        if handle:
            kernel32.CloseHandle(handle)


def resume(process: int) -> None:
    """Let a process that was created suspended run; its thread's handle is long closed, hence the native call."""
    ntdll.NtResumeProcess(process)
