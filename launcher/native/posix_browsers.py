"""Where Chromium, Chrome and Edge are on Linux and macOS. Looks at nothing but names: `browser/find.py` tries them."""

from pathlib import Path

NAMES = (
    "google-chrome",
    "google-chrome-stable",
    "chromium",
    "chromium-browser",
    "microsoft-edge",
    "microsoft-edge-stable",
    "msedge",
    "brave-browser",
)
_MAC = ("Google Chrome", "Chromium", "Microsoft Edge")


def browser_places() -> list[Path]:
    """Usual places of programs that are not on the PATH, best first."""
    applications = (Path("/Applications"), Path("~/Applications").expanduser())
    return [
        Path("/opt/google/chrome/chrome"),
        Path("/usr/lib/chromium/chromium"),
        Path("/usr/lib64/chromium-browser/chromium-browser"),
        Path("/opt/microsoft/msedge/msedge"),
        *(folder / f"{name}.app/Contents/MacOS/{name}" for folder in applications for name in _MAC),
        Path("/var/lib/flatpak/exports/bin/org.chromium.Chromium"),
        Path("/snap/bin/chromium"),
    ]


def browser_caches() -> list[Path]:
    """Where Playwright puts the browsers that it downloaded."""
    return [Path("~/.cache/ms-playwright").expanduser(), Path("~/Library/Caches/ms-playwright").expanduser()]
