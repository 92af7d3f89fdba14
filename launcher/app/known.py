"""What is known of a stack that is only looked at: its ports, of the running instance or as it would like them."""

from launcher.app.opening import Opened
from launcher.state import lock


class KnownPorts:
    """The ports of the running instance, else those that `up` would like to have."""

    def __init__(self, opened: Opened) -> None:
        snapshot = lock.running(opened.paths)
        wanted = {n: spec.fixed or spec.prefer or 0 for n, spec in opened.loaded.stack.ports.items()}
        self.chosen = {**wanted, **(snapshot.ports if snapshot else {})}

    def release(self, name: str) -> None:
        """Nothing is held."""

    def pick_again(self, name: str) -> int:
        """Nothing is chosen here."""
        return self.chosen[name]
