"""`rxlaunch admin manifest` and `purge-list`: builds of the admin are read, from wherever they are, and compared."""

import asyncio
import json
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from launcher.app.result import Result
from launcher.errors import LauncherError, UsageError
from launcher.marketplace import admin_build, bundle
from launcher.marketplace.bundle import Build, Changes

_SHOWN = 8


def manifest(source: str) -> Result:
    """The files of a build."""
    build = load(source)
    hashed = sum(1 for name in build.files if bundle.is_hashed(name))
    text = f"{len(build.files)} files below {build.base}, {hashed} of them with a hash in their names"
    return Result(f"{text}; -o json prints all of them, to be saved for purge-list", build.to_json())


def purge_list(old: str, new: str) -> Result:
    """What a cache in front of the admin must forget, and must go on serving, when `new` is deployed over `old`."""
    changes = bundle.compare(load(old), load(new))
    partly = [source for source in (old, new) if _is_address(source)]
    text = _told(changes)
    if partly:
        text += f"\nof {' and '.join(partly)} only the files that its page and its scripts name are known (no fonts)"
    return Result(text, {**changes.to_json(), "partly_known": partly})


def load(source: str) -> Build:
    """The build in a directory, in a saved manifest, or at an address. Raises UsageError, LauncherError."""
    if _is_address(source):
        return asyncio.run(_deployed(source))
    path = Path(source)
    if path.is_dir():
        return bundle.read_directory(path)
    try:
        return bundle.read_json(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise UsageError(
            f"{source} cannot be read: {error.strerror}",
            remedy="name a directory of a build, a manifest, or an address (https://shop.example/app)",
        ) from None
    except ValueError:
        raise UsageError(f"{source} is not JSON", remedy="rxlaunch admin manifest DIR -o json > FILE") from None


def _is_address(source: str) -> bool:
    return urlsplit(source).scheme in ("http", "https")


async def _deployed(address: str) -> Build:
    from launcher.marketplace.medusa import assets_of, open_site

    async with open_site(address) as site:
        page = await site.follow(address)
        if page.error or page.status != 200 or page.kind != "text/html":
            raise LauncherError(f"there is no admin: {page}", remedy="name its page, as in https://shop.example/app")
        later: list[str] = []
        for asset in assets_of(page.text):
            if asset.kind == "script" and site.holds(urljoin(page.url, asset.address)):
                script = await site.get(urljoin(page.url, asset.address), seconds=30.0)
                later += admin_build.chunks_of(script.text)
    return bundle.read_page(page.text, bundle.base_of(page.text), later)


def _told(changes: Changes) -> str:
    if not changes.purge and not changes.new and not changes.keep:
        return f"nothing changed: all {changes.unchanged} files are the same"
    lines = []
    if changes.purge:
        lines += ["purge, once the new build is served everywhere:", *(f"  {path}" for path in changes.purge)]
    if changes.pages_below:
        lines.append(f"  and every page below {changes.pages_below}, but nothing below {changes.not_below}")
    lines += _some("keep, until every open tab was loaded again:", changes.keep)
    lines += _some("new:", changes.new)
    return "\n".join([*lines, f"{changes.unchanged} files are the same in both"])


def _some(title: str, paths: tuple[str, ...]) -> list[str]:
    if not paths:
        return []
    more = [f"  and {len(paths) - _SHOWN} more (-o json names them all)"] if len(paths) > _SHOWN else []
    return [title, *(f"  {path}" for path in paths[:_SHOWN]), *more]
