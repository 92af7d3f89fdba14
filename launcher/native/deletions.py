"""Being told on Linux that a file vanished from a directory, by inotify: nobody needs to look again and again."""

import sys

if sys.platform == "win32":
    raise ImportError("not for Windows")

import contextlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from launcher.native.shim import system_call

if TYPE_CHECKING:
    import asyncio

_DELETE, _DELETE_SELF, _MOVE_SELF, _MOVED_FROM = 0x200, 0x400, 0x800, 0x40  # <sys/inotify.h>
_ONLY_DIRECTORIES = 0x01000000
_AT_ONCE = 64 * 1024


def told_of_deletions(
    loop: "asyncio.AbstractEventLoop", directories: Iterable[Path], heard: Callable[[set[str]], None]
) -> Callable[[], None] | None:
    """From now on `heard` is called in the loop with the names that vanished from these directories; what ends that.

    An empty name stands for a directory itself. None where nobody tells: not Linux, or no watches are left.
    """
    try:
        handle = system_call("inotify_init1", os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, AttributeError):
        return None
    try:
        for directory in directories:
            _watch(handle, directory)
    except OSError:
        os.close(handle)
        return None
    loop.add_reader(handle, lambda: heard(_names(handle)))

    def stop() -> None:
        loop.remove_reader(handle)
        os.close(handle)

    return stop


def _watch(handle: int, directory: Path) -> None:
    import ctypes

    path = ctypes.create_string_buffer(os.fsencode(directory))
    wanted = _DELETE | _DELETE_SELF | _MOVE_SELF | _MOVED_FROM | _ONLY_DIRECTORIES
    system_call("inotify_add_watch", handle, ctypes.addressof(path), wanted)


def _names(handle: int) -> set[str]:
    """Whose end was told since the last call."""
    data = b""
    with contextlib.suppress(OSError):
        data = os.read(handle, _AT_ONCE)
    names = set()
    while data:  # struct inotify_event: wd, mask, cookie, length of the name, the name
        length = int.from_bytes(data[12:16], sys.byteorder)
        names.add(os.fsdecode(data[16 : 16 + length].rstrip(b"\0")))
        data = data[16 + length :]
    return names
