"""The program that types Ctrl-C into another process's console. Run as `python -I -S windows_ctrl_c.py PID`.

A program of its own, because a process has one console at most and must leave its own to enter another; the
supervisor must not. Exit code 0: Ctrl-C was delivered. 1: the process has no console that could be entered.
"""

import ctypes
import sys
import time


def main() -> int:
    """Enter the console, make ourselves deaf, type."""
    kernel32 = ctypes.WinDLL("kernel32")  # type: ignore[attr-defined, unused-ignore]
    kernel32.FreeConsole()
    if not kernel32.AttachConsole(int(sys.argv[1])):
        return 1
    kernel32.SetConsoleCtrlHandler(None, 1)
    if not kernel32.GenerateConsoleCtrlEvent(0, 0):  # CTRL_C_EVENT, to everybody in this console
        return 1
    time.sleep(0.1)  # the event is delivered by the console host; leaving at once might end the console with it
    return 0


if __name__ == "__main__":
    sys.exit(main())
