"""`check admin` (runbook R10): the admin's page, every file it loads, and the address that is baked into it.

A missing file is answered with a page and status 200, so status proves nothing: types and names do.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from launcher.checks import cdn, health
from launcher.checks.contract import Asking, LeftOut, Target, Wrong
from launcher.checks.shop import Lazily, origin_of
from launcher.findings import Finding
from launcher.marketplace import admin_build, verify
from launcher.marketplace.medusa import Asset, Page, Question, Site, assets_of

_AT_ONCE = 8
_ASKED_HERE = 16
_SHOWN = 3


async def check(target: Target) -> AsyncIterator[Finding]:
    """The page, its files on the disk and as they are served, whether it is the built one, where it will call."""
    ask = Asking("admin")
    async with AsyncExitStack() as stack:
        bundle = _Bundle(target, Lazily(target, "backend", stack))
        yield await ask("login", bundle.login)
        yield await ask("files", bundle.files, ("login",))
        yield await ask("served", bundle.served, ("login",))
        yield await ask("chunks", bundle.chunks, ("login", "served"))
        yield await ask("origin", bundle.origin, ("login", "served"))
        yield await ask("build", bundle.build, ("login", "files", "chunks"))
    if target.here is None:
        async for finding in cdn.check(target):
            yield finding


class _Bundle:
    """The admin as it is served, remembered from one question to the next."""

    def __init__(self, target: Target, backend: Lazily) -> None:
        self._target = target
        self._backend = backend
        self._path = f"{target.admin_path.rstrip('/')}/login"
        self._page = Page("")
        self._assets: list[Asset] = []
        self._scripts: dict[str, str] = {}  # address → text

    async def login(self) -> str:
        """The page from which it starts."""
        self._page = await (await self._backend.site()).get(self._path)
        told = health.shell_of(self._page, self._path)
        origin = origin_of(self._page.url)
        self._assets = [one for one in assets_of(self._page.text) if origin_of(self._whole(one)) == origin]
        return told

    async def files(self) -> str:
        """Every file that the page names is on the disk."""
        folder = self._folder()
        names = [name for asset in self._assets if (name := self._name(asset.address))]
        _refuse_missing([name for name in names if not (folder / name).is_file()], folder)
        return f"{len(names)} in {folder}"

    async def served(self) -> str:
        """Every file that the page names is served, with a type that browsers take."""
        site = await self._backend.site()
        answers = await _all([partial(site.get, self._whole(asset), seconds=20.0) for asset in self._assets])
        _refuse_faults("the admin would stay blank", self._assets, answers)
        for asset, page in zip(self._assets, answers, strict=True):
            if asset.kind == "script":
                self._scripts[asset.address] = page.text
        return f"{len(answers)} files that the page names, with the right types"

    async def chunks(self) -> str:
        """Every file that the bundle loads later: served; where the disk tells already, only some are asked for."""
        names = [name for text in self._scripts.values() for name in admin_build.chunks_of(text)]
        if not names:
            raise LeftOut("the bundle lists no files that it loads later")
        asked = names
        if self._target.here is not None:
            folder, asked = self._folder(), names[:: max(1, len(names) // _ASKED_HERE)]
            _refuse_missing([name for name in names if not (folder / name).is_file()], folder)
        site = await self._backend.site()
        assets = [Asset(urljoin(self._root(), name), _kind_of(name)) for name in asked]
        answers = await _all([partial(_head, site, asset.address) for asset in assets])
        _refuse_faults("pages of the admin would not open", assets, answers)
        there = f"all on the disk, {len(asked)} of them" if self._target.here else "all"
        return f"{len(names)} files that pages load later: {there} served with the right types"

    async def origin(self) -> str:
        """Where the admin will call: its own origin, else this very address (boot contract, section 3)."""
        found: set[str] = set().union(*map(admin_build.baked_in, self._scripts.values())) if self._scripts else set()
        if not found:
            raise LeftOut("the bundle names no backend in the form that is known")
        here = origin_of(self._page.url)
        foreign = sorted(address for address in found - {"/"} if origin_of(address) != here)
        if foreign:
            raise Wrong(
                f"the admin was built for {', '.join(foreign)}, and would call that from {here}",
                failure="admin-foreign-origin",
            )
        return "calls the origin that it was loaded from" if found == {"/"} else f"calls {here}, this very address"

    async def build(self) -> str:
        """What is served is what was built last, and that from these sources."""
        page = self._folder() / "index.html"
        if not page.is_file():
            raise Wrong(f"there is no {page}", failure="admin-not-built")
        built = {self._name(one.address) for one in assets_of(page.read_text(encoding="utf-8", errors="replace"))}
        if {self._name(asset.address) for asset in self._assets} != built:
            raise Wrong(
                "the backend serves the page of an older build",
                failure="admin-stale",
                remedy="rxlaunch restart backend: it reads the page once, at its start",
            )
        why = await self._target.on_this_machine().why_again("medusa-build")
        if why is not None:
            raise Wrong(f"the admin is not that of these sources: {why}", failure="admin-stale")
        return "is the build of these sources"

    def _folder(self) -> Path:
        directories = self._target.on_this_machine().directories
        if "backend" not in directories:
            raise LeftOut("the stack file names no backend ([marketplace] backend)")
        return directories["backend"] / admin_build.ADMIN

    def _whole(self, asset: Asset) -> str:
        return urljoin(self._page.url, asset.address)

    def _root(self) -> str:
        """The address below which its files are, with a slash at the end."""
        return urljoin(self._page.url, f"{self._target.admin_path.rstrip('/')}/")

    def _name(self, address: str) -> str:
        """The name of a file below the admin's folder: "assets/index-BoKL8XfO.js"; empty for anything else."""
        path, root = urlsplit(urljoin(self._page.url, address)).path, urlsplit(self._root()).path
        return path.removeprefix(root) if path.startswith(root) else ""


def _kind_of(name: str) -> str:
    return "script" if name.endswith(".js") else "stylesheet"


async def _head(site: Site, address: str) -> Page:
    return await site.send(Question(address, "HEAD"), seconds=20.0)


async def _all(questions: Sequence[Callable[[], Awaitable[Page]]]) -> list[Page]:
    """All answers, in order; a few at once."""
    slots = asyncio.Semaphore(_AT_ONCE)

    async def one(question: Callable[[], Awaitable[Page]]) -> Page:
        async with slots:
            return await question()

    return list(await asyncio.gather(*map(one, questions)))


def _refuse_missing(missing: list[str], folder: Path) -> None:
    if missing:
        raise Wrong(
            f"not in {folder}: {_listed(missing)}",
            failure="asset-missing",
            details="\n".join(missing) if len(missing) > _SHOWN else "",
        )


def _refuse_faults(consequence: str, assets: Sequence[Asset], answers: Sequence[Page]) -> None:
    pairs = zip(assets, answers, strict=True)
    faults = [fault for asset, page in pairs if (fault := verify.asset_fault(asset, page)) is not None]
    if faults:
        raise Wrong(
            f"{consequence}: {_listed([fault.told for fault in faults])}",
            failure=next((fault.failure for fault in faults if fault.failure), None),
            details="\n".join(fault.told for fault in faults) if len(faults) > _SHOWN else "",
        )


def _listed(told: list[str]) -> str:
    more = f"; and {len(told) - _SHOWN} more" if len(told) > _SHOWN else ""
    return "; ".join(told[:_SHOWN]) + more
