"""Reading the tenants of a Medusa database: the project's own tables as `[tenancy]` names them, and Medusa's.

Nothing is changed here; `tenants_sql.py` writes. Connections are `database.py`'s business.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from launcher.marketplace.tenants import MARK, Tenant, Unusable
from launcher.stack.tenants import TenancySpec
from launcher.values import Value

if TYPE_CHECKING:
    from launcher.marketplace.database import Connection

_NO_COLUMNS = frozenset({"table", "settings_key", "id_prefix", "extra"})
_CHANNELS = "select id, metadata ->> %s from sales_channel where metadata ->> %s is not null order by created_at, id"
_CATALOGUES = """
    select l.sales_channel_id, p.handle from product_sales_channel l
      join product p on p.id = l.product_id and p.deleted_at is null and p.status = 'published'
     where l.deleted_at is null order by p.handle
"""
_KEYS = """
    select l.sales_channel_id, k.token from publishable_api_key_sales_channel l
      join api_key k on k.id = l.publishable_key_id
     where l.deleted_at is null and k.deleted_at is null and k.type = 'publishable'
       and (k.revoked_at is null or k.revoked_at > now())
     order by k.created_at, k.id
"""
_IDENTITIES = """
    select a.id, a.app_metadata, p.entity_id, p.provider_metadata ->> 'password' from auth_identity a
      join provider_identity p on p.auth_identity_id = a.id and p.provider = 'emailpass'
     where a.deleted_at is null and p.deleted_at is null and a.app_metadata ->> %s is not null
"""


class Rows(Value, frozen=True):
    """The tenants that one transaction sees."""

    connection: "Connection"
    tenancy: TenancySpec

    def must_fit(self) -> None:
        """The tables and columns of `[tenancy]` must exist, and want nothing that we couldn't give them."""
        spec = self.tenancy
        for label, table in (("business", spec.business), ("domains", spec.domains)):
            there = self.columns(table.table)
            if not there:
                raise Unusable(
                    f"the database has no table {table.table}, where this marketplace would keep its tenants",
                    remedy=f"name it: [tenancy.{label}] table = …; if the schema is behind: rxlaunch up --fresh",
                )
            named = {name for key, name in table.as_data().items() if key not in _NO_COLUMNS and name}
            missing = sorted(named - there.keys())
            if missing:
                raise Unusable(
                    f"the table {table.table} has no column {', '.join(missing)}",
                    remedy=f'[tenancy.{label}] names the columns; "" is one that does not exist',
                )

    def must_be_enough(self, table: str, given: Iterable[str]) -> None:
        """Raises Unusable for a column that must have a value and gets none."""
        lacking = sorted(name for name, required in self.columns(table).items() if required and name not in given)
        if lacking:
            raise Unusable(
                f"the table {table} needs a value for {', '.join(lacking)}",
                remedy="give one to every fixture: [tenancy.business] extra = { COLUMN = … }",
            )

    def columns(self, table: str) -> dict[str, bool]:
        """Each column, and whether it must be given."""
        rows = self.connection.execute(
            "select column_name, is_nullable = 'NO' and column_default is null and is_generated = 'NEVER' "
            "from information_schema.columns where table_schema = current_schema() and table_name = %s",
            (table,),
        )
        return {str(name): bool(required) for name, required in rows}

    def tenants(self) -> list[Tenant]:
        """Every tenant, by slug."""
        marks = dict(self.channels())
        goods, keys, hosts = self._grouped(_CATALOGUES), self._grouped(_KEYS), self._hosts()
        admins = {str(of): str(email) for _, of, email, _ in self.identities()}
        found = []
        for row in self._businesses():
            channel = row["sales_channel"]
            own = keys.get(channel, [])
            said = row["token"]
            own_host = {row["domain"]: True} if row["domain"] else {}
            found.append(
                Tenant(
                    slug=row["slug"] or row["id"], name=row["name"] or row["slug"] or row["id"],
                    hosts={**hosts.get(row["id"], {}), **own_host},
                    status=row["status"] or "active", is_active=row["is_active"] is not False,
                    primary_color=row["primary_color"], tagline=row["tagline"],
                    products=tuple(goods.get(channel, [])), admin=admins.get(row["id"]),
                    key=said if said in own else None, fixture=marks.get(channel),
                    id=row["id"], channel=channel,
                )
            )  # fmt: skip
        return found

    def channels(self) -> list[tuple[str, str]]:
        """The sales channels of fixtures, deleted ones too, each with the fixture's name."""
        return [(str(channel), str(mark)) for channel, mark in self.connection.execute(_CHANNELS, (MARK, MARK))]

    def _businesses(self) -> list[dict[str, Any]]:
        spec = self.tenancy.business
        roles = ("id", "name", "slug", "status", "is_active", "tagline", "primary_color", "domain", "sales_channel")
        columns = [f'b."{name}"' if (name := getattr(spec, role)) else "null" for role in roles]
        token = f'b."{spec.settings}" ->> %s' if spec.settings else "nullif(%s, '')"
        query = f'select {", ".join(columns)}, {token} from "{spec.table}" b where b.deleted_at is null order by 3, 1'  # noqa: S608 - names are checked by the stack file's models
        rows = self.connection.execute(query, (spec.settings_key if spec.settings else "",))
        return [dict(zip((*roles, "token"), row, strict=True)) for row in rows]

    def _hosts(self) -> dict[str, dict[str, bool]]:
        spec = self.tenancy.domains
        verified = f'"{spec.is_verified}"' if spec.is_verified else "true"
        first = f'"{spec.is_primary}" desc, ' if spec.is_primary else ""
        query = f'select "{spec.business}", "{spec.domain}", {verified} from "{spec.table}" where deleted_at is null order by {first}"{spec.id}"'  # noqa: S608, E501 - as above
        found: dict[str, dict[str, bool]] = {}
        for business, host, is_verified in self.connection.execute(query):
            found.setdefault(str(business), {})[str(host)] = bool(is_verified)
        return found

    def identities(self) -> list[tuple[str, str, str, str | None]]:
        """Administrators of tenants: id, of which tenant, address, hashed password."""
        if not self.tenancy.admin_login:
            return []
        actor = f"{self.tenancy.admin_actor}_id"
        rows = self.connection.execute(_IDENTITIES, (actor,))
        return [(str(id_), str(meta[actor]), str(email), stored) for id_, meta, email, stored in rows]

    def _grouped(self, query: str) -> dict[str | None, list[str]]:
        found: dict[str | None, list[str]] = {}
        for key, value in self.connection.execute(query):
            found.setdefault(str(key), []).append(str(value))
        return found
