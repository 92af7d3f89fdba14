"""Builds of the admin compared: which files each has, and what a cache in front must forget, keep and learn. Pure.

A build is its page and the files around it. Vite writes the hash of a file's content into its name, so such a file
never changes; whatever has no hash in its name, the page above all, may change and must not be kept by anybody.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from launcher.errors import UsageError
from launcher.marketplace.medusa import assets_of
from launcher.values import Value

PAGE = "index.html"
DEFAULT_BASE = "/app/"
_PLACES = (Path(), Path("public", "admin"), Path(".medusa", "server", "public", "admin"))  # below a directory
_HASH = re.compile(r"-([A-Za-z0-9_-]{8})\.[A-Za-z0-9]+(\.map)?$")
ASSETS = "assets/"  # everything in there has a hash in its name


class Build(Value, frozen=True):
    """The files of a build: name → SHA-256, empty where only the name is known. `base` is the path they are below."""

    files: Mapping[str, str]
    base: str = DEFAULT_BASE

    def to_json(self) -> dict[str, Any]:
        """A JSON object, to be saved and compared later."""
        return {"base": self.base, "files": dict(sorted(self.files.items()))}


class Changes(Value, frozen=True):
    """What a deployment of `new` over `old` means for a cache; paths as browsers ask for them."""

    purge: tuple[str, ...]  # single addresses whose content changed or that are gone
    pages_below: str | None  # every page below this path is the same page, and must be purged; None: it did not change
    not_below: str  # what below it is no page
    keep: tuple[str, ...]  # files of the old build that open tabs still ask for
    new: tuple[str, ...]
    unchanged: int

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        return {
            "purge": list(self.purge),
            "purge_pages_below": self.pages_below,
            "but_not_below": self.not_below,
            "keep": list(self.keep),
            "new": list(self.new),
            "unchanged": self.unchanged,
        }


def is_hashed(name: str) -> bool:
    """Whether a file's name changes with its content. Outside of vite's folder, words are not taken for hashes."""
    found = _HASH.search(name)
    return found is not None and (name.startswith(ASSETS) or not (found[1].isalpha() and found[1].islower()))


def compare(old: Build, new: Build) -> Changes:
    """What changes from one build to the next."""
    page_changed = old.files.get(PAGE) != new.files.get(PAGE) or old.base != new.base
    shared = old.files.keys() & new.files.keys()
    changed = {name for name in shared if old.files[name] and new.files[name] and old.files[name] != new.files[name]}
    gone = old.files.keys() - new.files.keys()
    purge = {name for name in changed | {name for name in gone if not is_hashed(name)} if name != PAGE}
    addresses = [*(_page_addresses(old.base) if page_changed else ()), *_below(old.base, purge)]
    return Changes(
        purge=tuple(addresses),
        pages_below=old.base if page_changed else None,
        not_below=old.base + ASSETS,
        keep=_below(old.base, {name for name in gone if is_hashed(name)}),
        new=_below(new.base, new.files.keys() - old.files.keys()),
        unchanged=len(shared - changed - {PAGE}) + (0 if page_changed else 1),
    )


def _page_addresses(base: str) -> tuple[str, ...]:
    return (base.rstrip("/") or "/", base, base + PAGE) if base != "/" else ("/", f"/{PAGE}")


def _below(base: str, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(base + name for name in sorted(names))


# --- reading ------------------------------------------------------------------------------------------------


def read_directory(directory: Path) -> Build:
    """The build in a directory, be it the admin's own, the backend's build, or the backend. Raises UsageError."""
    folder = next((directory / place for place in _PLACES if (directory / place / PAGE).is_file()), None)
    if folder is None:
        raise UsageError(
            f"there is no {PAGE} of an admin in {directory}",
            remedy="name a build: .medusa/server/public/admin, or a copy of it",
        )
    files = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    return Build(files, base_of((folder / PAGE).read_text(encoding="utf-8", errors="replace")))


def read_json(document: Any) -> Build:
    """The build that `to_json` wrote. Raises UsageError."""
    files = document.get("files") if isinstance(document, dict) else None
    base = document.get("base", DEFAULT_BASE) if isinstance(document, dict) else None
    if not isinstance(files, dict) or not isinstance(base, str) or PAGE not in files:
        raise UsageError("this is no manifest of an admin", remedy="write one: rxlaunch admin manifest DIR -o json")
    return Build({str(name): str(digest) for name, digest in files.items()}, base)


def read_page(html: str, base: str, later: Iterable[str]) -> Build:
    """The build that a page names, with the files that its bundle loads later."""
    prefix = base if base.endswith("/") else f"{base}/"
    named = [asset.address.partition("?")[0] for asset in assets_of(html)]
    names = [address.removeprefix(prefix) for address in named if address.startswith(prefix)]
    files = dict.fromkeys([*names, *later], "")
    return Build({PAGE: hashlib.sha256(html.encode()).hexdigest(), **files}, prefix)


def base_of(html: str) -> str:
    """The path below which a page expects its files."""
    named = (asset.address for asset in assets_of(html) if f"/{ASSETS}" in asset.address)
    return next((address.partition(ASSETS)[0] for address in named if address.startswith("/")), DEFAULT_BASE)
