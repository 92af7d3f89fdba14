"""Processes, private files and signals, one contract on every platform. The package's only `sys.platform` switch.

Cheap to import (`status` does): no asyncio, no psutil, no ctypes until they are needed.
"""

import sys

from launcher.native.contract import (
    INSTANCE_MARK,
    UNIT_MARK,
    Child,
    Identity,
    LaunchSpec,
    Listener,
    Output,
)

if sys.platform == "win32":
    from launcher.native.windows import (
        IS_WINDOWS,
        LISTENING_ON_UNIX_SOCKETS,
        alive,
        become_guardian,
        began,
        daemon_code,
        executable,
        find_marked,
        identity,
        kill_marked,
        listeners,
        listening,
        listens,
        loading_ahead,
        my_identity,
        on_shutdown,
        private_directory,
        reap_strangers,
        replace,
        servers_in,
        signal_process,
        spawn,
        spawn_daemon,
        still_stopping,
        tree,
        write_private,
    )
    from launcher.native.windows_browsers import NAMES as BROWSER_NAMES
    from launcher.native.windows_browsers import browser_caches, browser_places
else:
    from launcher.native.posix import (
        IS_WINDOWS,
        LISTENING_ON_UNIX_SOCKETS,
        alive,
        become_guardian,
        began,
        daemon_code,
        executable,
        find_marked,
        identity,
        kill_marked,
        listeners,
        listening,
        listens,
        loading_ahead,
        my_identity,
        on_shutdown,
        private_directory,
        reap_strangers,
        replace,
        servers_in,
        signal_process,
        spawn,
        spawn_daemon,
        still_stopping,
        tree,
        write_private,
    )
    from launcher.native.posix_browsers import NAMES as BROWSER_NAMES
    from launcher.native.posix_browsers import browser_caches, browser_places

__all__ = [
    "BROWSER_NAMES",
    "INSTANCE_MARK",
    "IS_WINDOWS",
    "LISTENING_ON_UNIX_SOCKETS",
    "UNIT_MARK",
    "Child",
    "Identity",
    "LaunchSpec",
    "Listener",
    "Output",
    "alive",
    "become_guardian",
    "began",
    "browser_caches",
    "browser_places",
    "daemon_code",
    "executable",
    "find_marked",
    "identity",
    "kill_marked",
    "listeners",
    "listening",
    "listens",
    "loading_ahead",
    "my_identity",
    "on_shutdown",
    "private_directory",
    "reap_strangers",
    "replace",
    "servers_in",
    "signal_process",
    "spawn",
    "spawn_daemon",
    "still_stopping",
    "tree",
    "write_private",
]
