"""Every directory and file rxlaunch uses, spelled once. Creates nothing, reads no file contents.

State lives outside the checkout (design 7): `medusa develop` watches the whole of it.
"""

import os
import tempfile
from pathlib import Path

from launcher import where
from launcher.values import Value

STACK_FILE = where.STACK_FILE
_SOCKET_PATH_LIMIT = 100  # bytes; sun_path holds 108, and some kernels count the terminating zero


def user_home() -> Path:
    """Where all state of this user lives; `RXLAUNCH_HOME` overrides the platform's choice."""
    override = os.environ.get("RXLAUNCH_HOME")
    if override:
        return Path(override).absolute()
    import platformdirs

    return Path(platformdirs.user_state_dir("rxlaunch", appauthor=False))


def _data(name: str) -> Path:
    """A data directory: inside the installed package, or at the top of the source tree."""
    package = Path(__file__).resolve().parent
    installed = package / "_data" / name
    return installed if installed.is_dir() else package.parent / name


def presets() -> Path:
    """The directory of presets and of the published JSON Schema."""
    return _data("configs")


def assets() -> Path:
    """The directory of files shipped with rxlaunch: the sample marketplace, the vendored Redis for Windows."""
    return _data("launcher_assets")


def find_root(start: Path) -> Path:
    """The directory the command is about: the nearest above `start` with a stack file, else with a project."""
    return Path(where.find_root(str(start)))


class StackPaths(Value, frozen=True):
    """The files of one checkout's stack. `home` is named after the checkout's real path."""

    root: Path
    home: Path

    @property
    def lock(self) -> Path:
        """Held by the supervisor as long as it lives."""
        return self.home / "lock"

    @property
    def state(self) -> Path:
        """The last snapshot (JSON)."""
        return self.home / "state.json"

    @property
    def events(self) -> Path:
        """The events of the running (or last) instance, one JSON object a line."""
        return self.home / "events.ndjson"

    @property
    def logs(self) -> Path:
        """One file a unit, `<unit>.log`, rotated to `<unit>.log.1`."""
        return self.home / "logs"

    @property
    def daemon_log(self) -> Path:
        """What a detached supervisor itself prints."""
        return self.home / "supervisor.log"

    @property
    def secrets(self) -> Path:
        """Generated secrets (JSON, 0600)."""
        return self.home / "secrets.json"

    @property
    def outputs(self) -> Path:
        """What the units of the last boot gave, secrets among it (JSON, 0600)."""
        return self.home / "outputs.json"

    @property
    def fingerprints(self) -> Path:
        """What was done, and with which inputs (JSON)."""
        return self.home / "fingerprints.json"

    @property
    def sticky(self) -> Path:
        """Ports used last time (JSON)."""
        return self.home / "ports.json"

    @property
    def history(self) -> Path:
        """How long the units of the last boots took (JSON)."""
        return self.home / "history.json"

    @property
    def screenshots(self) -> Path:
        """What the browser of the checks saw, a directory a run."""
        return self.home / "screenshots"

    @property
    def node_cache(self) -> Path:
        """What Node compiled of the packages."""
        return self.home / "node-compile-cache"

    @property
    def node_paths(self) -> Path:
        """Where Node found the modules of services, a file each (JSON)."""
        return self.home / "node-paths"

    @property
    def data(self) -> Path:
        """Data directories of embedded servers; its name carries the server's major version."""
        return self.home / "data"

    @property
    def control(self) -> Path:
        """How clients reach the supervisor (JSON: socket path, or port and token; 0600)."""
        return self.home / "control.json"

    @property
    def socket(self) -> Path:
        """The control socket; in a per-user runtime directory when the state directory's path is too long."""
        inside = self.home / "control.sock"
        if len(os.fsencode(inside)) <= _SOCKET_PATH_LIMIT:
            return inside
        return runtime_dir() / f"{self.home.name[-12:]}.sock"

    @property
    def kept(self) -> tuple[Path, ...]:
        """What must be there while a supervisor runs, whoever deletes it."""
        return self.lock, self.state, self.control, self.socket


def runtime_dir() -> Path:
    """A short-lived per-user directory (0700 is the creator's duty)."""
    xdg = os.environ.get("XDG_RUNTIME_DIR")
    if xdg:
        return Path(xdg) / "rxlaunch"
    uid = getattr(os, "getuid", None)  # absent on Windows, where no socket file is used anyway
    return Path(tempfile.gettempdir()) / f"rxlaunch-{uid()}" if uid else user_home() / "run"


def for_root(root: Path) -> StackPaths:
    """The paths of the stack whose checkout is `root`; one real path, one state, whatever link led there."""
    real = root.resolve()
    return StackPaths(root=real, home=user_home() / "stacks" / where.folder(str(real)))


def leases() -> Path:
    """Ports in use by any stack of this user (JSON), so that two stacks starting together never collide."""
    return user_home() / "port-leases.json"
