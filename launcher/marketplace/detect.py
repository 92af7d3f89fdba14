"""Recognises a Medusa + Next.js checkout by its files (boot contract, section 6). Looks at nothing but files.

The backend is a package that depends on @medusajs/medusa and has a medusa-config; the storefront one that depends on
next and @medusajs/js-sdk. The root itself and two levels below are looked at, siblings of the root are not.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from launcher.errors import ConfigError, Problem
from launcher.values import Value

_CONFIG_SUFFIXES = ("ts", "js", "mjs", "cjs")
_SKIPPED = frozenset({"node_modules", "dist", "build", "coverage", "public", "static"})
_DEPTH = 2


class Detected(Value, frozen=True):
    """Where the parts are, relative to the root, with forward slashes."""

    backend: str
    storefront: str | None


def detect(root: Path) -> Detected | None:
    """The marketplace in this checkout, or None. Raises ConfigError when there are several of one kind."""
    packages = [(directory, _dependencies(directory)) for directory in _directories(root, _DEPTH)]
    backends = [directory for directory, wanted in packages if _is_backend(directory, wanted)]
    storefronts = [directory for directory, wanted in packages if {"next", "@medusajs/js-sdk"} <= wanted]
    if not backends:
        return None
    if root in backends:
        backends = [root]  # others are its examples or fixtures
    problems = [*_ambiguity(root, "backend", backends), *_ambiguity(root, "storefront", storefronts)]
    if problems:
        raise ConfigError(
            problems,
            title="this checkout holds more than one marketplace:",
            remedy='choose in rxlaunch.toml: [marketplace] backend = "…", storefront = "…"',
        )
    return Detected(_relative(root, backends[0]), _relative(root, storefronts[0]) if storefronts else None)


def _is_backend(directory: Path, wanted: set[str]) -> bool:
    if "@medusajs/medusa" not in wanted:
        return False
    return any((directory / f"medusa-config.{suffix}").is_file() for suffix in _CONFIG_SUFFIXES)


def _directories(top: Path, depth: int) -> Iterator[Path]:
    """`top` and the directories below it, down to `depth` levels."""
    yield top
    if depth == 0:
        return
    try:
        below = sorted(entry for entry in top.iterdir() if entry.is_dir() and not entry.is_symlink())
    except OSError:
        return
    for directory in below:
        if directory.name not in _SKIPPED and not directory.name.startswith("."):
            yield from _directories(directory, depth - 1)


def _dependencies(directory: Path) -> set[str]:
    """Names of the packages a package.json asks for; a broken file asks for nothing."""
    try:
        read = json.loads((directory / "package.json").read_text(encoding="utf-8-sig"))
        return {name for section in ("dependencies", "devDependencies") for name in read.get(section) or {}}
    except (OSError, ValueError, AttributeError, TypeError):
        return set()


def _ambiguity(root: Path, what: str, found: list[Path]) -> list[Problem]:
    if len(found) < 2:
        return []
    return [Problem(f"marketplace.{what}", f"could be any of {', '.join(_relative(root, each) for each in found)}")]


def _relative(root: Path, directory: Path) -> str:
    return directory.relative_to(root).as_posix()
