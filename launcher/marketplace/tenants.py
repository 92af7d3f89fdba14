"""Tenants as values, and the fixtures among them: what the stack file wants, and who makes it so.

`tenants_sql.py` and `tenants_api.py` keep them; nothing here speaks to a database or a server.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from launcher.plan.step import StepFailed
from launcher.stack.tenants import TenancySpec, TenantSpec
from launcher.values import Value, field

MARK = "rxlaunch_tenant"  # in the metadata of a fixture's sales channel, and in whatever else has room for it
ADMIN_SECRET = "tenant_admin_password"  # noqa: S105 - the name under which it is generated


class Unusable(StepFailed):
    """What the stack file says of tenants does not fit this marketplace."""

    exit_code = 2


class Foreign(Unusable):
    """What a fixture would need belongs to somebody else: nothing was changed."""


class Tenant(Value, frozen=True):
    """One tenant: of the database (`id`), or as it should become."""

    slug: str
    name: str  # as people read it
    hosts: Mapping[str, bool]  # each with whether it is verified, its own first
    status: str = "active"
    is_active: bool = True
    primary_color: str | None = None
    tagline: str | None = None
    products: tuple[str, ...] = ()  # handles, sorted
    admin: str | None = None  # address of its own administrator
    key: str | None = None  # its publishable key, when that is usable and sells what the tenant sells
    fixture: str | None = None  # its name in the stack file, when we made it
    id: str = ""
    channel: str | None = field(default=None)  # the sales channel it sells through

    @property
    def is_open(self) -> bool:
        """Whether its shop is to be seen."""
        return self.is_active and self.status == "active"

    @property
    def host(self) -> str | None:
        """The first host that leads to it."""
        return next((host for host, verified in self.hosts.items() if verified), None)

    @property
    def decided(self) -> tuple[object, ...]:
        """What a stack file decides of it; two that are equal in this look the same."""
        named = (self.slug, self.name, self.status, self.primary_color, self.admin, self.tagline or "")
        return (*named, self.is_active, dict(self.hosts), sorted(self.products))


class Change(Value, frozen=True):
    """What became of a fixture."""

    name: str
    what: Literal["made", "changed", "unchanged", "removed", "not there"]
    hosts: tuple[str, ...] = ()


class Keeper(Protocol):
    """Makes fixtures, and takes them away again: each of them whole, or not at all."""

    async def handles(self) -> list[str]:
        """The handles of every published product, sorted."""
        ...

    async def fixtures(self) -> list[Tenant]:
        """The fixtures that are there."""
        ...

    async def apply(self, wanted: Sequence[Tenant]) -> list[Change]:
        """Make them so. Raises Foreign."""
        ...

    async def remove(self, names: Sequence[str] | None) -> list[Change]:
        """Take away what these fixtures left (all: None). Raises Foreign."""
        ...


def wanted(fixtures: Mapping[str, TenantSpec], tenancy: TenancySpec, handles: Sequence[str]) -> list[Tenant]:
    """The fixtures of a stack file as tenants. Raises Unusable for products that nobody sells."""
    from launcher.stack.tenants import share_out

    shares = share_out(fixtures, sorted(handles))
    for name, products in shares.items():
        unknown = sorted(set(products) - set(handles))
        if unknown:
            raise Unusable(
                f"[tenants.{name}] products: no product is published as {', '.join(unknown)}",
                remedy=f"there are {', '.join(sorted(handles)) or 'none: seed the database'}",
            )
    return [_wanted(name, spec, tenancy, shares[name]) for name, spec in fixtures.items()]


def _wanted(name: str, spec: TenantSpec, tenancy: TenancySpec, products: tuple[str, ...]) -> Tenant:
    return Tenant(
        slug=name,
        name=spec.display_name or name.replace("_", " ").replace("-", " ").title(),
        hosts=dict.fromkeys(spec.hosts, spec.verified),
        status=spec.status,
        primary_color=spec.primary_color,
        tagline=spec.tagline,
        products=tuple(sorted(products)),
        admin=spec.admin if tenancy.admin_login else None,
        fixture=name,
    )
