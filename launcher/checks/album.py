"""Screenshots of one run of the group `browser`, in a private directory that keeps the last few. Judges nothing."""

import re
import shutil
import time

from launcher import native
from launcher.browser.visit import Visit
from launcher.checks.contract import Target
from launcher.findings import Finding
from launcher.paths import user_home

_KEPT = 10  # runs


class Album:
    """Where the pictures of a run go."""

    def __init__(self, target: Target) -> None:
        album = target.here.paths.screenshots if target.here else user_home() / "screenshots"
        native.private_directory(album)
        for old in sorted(each for each in album.iterdir() if each.is_dir())[: -(_KEPT - 1)]:
            shutil.rmtree(old, ignore_errors=True)
        self.directory = album / f"{time.strftime('%Y%m%d-%H%M%S')}-{time.monotonic_ns() % 10**6:06}"
        native.private_directory(self.directory)

    async def with_picture(self, finding: Finding, visit: Visit) -> Finding:
        """The finding with a picture of what the page shows now."""
        if finding.verdict == "left out":
            return finding
        name = re.sub(r"[^a-z0-9]+", "-", finding.name.lower()).strip("-")[:60] or "page"
        file = self.directory / f"{name}.png"
        number = 2
        while file.exists():
            file, number = self.directory / f"{name}-{number}.png", number + 1
        return finding.replaced(screenshots=(file,)) if await visit.screenshot(file) else finding
