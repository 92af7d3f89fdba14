"""Fixtures through Medusa's admin API, for marketplaces whose tenants only their own code may make.

Sales channels, keys and the links of products are Medusa's own; the tenant itself is made by the project's route
(`[tenancy.api] business`). Medusa deletes softly, so marked rows stay in the tables; nobody sees them any more.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from launcher.marketplace.medusa import Page, Question, Site, open_site
from launcher.marketplace.tenants import MARK, Change, Foreign, Tenant
from launcher.plan.step import StepFailed
from launcher.stack.tenants import TenancySpec
from launcher.values import Value

_SECONDS = 20.0
_PAGE = 100
_BUSINESS, _KEY, _TOKEN = "rxlaunch_business", "rxlaunch_key", "rxlaunch_token"  # in the channel's metadata


class ApiKeeper(Value, frozen=True):
    """Keeps fixtures as an administrator would. What fails halfway is taken away again."""

    backend: str
    tenancy: TenancySpec
    login: tuple[str, str] | None

    async def handles(self) -> list[str]:
        """The handles of every published product, sorted."""
        async with self._session() as admin:
            return sorted(await admin.products())

    async def fixtures(self) -> list[Tenant]:
        """The fixtures that are there, as far as their sales channels tell."""
        async with self._session() as admin:
            return [_tenant(channel) for channel in await admin.channels()]

    async def apply(self, wanted: Sequence[Tenant]) -> list[Change]:
        """Make them. One that is there is made anew when its sales channel tells of another."""
        async with self._session() as admin:
            return [await self._apply(admin, tenant) for tenant in wanted]

    async def remove(self, names: Sequence[str] | None) -> list[Change]:
        """Take them away."""
        async with self._session() as admin:
            channels = await admin.channels()
            there = sorted({_name(channel) for channel in channels})
            for channel in channels:
                if names is None or _name(channel) in names:
                    await self._erase(admin, channel)
        return [Change(name, "removed" if name in there else "not there") for name in (names or there)]

    async def _apply(self, admin: "_Admin", tenant: Tenant) -> Change:
        name, route = tenant.fixture or tenant.slug, self._route()
        kept = [channel for channel in await admin.channels() if _name(channel) == name]
        if len(kept) == 1 and _decided(kept[0]) == _wanted(tenant):
            return Change(name, "unchanged", tuple(tenant.hosts))
        for channel in kept:
            await self._erase(admin, channel)
        meta = {MARK: name, **_wanted(tenant)}
        channel = await admin.post("/admin/sales-channels", {"name": tenant.name, "metadata": meta}, "sales_channel")
        try:
            await self._fill(admin, tenant, channel, route)
        except StepFailed:
            found = [each for each in await admin.channels() if each["id"] == channel["id"]]
            for each in found:
                await self._erase(admin, each)
            raise
        return Change(name, "changed" if kept else "made", tuple(tenant.hosts))

    async def _fill(self, admin: "_Admin", tenant: Tenant, channel: dict[str, Any], route: str) -> None:
        where = f"/admin/sales-channels/{channel['id']}"
        title = f"rxlaunch tenant {tenant.slug}"
        key = await admin.post("/admin/api-keys", {"title": title, "type": "publishable"}, "api_key")
        kept = {**channel["metadata"], _KEY: key["id"], _TOKEN: key["token"]}
        await admin.post(where, {"metadata": kept}, "sales_channel")
        await admin.post(f"/admin/api-keys/{key['id']}/sales-channels", {"add": [channel["id"]]}, "api_key")
        ids = await admin.products()
        if tenant.products:
            await admin.post(f"{where}/products", {"add": [ids[each] for each in tenant.products]}, "sales_channel")
        made = await admin.post(route, self._body(tenant, channel["id"], key), self.tenancy.api.answer)
        await admin.post(where, {"metadata": {**kept, _BUSINESS: made["id"]}}, "sales_channel")

    def _body(self, tenant: Tenant, channel: str, key: dict[str, Any]) -> dict[str, Any]:
        """What the project's route gets: the columns of a tenant by their own names, and its hosts."""
        spec = self.tenancy.business
        hosts = [{"domain": host, "is_verified": verified} for host, verified in tenant.hosts.items()]
        body = {
            spec.name: tenant.name, spec.slug: tenant.slug, spec.status: tenant.status, spec.tagline: tenant.tagline,
            spec.primary_color: tenant.primary_color, spec.domain: next(iter(tenant.hosts)),
            spec.sales_channel: channel, spec.publishable_key: key["id"],
            spec.settings: {spec.settings_key: key["token"], MARK: tenant.slug}, self.tenancy.api.domains: hosts,
        }  # fmt: skip
        given = {field: value for field, value in body.items() if field and value is not None}
        return {**given, **self.tenancy.api.body}

    async def _erase(self, admin: "_Admin", channel: dict[str, Any]) -> None:
        meta = channel.get("metadata") or {}
        if _BUSINESS in meta:
            await admin.delete(f"{self._route()}/{meta[_BUSINESS]}")
        if _KEY in meta:
            await admin.ask(Question(f"/admin/api-keys/{meta[_KEY]}/revoke", "POST", json={}), fine=(404, 400))
            await admin.delete(f"/admin/api-keys/{meta[_KEY]}")
        await admin.delete(f"/admin/sales-channels/{channel['id']}")

    def _route(self) -> str:
        if self.tenancy.api.business is None:
            raise StepFailed(
                'tenants are kept by the admin API, and no route makes them: [tenancy] method = "admin-api"',
                remedy='[tenancy.api] business = "/admin/businesses", or [tenancy] method = "sql"',
            )
        return self.tenancy.api.business

    @asynccontextmanager
    async def _session(self) -> "AsyncIterator[_Admin]":
        if self.login is None:
            raise StepFailed(
                "tenants are made as the administrator, whose password is not known",
                remedy="set RXLAUNCH_ADMIN_EMAIL and RXLAUNCH_ADMIN_PASSWORD in the environment",
            )
        async with open_site(self.backend) as site:
            body = {"email": self.login[0], "password": self.login[1]}
            answer = _object(await site.send(Question("/auth/user/emailpass", "POST", json=body), seconds=_SECONDS))
            token = answer.get("token")
            if not token:
                raise StepFailed(
                    f"the administrator {self.login[0]} cannot log in",
                    remedy="correct RXLAUNCH_ADMIN_EMAIL and RXLAUNCH_ADMIN_PASSWORD",
                )
            yield _Admin(site, {"authorization": f"Bearer {token}"})


class _Admin(Value, frozen=True):
    """A logged-in administrator."""

    site: Site
    headers: dict[str, str]

    async def ask(self, question: Question, *, fine: Sequence[int] = ()) -> dict[str, Any]:
        """The answer. Raises StepFailed for one that is no success, unless it is `fine`."""
        question = Question(question.path, question.method, self.headers, question.json)
        page = await self.site.send(question, seconds=_SECONDS)
        if page.error or (page.status >= 300 and page.status not in fine):
            told = _object(page).get("message")
            kind = Foreign if page.status == 409 else StepFailed
            raise kind(
                f"{question.method} {page}" + (f": {told}" if told else ""), remedy="rxlaunch logs backend shows why"
            )
        return _object(page)

    async def post(self, path: str, body: dict[str, Any], answer: str) -> dict[str, Any]:
        """The object that the answer holds."""
        found = (await self.ask(Question(path, "POST", json=body))).get(answer)
        return found if isinstance(found, dict) else {}

    async def delete(self, path: str) -> None:
        """Delete it; gone already is fine."""
        await self.ask(Question(path, "DELETE"), fine=(404,))

    async def channels(self) -> list[dict[str, Any]]:
        """The sales channels that bear our mark."""
        every = await self._all("/admin/sales-channels?fields=id,name,metadata", "sales_channels")
        return [each for each in every if (each.get("metadata") or {}).get(MARK)]

    async def products(self) -> dict[str, str]:
        """Id by handle, of every published product."""
        every = await self._all("/admin/products?status[]=published&fields=id,handle", "products")
        return {str(each["handle"]): str(each["id"]) for each in every}

    async def _all(self, path: str, what: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            answer = await self.ask(Question(f"{path}&limit={_PAGE}&offset={len(found)}"))
            page = answer.get(what) or []
            found += page
            if not page or len(found) >= int(answer.get("count") or 0):
                return found


def _name(channel: dict[str, Any]) -> str:
    return str(channel["metadata"][MARK])


def _wanted(tenant: Tenant) -> dict[str, Any]:
    """What a stack file decides, for the metadata of a channel."""
    return {
        "rxlaunch_wanted": {
            "slug": tenant.slug, "name": tenant.name, "status": tenant.status, "color": tenant.primary_color,
            "tagline": tenant.tagline, "hosts": dict(tenant.hosts), "products": sorted(tenant.products),
        }
    }  # fmt: skip


def _decided(channel: dict[str, Any]) -> dict[str, Any]:
    return {"rxlaunch_wanted": channel["metadata"].get("rxlaunch_wanted")}


def _tenant(channel: dict[str, Any]) -> Tenant:
    meta = channel["metadata"]
    told = meta.get("rxlaunch_wanted") or {}
    return Tenant(
        slug=str(told.get("slug") or meta[MARK]), name=str(channel.get("name")), hosts=told.get("hosts") or {},
        status=str(told.get("status") or "active"), primary_color=told.get("color"), tagline=told.get("tagline"),
        products=tuple(told.get("products") or ()), key=meta.get(_TOKEN), fixture=_name(channel),
        id=str(meta.get(_BUSINESS, "")), channel=str(channel["id"]),
    )  # fmt: skip


def _object(page: Page) -> dict[str, Any]:
    body = page.json()
    return body if isinstance(body, dict) else {}
