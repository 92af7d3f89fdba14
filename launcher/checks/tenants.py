"""`check tenants` (runbook R18): hosts lead to their tenants, and no tenant reaches into another. Starts nothing.

Cases are data (`tenant_cases.py`, `[[tenancy.cases]]`); this asks them. A fixture is made and taken away by
`app/tenancy.py`, not here.
"""

import html
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urljoin, urlsplit

from launcher.checks import servers
from launcher.checks.contract import LeftOut, Target, Wrong, ask
from launcher.checks.tenant_cases import Asked, built_in, protected
from launcher.errors import LauncherError
from launcher.findings import Finding, Verdict
from launcher.marketplace.medusa import Page, Question, Site
from launcher.marketplace.tenants import ADMIN_SECRET, Tenant
from launcher.stack.tenants import TenantCase, TenantSpec

_KEY_HEADER = "x-publishable-api-key"
_REDIRECTS = 6
_PAGE_SECONDS = 60.0  # a development server compiles it first
_ANSWER_SECONDS = 15.0


async def check(target: Target) -> AsyncIterator[Finding]:
    """Built-in cases about the tenants that are there, then the stack file's own."""
    tenants, cases = list[Tenant](), protected(target)
    try:
        tenants = await _known(target)
        cases = built_in(target, tenants, complete=target.here is not None)
    except LeftOut as reason:
        yield Finding("tenants", "tenants", "left out", str(reason))
    except LauncherError as error:
        verdict: Verdict = "failed" if target.tenants else "left out"  # not every marketplace has tenants
        yield Finding("tenants", "tenants", verdict, error.message, remedy=error.remedy)
    if target.here is None:
        yield Finding("tenants", "fixtures", "left out", "are made in the database of a stack on this machine alone")
    async with AsyncExitStack() as stack:
        asking = _Asking(target, {tenant.slug: tenant for tenant in tenants}, stack)
        for asked in (*cases, *map(Asked, target.tenancy.cases)):
            yield await ask("tenants", asked.case.name, partial(asking.ask, asked))


def address(target: Target, host: str) -> str:
    """Where a browser finds the storefront of a host."""
    here = target.here
    port = here.snapshot.ports.get("https") if here and here.outputs.get("https_authority") else None
    if port is not None:
        return f"https://{host}:{port}"
    base = urlsplit(target.url("storefront"))
    return f"{base.scheme}://{host}:{base.port}" if base.port else f"{base.scheme}://{host}"


async def _known(target: Target) -> list[Tenant]:
    """The tenants of the stack's own database; of a deployment, those that the stack file names. Raises LeftOut."""
    if target.here is not None:
        from launcher.marketplace.tenants_sql import SqlKeeper

        return await SqlKeeper(servers.database_url(target.here), target.tenancy).all()
    named = {name: spec for name, spec in target.tenants.items() if _is_there(target, spec)}
    if not named:
        raise LeftOut(
            "the stack file names no tenants of this deployment ([tenants.NAME] domain = …, "
            "or for one mode alone, [modes.production.tenants.NAME])"
        )
    from launcher.marketplace.tenants import wanted

    named = {name: spec.replaced(products=spec.products or ()) for name, spec in named.items()}
    handles = [handle for spec in named.values() for handle in spec.products or ()]
    target.url("backend")
    async with target.open_site("backend") as site:
        return [await _with_key(target, site, tenant) for tenant in wanted(named, target.tenancy, handles)]


def _is_there(target: Target, spec: TenantSpec) -> bool:
    """Names below .localhost are this machine, never a deployment somewhere else."""
    host = urlsplit(target.urls.get("storefront", target.urls.get("backend", ""))).hostname or ""
    return _is_here(host) or not any(map(_is_here, spec.hosts))


def _is_here(host: str) -> bool:
    return host in {"localhost", "127.0.0.1", "::1"} or host.endswith(".localhost")


async def _with_key(target: Target, site: Site, tenant: Tenant) -> Tenant:
    """A deployment tells a tenant's key where its storefront would ask for it."""
    tenant = tenant.replaced(admin=None)  # we don't know their password there
    if not tenant.is_open or tenant.host is None or not target.key:
        return tenant
    headers = {target.tenancy.host_header: tenant.host, _KEY_HEADER: target.key}
    answer = await site.get(target.tenancy.config_route, seconds=_ANSWER_SECONDS, headers=headers)
    keys = [text for text in _texts(answer.json()) if text.startswith("pk_")]
    return tenant.replaced(key=keys[0] if keys and keys[0] != target.key else None)


@dataclass(slots=True)
class _Asking:
    """Asks cases, with one connection to each site and one session for each administrator."""

    target: Target
    tenants: dict[str, Tenant]
    stack: AsyncExitStack
    _sites: dict[str, Site] = field(default_factory=dict)
    _sessions: dict[str, str] = field(default_factory=dict)

    async def ask(self, asked: Asked) -> str:
        """The evidence. Raises Wrong, or LeftOut."""
        if asked.left_out:
            raise LeftOut(asked.left_out)
        case = asked.case
        request = self._described(case)
        page = await (self._page(case) if case.site == "storefront" else self._answer(case))
        if page.error and asked.silence_is_fine:
            return f"{request}: shows no store ({page.error})"
        problem = "; ".join(_problems(case, page))
        if problem:
            raise Wrong(f"{request}: {problem}", failure=case.failure, details=self.target.redact(page.text[:600]))
        return f"{request}: {_came(page)}"

    def _described(self, case: TenantCase) -> str:
        """The request in words."""
        host = self._host(case)
        if case.site == "storefront":
            return f"GET {address(self.target, host or '')}{case.path}"
        words = [f"GET {case.path.partition('?')[0]}", *([f"for {host}"] if host else [])]
        words += [f"as the administrator of {case.session}"] if case.session else []
        if self._key_of(case) is not None:
            owner = self._key_owner(case)
            words.append(f"with the key of {'the storefront' if owner == 'storefront' else owner}")
        return " ".join(words)

    def _host(self, case: TenantCase) -> str | None:
        tenant = self.tenants.get(case.host or "")
        return (tenant.host or next(iter(tenant.hosts), None)) if tenant else case.host

    def _key_owner(self, case: TenantCase) -> str:
        """Whose key: what the case says, else the tenant of the host, else the storefront's."""
        if case.key is not None:
            return case.key
        own = self.tenants.get(case.host or "")
        return own.slug if own and own.key else "storefront"

    def _key_of(self, case: TenantCase) -> str | None:
        owner = self._key_owner(case)
        if owner == "none":
            return None
        if owner == "storefront":
            if not self.target.key:
                raise LeftOut("cannot be asked without a publishable key of the storefront")
            return self.target.key
        if owner not in self.tenants:
            raise LeftOut(f"there is no tenant {owner}: rxlaunch tenants apply")
        key = self.tenants[owner].key
        if key is None:
            raise LeftOut(f"{owner} has no publishable key of its own")
        return key

    async def _answer(self, case: TenantCase) -> Page:
        headers, host, key = {}, self._host(case), self._key_of(case)
        if host:
            headers[self.target.tenancy.host_header] = host
        if key:
            headers[_KEY_HEADER] = key
        if case.session:
            headers["authorization"] = f"Bearer {await self._session(case.session)}"
        self.target.url("backend")
        site = await self._site("backend")
        return await site.send(Question(case.path, headers=headers), seconds=_ANSWER_SECONDS)

    async def _session(self, name: str) -> str:
        """The token of a tenant's administrator."""
        from launcher.state.secrets import Secrets

        here, tenant = self.target.on_this_machine(), self.tenants.get(name)
        password = Secrets(here.paths.secrets).get(ADMIN_SECRET)
        if tenant is None or not tenant.admin or not password or not self.target.tenancy.admin_login:
            raise LeftOut(f"no password of an administrator of {name} is known")
        if name not in self._sessions:
            body = {"email": tenant.admin, "password": password}
            site = await self._site("backend")
            page = await site.send(
                Question(self.target.tenancy.admin_login, "POST", json=body), seconds=_ANSWER_SECONDS
            )
            answer = page.json()
            token = answer.get("token") if isinstance(answer, dict) else None
            if page.error or page.status != 200 or not token:
                raise Wrong(f"the administrator of {name} cannot log in: {page}", failure="tenant-unresolved")
            self._sessions[name] = str(token)
        return self._sessions[name]

    async def _page(self, case: TenantCase) -> Page:
        """As a browser asks: by the host's own name, following redirects there."""
        host = self._host(case) or ""
        named = address(self.target, host)
        base, headers = self._reached(named, host)
        site, path = await self._site(base), case.path
        for _ in range(_REDIRECTS):
            page = await site.send(Question(path, headers=headers), seconds=_PAGE_SECONDS)
            location = page.headers.get("location") if 300 <= page.status < 400 else None
            if not location:
                return page
            there = urlsplit(urljoin(f"{named}{path}", location))
            if there.netloc != urlsplit(named).netloc:
                return Page(page.url, page.status, error=f"redirects to another host, {there.netloc}")
            path = f"{there.path}?{there.query}" if there.query else there.path
        return Page(named, error=f"redirects more than {_REDIRECTS} times")

    def _reached(self, named: str, host: str) -> tuple[str, dict[str, str]]:
        """The address that is connected to, and the headers: on this machine no resolver need know the name."""
        if self.target.here is None or host.endswith(".localhost"):
            return named, {}
        if named.startswith("https:"):
            raise LeftOut(f"{host} does not lead to this machine; names below .localhost do")
        return self.target.url("storefront"), {"host": urlsplit(named).netloc}

    async def _site(self, name: str) -> Site:
        if name not in self._sites:
            self._sites[name] = await self.stack.enter_async_context(self.target.open_site(name))
        return self._sites[name]


# --- judging ------------------------------------------------------------------------------------------------------


def _problems(case: TenantCase, page: Page) -> Iterator[str]:
    """What is not as the case wants it."""
    if page.error:
        yield page.error
        return
    expected = " or ".join(map(str, case.status)) or "an answer below 500"
    if page.status not in (case.status or range(500)):
        yield f"expected {expected}, came {_came(page)}"
        return
    text = html.unescape(page.text)
    lacking = [repr(each) for each in case.contains if each not in text and each not in page.text]
    if lacking:
        yield f"{page.status}, but it does not show {', '.join(lacking)}"
    if case.any_of and not any(each in text for each in case.any_of):
        yield f"{page.status}, but it shows none of {', '.join(case.any_of)}"
    shown = [repr(each) for each in case.lacks if each in text]
    if shown:
        yield f"{page.status}, and it shows {', '.join(shown)}, which it must not"
    yield from _wrong_fields(case, page)


def _wrong_fields(case: TenantCase, page: Page) -> Iterator[str]:
    body = page.json()
    for path, wanted in case.fields.items():
        found = _field(body, path)
        if found is None or str(found) != wanted:
            yield f"{path} is {found!r}, not {wanted!r}"
    goods = _handles(body)
    if case.products is not None and goods != sorted(case.products):
        yield f"it lists {_list(goods)}, not {_list(sorted(case.products))}"


def _came(page: Page) -> str:
    """The answer in a few words: its status, and what it says or lists."""
    body = page.json()
    goods = _handles(body)
    message = body.get("message") if isinstance(body, dict) else None
    if goods is not None and page.status == 200:
        return f"{page.status} with {_list(goods)}"
    return f"{page.status} ({message})" if message else f"{page.status}"


def _handles(body: Any) -> list[str] | None:
    products = body.get("products") if isinstance(body, dict) else None
    if not isinstance(products, list):
        return None
    return sorted(str(each.get("handle")) for each in products if isinstance(each, dict))


def _list(names: Sequence[str] | None) -> str:
    return ", ".join(names) if names else "no products"


def _field(body: Any, path: str) -> Any:
    for name in path.split("."):
        body = body.get(name) if isinstance(body, dict) else None
    return body if not isinstance(body, dict | list) else json.dumps(body)


def _texts(body: Any) -> Iterator[str]:
    """Every text of a JSON document."""
    if isinstance(body, str):
        yield body
    for each in body.values() if isinstance(body, dict) else body if isinstance(body, list) else ():
        yield from _texts(each)
