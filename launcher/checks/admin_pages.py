"""The admin in a browser: sign in, the sidebar with its entries, each critical page with its heading and rows."""

import functools
import re
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from launcher.browser.visit import HEADINGS, Chromium, Link, NotSeen, Visit
from launcher.browser.watch import origin
from launcher.checks.album import Album
from launcher.checks.contract import Target, Wrong
from launcher.checks.looking import GROUP, PATIENCE
from launcher.checks.looking import look as look_at
from launcher.findings import Finding
from launcher.stack.checks import ChecksSpec, PageSpec

LOGIN = "admin login"
ENTRIES = "admin pages"
_SIDEBAR = "aside a[href]"
_ROWS = ":is(tbody tr, [role=rowgroup] [role=row], tr:has(td))"
_MOST_ENTRIES = 25
_SIGN_IN = ("/auth/user/emailpass", "/auth/session")


def names(spec: ChecksSpec) -> tuple[str, ...]:
    """What is asked, by name."""
    return (LOGIN, *(_name(page.path) for page in spec.pages)) if spec.pages else (LOGIN, ENTRIES)


async def look(target: Target, browser: Chromium, album: Album) -> AsyncIterator[Finding]:
    """Sign in, then look at the pages of the stack file; without any, at every entry of the sidebar."""
    spec = target.checks
    if target.login is None or "backend" not in target.urls:
        reason = "no login of an administrator is known" if "backend" in target.urls else "no address of the backend"
        for name in names(spec):
            yield Finding(GROUP, name, "left out", reason)
        return
    async with browser.visit({origin(target.url("backend"))}) as visit:
        admin = _Admin(target, visit)
        signed_in = await look_at(target, visit, album, LOGIN, admin.sign_in)
        yield signed_in
        if not admin.entries:
            for name in names(spec)[1:]:
                yield Finding(GROUP, name, "left out", "nobody could sign in")
            return
        for page in spec.pages or [PageSpec(path=path, heading="") for path in admin.paths()]:
            yield await look_at(target, visit, album, _name(page.path), functools.partial(admin.see, page))


def _name(path: str) -> str:
    return f"admin page {path}"


class _Admin:
    """A signed-in administrator."""

    def __init__(self, target: Target, visit: Visit) -> None:
        self._target = target
        self._visit = visit
        self._path = target.admin_path.rstrip("/")
        self._base = target.url("backend").rstrip("/") + self._path
        self.entries: list[Link] = []

    async def sign_in(self) -> str:
        """The login form, and what is behind it: the sidebar with its entries."""
        visit, (email, password) = self._visit, self._target.login or ("", "")
        await visit.open(f"{self._base}/login", PATIENCE)
        await visit.see("input[name=email]", "login form", PATIENCE)
        await visit.fill("input[name=email]", email)
        await visit.fill("input[name=password]", password)
        await visit.click("button[type=submit]")
        await visit.see(_SIDEBAR, "sidebar", PATIENCE)
        await visit.see(HEADINGS, "heading beside the sidebar", PATIENCE)
        await visit.settle()
        entries = [link for link in await visit.links(_SIDEBAR) if link.text and self._below(link.path)]
        if not entries:
            raise NotSeen("the sidebar has no entry that leads to a page of the admin")
        answers = {path: [each.status for each in visit.watch.answers if each.path == path] for path in _SIGN_IN}
        for path, statuses in answers.items():
            if 200 not in statuses:
                told = ", ".join(map(str, statuses)) or "nobody asked"
                raise Wrong(f"signing in did not go through {path}: {told}", remedy="look at the screenshot")
        self.entries = entries
        shown = ", ".join(link.text for link in entries[:8]) + (", …" if len(entries) > 8 else "")
        return f"signed in as {email}: a sidebar with {len(entries)} entries ({shown}); " + ", ".join(
            f"{path} 200" for path in answers
        )

    def paths(self) -> list[str]:
        """The pages that the sidebar's entries lead to, each once; settings last, for they have another sidebar."""
        found = dict.fromkeys(urlsplit(link.path).path.removeprefix(self._path) for link in self.entries)
        return sorted((path for path in found if path.strip("/")), key=lambda path: path == "/settings")[:_MOST_ENTRIES]

    async def see(self, page: PageSpec) -> str:
        """Go there as a person would, and see the heading, and rows where they are promised."""
        how = await self._go(self._path + "/" + page.path.strip("/"))
        exact = re.compile(rf"^\s*{re.escape(page.heading)}\s*$") if page.heading else None
        what = f"heading {page.heading!r}" if page.heading else "heading"
        heading = await self._visit.see(HEADINGS, what, PATIENCE, exact)
        told = f"{how}: the heading {heading.strip()!r}"
        if page.rows:
            await self._visit.see(_ROWS, "row of a table", PATIENCE, re.compile(r"\S"))
            told += ", and rows"
        return told

    async def _go(self, path: str) -> str:
        """Click the sidebar's entry; what has none is opened by its address."""
        links = [link for link in await self._visit.links(_SIDEBAR) if urlsplit(link.path).path.rstrip("/") == path]
        if not links:
            await self._visit.open(self._target.url("backend").rstrip("/") + path, PATIENCE)
            return "opened"
        await self._visit.click(f'aside a[href="{links[0].path}"]')
        await self._visit.leave_for(path, PATIENCE)
        return f"clicked {links[0].text!r}"

    def _below(self, path: str) -> bool:
        return path.startswith(self._path + "/")
