"""Fixtures in a Medusa database: made and taken away, each time in one transaction.

A fixture is found again by the mark in its sales channel's metadata; whatever bears no mark is never changed.
"""

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from launcher.marketplace import database
from launcher.marketplace.database import shortened, ulid
from launcher.marketplace.passwords import hashed, matches
from launcher.marketplace.tenants import MARK, Change, Foreign, Tenant
from launcher.marketplace.tenants_rows import Rows
from launcher.stack.tenants import TenancySpec
from launcher.values import Value

if TYPE_CHECKING:
    from launcher.marketplace.database import Connection

T = TypeVar("T")
_LOCK = 7_310_552  # beside the one of database.py
_STOCK = "sales_channel_stock_location"
_TITLE = "rxlaunch tenant "  # and the fixture's name: the title of its key

_LINK_PRODUCTS = """
    insert into product_sales_channel (product_id, sales_channel_id, id)
    select id, %s, %s from product where handle = %s and deleted_at is null
"""
_LINK_STOCK = """
    insert into sales_channel_stock_location (sales_channel_id, stock_location_id, id)
    select %s, l.stock_location_id, %s from sales_channel_stock_location l
      join store on store.default_sales_channel_id = l.sales_channel_id
     where l.deleted_at is null and store.deleted_at is null order by l.created_at, l.id limit 1
"""
_OWN_KEYS = """
    select k.id from api_key k where k.title = %s and k.type = 'publishable' and not exists (
      select 1 from publishable_api_key_sales_channel l
       where l.publishable_key_id = k.id and l.sales_channel_id <> %s)
"""


class SqlKeeper(Value, frozen=True):
    """Keeps fixtures by SQL. `password` is that of their administrators."""

    url: str
    tenancy: TenancySpec
    password: str = ""

    async def handles(self) -> list[str]:
        """The handles of every published product, sorted."""
        query = "select handle from product where deleted_at is null and status = 'published' order by handle"
        return await self._ask(lambda at: [str(row[0]) for row in at.rows.connection.execute(query)])

    async def all(self) -> list[Tenant]:
        """Every tenant there is, fixtures included."""
        return await self._ask(lambda at: at.rows.tenants())

    async def fixtures(self) -> list[Tenant]:
        """The fixtures that are there."""
        return [tenant for tenant in await self.all() if tenant.fixture]

    async def apply(self, wanted: Sequence[Tenant]) -> list[Change]:
        """Make them so; what is right already is left alone. Ids and keys of a fixture survive its change."""
        return await self._ask(lambda at: [at.apply(tenant) for tenant in wanted])

    async def remove(self, names: Sequence[str] | None) -> list[Change]:
        """Take away what these fixtures left."""
        return await self._ask(lambda at: at.remove(names))

    async def _ask(self, question: "Callable[[_Fixtures], T]") -> T:
        def work(connection: "Connection") -> T:
            connection.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
            rows = Rows(connection, self.tenancy)
            rows.must_fit()
            return question(_Fixtures(rows, self.password))

        return await database.ask(self.url, work)


class _Ids(Value, frozen=True):
    """What a fixture keeps when it is changed."""

    channel: str
    key: str
    token: str
    business: str


class _Fixtures(Value, frozen=True):
    """The fixtures of one transaction."""

    rows: Rows
    password: str

    def apply(self, wanted: Tenant) -> Change:
        """Make one so."""
        name = wanted.fixture or wanted.slug
        tenants = self.rows.tenants()
        self._must_be_free(wanted, [each for each in tenants if each.fixture != name])
        kept = next((each for each in tenants if each.fixture == name), None)
        channels = self._channels(name)
        if kept and kept.decided == wanted.decided and kept.key and len(channels) == 1 and self._can_log_in(wanted):
            return Change(name, "unchanged", tuple(wanted.hosts))
        ids = self._ids(kept)
        for channel in channels:
            self._erase(name, channel)
        self._write(name, wanted, ids)
        return Change(name, "changed" if kept else "made", tuple(wanted.hosts))

    def remove(self, names: Sequence[str] | None) -> list[Change]:
        """Take them away, with whatever an administrator added to their sales channels."""
        there = sorted({mark for _, mark in self.rows.channels()})
        changes = []
        for name in there if names is None else names:
            for channel in self._channels(name):
                self._erase(name, channel)
            changes.append(Change(name, "removed" if name in there else "not there"))
        return changes

    # --- judging --------------------------------------------------------------------------------------------------

    def _must_be_free(self, wanted: Tenant, others: Sequence[Tenant]) -> None:
        name = wanted.fixture or wanted.slug
        for other in others:
            taken = sorted(set(wanted.hosts) & set(other.hosts))
            if taken or other.slug == wanted.slug:
                what = f"the host {taken[0]}" if taken else f"the slug {wanted.slug}"
                raise Foreign(
                    f"[tenants.{name}]: {what} belongs to the tenant {other.name}, which rxlaunch didn't make",
                    remedy="give the fixture another name and another domain",
                )
        if wanted.admin and self._identity_of(wanted.admin) not in {None, name}:
            raise Foreign(
                f"[tenants.{name}] admin: somebody else logs in as {wanted.admin}",
                remedy="give the fixture's administrator an address of their own",
            )

    def _identity_of(self, email: str) -> str | None:
        """Which fixture's administrator has this address; "" for somebody who is none, None for nobody."""
        row = self._one(
            "select coalesce(a.app_metadata ->> %s, '') from provider_identity p join auth_identity a "
            "on a.id = p.auth_identity_id where p.provider = 'emailpass' and p.entity_id = %s",
            (MARK, email),
        )
        return None if row is None else str(row)

    def _can_log_in(self, wanted: Tenant) -> bool:
        if not wanted.admin:
            return True
        stored = [each[3] for each in self.rows.identities() if each[2] == wanted.admin]
        return bool(stored and stored[0] and matches(stored[0], self.password))

    def _channels(self, name: str) -> list[str]:
        return [channel for channel, mark in self.rows.channels() if mark == name]

    def _ids(self, kept: Tenant | None) -> _Ids:
        fresh = _Ids(f"sc_{ulid()}", f"apk_{ulid()}", "pk_" + secrets.token_hex(32), self._business_prefix + ulid())
        if kept is None or kept.channel is None:
            return fresh
        key = self._one("select id from api_key where token = %s", (kept.key,)) if kept.key else None
        known = (str(key), str(kept.key)) if key else (fresh.key, fresh.token)
        return _Ids(kept.channel, *known, kept.id)

    @property
    def _business_prefix(self) -> str:
        return self.rows.tenancy.business.id_prefix

    # --- taking away ----------------------------------------------------------------------------------------------

    def _erase(self, name: str, channel: str) -> None:
        spec, domains = self.rows.tenancy.business, self.rows.tenancy.domains
        for business in self._businesses_of(name, channel):
            if self.rows.tenancy.admin_login:
                self._erase_admins(name, business)
            self._run(f'delete from "{domains.table}" where "{domains.business}" = %s', (business,))  # noqa: S608 - names are checked by the models
            self._run(f'delete from "{spec.table}" where "{spec.id}" = %s', (business,))  # noqa: S608 - as above
        keys = [str(row[0]) for row in self.rows.connection.execute(_OWN_KEYS, (_TITLE + name, channel))]
        for table in ("publishable_api_key_sales_channel", "product_sales_channel", _STOCK):
            if self.rows.columns(table):
                self._run(f"delete from {table} where sales_channel_id = %s", (channel,))  # noqa: S608 - constants
        for key in keys:
            self._run("delete from api_key where id = %s", (key,))
        self._run("delete from sales_channel where id = %s and metadata ->> %s = %s", (channel, MARK, name))

    def _businesses_of(self, name: str, channel: str) -> list[str]:
        """Those that sell through a fixture's channel; one that isn't marked was put there by somebody else."""
        spec = self.rows.tenancy.business
        mark = f'"{spec.settings}" ->> %s' if spec.settings else "%s"
        query = f'select "{spec.id}", {mark} from "{spec.table}" where "{spec.sales_channel}" = %s'  # noqa: S608 - as above
        found = self.rows.connection.execute(query, (MARK if spec.settings else name, channel)).fetchall()
        for business, marked in found:
            if marked != name:
                raise Foreign(
                    f"the tenant {business} sells through the sales channel of the fixture {name}, "
                    "and rxlaunch didn't make it",
                    remedy="give that tenant a sales channel of its own; then this works",
                )
        return [str(business) for business, _ in found]

    def _erase_admins(self, name: str, business: str) -> None:
        ours = "app_metadata ->> %s = %s and app_metadata ->> %s = %s"
        values = (MARK, name, f"{self.rows.tenancy.admin_actor}_id", business)
        self._run(
            f"delete from provider_identity where auth_identity_id in (select id from auth_identity where {ours})",  # noqa: S608 - constants
            values,
        )
        self._run(f"delete from auth_identity where {ours}", values)  # noqa: S608 - constants

    # --- making ---------------------------------------------------------------------------------------------------

    def _write(self, name: str, wanted: Tenant, ids: _Ids) -> None:
        mark = json.dumps({MARK: name})
        self._insert("sales_channel", {
            "id": ids.channel, "name": wanted.name, "description": f"made by rxlaunch: [tenants.{name}]",
            "metadata": mark,
        })  # fmt: skip
        self._insert("api_key", {
            "id": ids.key, "token": ids.token, "salt": "", "redacted": shortened(ids.token),
            "title": _TITLE + name, "type": "publishable", "created_by": "",
        })  # fmt: skip
        link = {"publishable_key_id": ids.key, "sales_channel_id": ids.channel, "id": f"pksc_{ulid()}"}
        self._insert("publishable_api_key_sales_channel", link)
        for handle in wanted.products:
            self._run(_LINK_PRODUCTS, (ids.channel, f"prodsc_{ulid()}", handle))
        if self.rows.columns(_STOCK):
            self._run(_LINK_STOCK, (ids.channel, f"scloc_{ulid()}"))
        self._insert_named(self.rows.tenancy.business.table, self._business(name, wanted, ids))
        for turn, (host, verified) in enumerate(wanted.hosts.items()):
            self._insert_named(self.rows.tenancy.domains.table, self._domain(ids, host, verified, first=turn == 0))
        if wanted.admin:
            self._write_admin(name, wanted.admin, ids)

    def _business(self, name: str, wanted: Tenant, ids: _Ids) -> dict[str, Any]:
        spec = self.rows.tenancy.business
        return {
            **spec.extra,
            spec.id: ids.business, spec.name: wanted.name, spec.slug: wanted.slug, spec.status: wanted.status,
            spec.is_active: wanted.is_active, spec.tagline: wanted.tagline, spec.primary_color: wanted.primary_color,
            spec.domain: next(iter(wanted.hosts)), spec.sales_channel: ids.channel, spec.publishable_key: ids.key,
            spec.settings: json.dumps({spec.settings_key: ids.token, MARK: name}),
        }  # fmt: skip

    def _domain(self, ids: _Ids, host: str, verified: bool, *, first: bool) -> dict[str, Any]:
        spec = self.rows.tenancy.domains
        row = {
            spec.id: spec.id_prefix + ulid(), spec.domain: host, spec.business: ids.business,
            spec.is_primary: first, spec.is_verified: verified,
        }  # fmt: skip
        return {**row, spec.verified_at: "now"} if verified else row

    def _write_admin(self, name: str, email: str, ids: _Ids) -> None:
        identity = f"authid_{ulid()}"
        meta = {f"{self.rows.tenancy.admin_actor}_id": ids.business, MARK: name}
        self._insert("auth_identity", {"id": identity, "app_metadata": json.dumps(meta)})
        stored = json.dumps({"password": hashed(self.password)})
        self._insert("provider_identity", {
            "id": f"provid_{ulid()}", "entity_id": email, "provider": "emailpass",
            "auth_identity_id": identity, "provider_metadata": stored,
        })  # fmt: skip

    def _insert_named(self, table: str, row: Mapping[str, Any]) -> None:
        """A row of the project's own tables: columns named "" don't exist."""
        values = {column: value for column, value in row.items() if column}
        self.rows.must_be_enough(table, values)
        self._insert(table, values)

    def _insert(self, table: str, values: Mapping[str, Any]) -> None:
        columns, marks = ", ".join(f'"{column}"' for column in values), ", ".join(["%s"] * len(values))
        self._run(f'insert into "{table}" ({columns}) values ({marks})', tuple(values.values()))  # noqa: S608 - names are constants or checked by the models

    def _run(self, query: str, values: Sequence[Any]) -> None:
        self.rows.connection.execute(query, values)

    def _one(self, query: str, values: Sequence[Any]) -> object:
        row = self.rows.connection.execute(query, values).fetchone()
        return row[0] if row else None
