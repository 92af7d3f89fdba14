"""Where Chrome, Edge and Chromium are on Windows: what installers register, then the usual folders. Tries nothing."""

import sys

if sys.platform != "win32":
    raise ImportError("for Windows only")

import contextlib
import os
from pathlib import Path

NAMES = ("chrome", "msedge", "chromium")
_REGISTERED = r"SOFTWARE\Microsoft\Windows\CurrentVersion\App Paths"
_FOLDERS = ("PROGRAMFILES", "PROGRAMFILES(X86)", "PROGRAMW6432", "LOCALAPPDATA")
_INSIDE = (
    r"Google\Chrome\Application\chrome.exe",
    r"Chromium\Application\chrome.exe",
    r"Microsoft\Edge\Application\msedge.exe",
)


def browser_places() -> list[Path]:
    """Places of programs that are not on the PATH, best first."""
    folders = [Path(value) for name in _FOLDERS if (value := os.environ.get(name))]
    return [*_registered(), *(folder / inside for inside in _INSIDE for folder in folders)]


def browser_caches() -> list[Path]:
    """Where Playwright puts the browsers that it downloaded."""
    local = os.environ.get("LOCALAPPDATA")
    return [Path(local, "ms-playwright")] if local else []


def _registered() -> list[Path]:
    """The programs that installers registered, for this user or all."""
    import winreg

    found = []
    for hive in (winreg.HKEY_CURRENT_USER, winreg.HKEY_LOCAL_MACHINE):
        for name in NAMES:
            with contextlib.suppress(OSError):
                place = winreg.QueryValue(hive, rf"{_REGISTERED}\{name}.exe")
                found.append(Path(place.strip('"')))
    return found
