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
        daemon_code,
        executable,
        find_marked,
        identity,
        kill_marked,
        listeners,
        listening,
        my_identity,
        on_shutdown,
        private_directory,
        reap_strangers,
        replace,
        signal_process,
        spawn,
        spawn_daemon,
        still_stopping,
        tree,
        write_private,
    )
else:
    from launcher.native.posix import (
        IS_WINDOWS,
        LISTENING_ON_UNIX_SOCKETS,
        alive,
        become_guardian,
        daemon_code,
        executable,
        find_marked,
        identity,
        kill_marked,
        listeners,
        listening,
        my_identity,
        on_shutdown,
        private_directory,
        reap_strangers,
        replace,
        signal_process,
        spawn,
        spawn_daemon,
        still_stopping,
        tree,
        write_private,
    )

__all__ = [
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
    "daemon_code",
    "executable",
    "find_marked",
    "identity",
    "kill_marked",
    "listeners",
    "listening",
    "my_identity",
    "on_shutdown",
    "private_directory",
    "reap_strangers",
    "replace",
    "signal_process",
    "spawn",
    "spawn_daemon",
    "still_stopping",
    "tree",
    "write_private",
]
