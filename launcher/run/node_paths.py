"""What makes a Node service remember where its modules are; how is told by `launcher_assets/node-paths/preload.cjs`."""

from collections.abc import Mapping
from pathlib import Path

from launcher.values import Value


class NodePaths(Value, frozen=True):
    """The services that remember, a file each in a private directory."""

    directory: str
    preload: str  # with slashes
    services: frozenset[str]

    def environment(self, unit: str, given: Mapping[str, str]) -> dict[str, str]:
        """What a unit with this environment gets on top of it."""
        if unit not in self.services or not set(self.preload).isdisjoint('"\\'):  # NODE_OPTIONS would need escapes
            return {}
        options = " ".join(filter(None, (given.get("NODE_OPTIONS"), f'--require "{self.preload}"')))
        return {"NODE_OPTIONS": options, "RXLAUNCH_NODE_PATHS": str(Path(self.directory, f"{unit}.json"))}
