"""What Node may keep from one start to the next, in the state directory: compiled code, and where modules are.

Both are named options of `[marketplace]`. Both directories are private: what is in them decides what code is run.
"""

import contextlib
from pathlib import Path

from launcher import native, paths
from launcher.app.opening import Opened
from launcher.errors import LauncherError
from launcher.run.node_paths import NodePaths


def compile_cache(opened: Opened) -> str | None:
    """The directory for Node's own cache of compiled code; None when it is switched off, or cannot be had."""
    market = opened.loaded.stack.marketplace
    return _private(opened.paths.node_cache) if market is not None and market.node_compile_cache else None


def path_cache(opened: Opened) -> NodePaths | None:
    """Where services run by `node` keep the places of their modules; None when it is switched off, or cannot be had."""
    market = opened.loaded.stack.marketplace
    if market is None or not market.node_path_cache:
        return None
    services = (
        name for name, spec in opened.loaded.stack.services.items() if spec.command and spec.command[0] == "node"
    )
    directory = _private(opened.paths.node_paths)
    preload = paths.assets() / "node-paths" / "preload.cjs"
    return NodePaths(directory, preload.as_posix(), frozenset(services)) if directory is not None else None


def _private(directory: Path) -> str | None:
    with contextlib.suppress(LauncherError):
        native.private_directory(directory)
        return str(directory)
    return None
