"""What is known of a stack that is only looked at: its ports, of the running instance or as it would like them."""

from launcher.app.opening import Opened
from launcher.state import lock, sticky


class KnownPorts:
    """The ports of the running instance, else those that `up` would like to have."""

    def __init__(self, opened: Opened) -> None:
        snapshot = lock.running(opened.paths)
        last = sticky.load(opened.paths.sticky)
        ports = opened.loaded.stack.ports
        wanted = {n: spec.fixed or last.get(n) or spec.prefer or 0 for n, spec in ports.items()}
        self.chosen = {**wanted, **(snapshot.ports if snapshot else {})}

    def release(self, name: str) -> None:
        """Nothing is held."""

    def pick_again(self, name: str) -> int:
        """Nothing is chosen here."""
        return self.chosen[name]
