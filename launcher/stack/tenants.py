"""The tables of a stack file about tenants: fixtures, and how this marketplace keeps its tenants. No SQL lives here."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from msgspec import Meta

from launcher.stack.kinds import Flag, Model, Name, SqlName, Status

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"


Host = Annotated[
    str,
    Meta(
        pattern=rf"^{_LABEL}(?:\.{_LABEL})*\Z",
        max_length=253,
        description="a host name in lower case, without scheme, port and path",
    ),
]
Color = Annotated[str, Meta(pattern=r"^#[0-9a-fA-F]{6}\Z", description="a colour as #rrggbb")]
Column = Annotated[
    str,
    Meta(pattern=r"^([a-z_][a-z0-9_]{0,62})?\Z", description='a column\'s name, or "" where the table has none'),
]
SitePath = Annotated[
    str,
    Meta(pattern=r"^(?![\s\S]*(?:://|\.\.))/", description="a path of the site that begins with /, without .."),
]
Text = Annotated[str, Meta(min_length=1, description="text in quotes")]
Address = Annotated[str, Meta(pattern=r"^[^@\s]+@[^@\s]+\Z", description="an e-mail address")]
Handle = Annotated[str, Meta(pattern=r"^[^\s/,]+\Z", description="the handle of a product")]


class TenantSpec(Model, frozen=True):
    """`[tenants.NAME]`: a tenant that `rxlaunch tenants apply` makes; NAME becomes its slug."""

    domain: Host  # the host that leads to it
    aliases: tuple[Host, ...] = ()  # more hosts that do
    display_name: Text | None = None  # default: NAME with capitals
    status: Literal["active", "suspended", "pending"] = "active"
    verified: Flag = True  # whether its owner has proved that the hosts are theirs
    primary_color: Color = "#0f766e"
    tagline: str | None = None
    products: tuple[Handle, ...] | None = (
        None  # of the catalogue it sells; default: a share of it, as others get theirs
    )
    admin: Address | None = None  # address of an administrator of its own

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every host that leads to it, its own first."""
        return (self.domain, *self.aliases)

    @property
    def can_be_visited(self) -> bool:
        """Whether its host shows a shop."""
        return self.status == "active" and self.verified


class BusinessTable(Model, frozen=True):
    """`[tenancy.business]`: the table of tenants. A column named "" does not exist there."""

    table: SqlName = "business"
    id: SqlName = "id"
    name: Column = "name"
    slug: Column = "slug"
    status: Column = "status"
    is_active: Column = "is_active"
    tagline: Column = "tagline"
    primary_color: Column = "primary_color"
    domain: Column = ""  # where the table itself names a host
    settings: Column = "settings"  # jsonb; gets the publishable key
    settings_key: str = "publishable_api_key_token"  # under which name
    sales_channel: SqlName = "sales_channel_id"
    publishable_key: Column = "publishable_api_key_id"
    id_prefix: str = "biz_"
    extra: dict[SqlName, str | int | float | bool] = {}  # more columns that a row must have


class DomainTable(Model, frozen=True):
    """`[tenancy.domains]`: the table of their hosts."""

    table: SqlName = "business_domain"
    id: SqlName = "id"
    domain: SqlName = "domain"
    business: SqlName = "business_id"
    is_primary: Column = "is_primary"
    is_verified: Column = "is_verified"
    verified_at: Column = "verified_at"
    id_prefix: str = "bizdom_"


class ApiRoutes(Model, frozen=True):
    """`[tenancy.api]`: the project's own admin routes, for `method = "admin-api"`."""

    business: SitePath | None = None  # POST makes a tenant, DELETE of path/ID removes it
    answer: str = "business"  # the field of the answer that holds it
    domains: str = "domains"  # the field of the body that lists the hosts; "" where it takes none
    body: dict[str, str | int | float | bool] = {}  # more of the body


class TenantCase(Model, frozen=True):
    """`[[tenancy.cases]]`: a request, and what must come. Cases of your own are asked after the built-in ones."""

    name: Text
    site: Literal["backend", "storefront"] = "backend"
    host: str | None = None  # a host, or the name of a tenant, whose first host it is then
    key: str | None = None  # whose publishable key: a tenant's name, "storefront", "none"; default: the host's tenant's
    session: str | None = None  # of which tenant's administrator
    path: SitePath = "/"
    status: tuple[Status, ...] = (200,)  # none: any below 500
    contains: tuple[str, ...] = ()  # texts that the answer shows
    any_of: tuple[str, ...] = ()  # texts of which it shows at least one
    lacks: tuple[str, ...] = ()  # texts that it must not show
    fields: dict[str, str] = {}  # of a JSON answer: "tenant.name" = "Northwind"
    products: tuple[Handle, ...] | None = None  # of a JSON answer: exactly these
    failure: Literal["tenant-crossed", "tenant-unresolved", "tenant-open", "admin-unprotected"] = "tenant-unresolved"


class TenancySpec(Model, frozen=True):
    """`[tenancy]`: how this marketplace keeps its tenants, and how it answers."""

    method: Literal["sql", "admin-api"] = "sql"  # how fixtures are made
    business: BusinessTable = BusinessTable()
    domains: DomainTable = DomainTable()
    api: ApiRoutes = ApiRoutes()
    config_route: SitePath = "/store/tenant-config"
    host_header: str = "x-tenant-host"
    unknown_status: tuple[Status, ...] = (404,)  # of config_route, for a host that nobody knows
    unverified_status: tuple[Status, ...] = (404,)
    suspended_status: tuple[Status, ...] = (403, 404)
    crossed_status: tuple[Status, ...] = (400, 401, 403, 404)  # one tenant's key on another's host
    admin_login: SitePath | None = None  # where an administrator of a tenant logs in, with e-mail address and password
    admin_route: str | None = None  # what they may read of their own tenant alone; {slug} and {id} are filled in
    admin_actor: Name = "tenant"  # Medusa's actor type of such an administrator
    cases: tuple[TenantCase, ...] = ()


def share_out(fixtures: Mapping[str, TenantSpec], handles: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """What each fixture sells: what it names; of the rest, those that can be visited take turns.

    So no two catalogues are the same, and whatever is shown on the wrong host is seen to be wrong.
    """
    named = {handle for spec in fixtures.values() for handle in spec.products or ()}
    sharing = [name for name, spec in fixtures.items() if spec.products is None and spec.can_be_visited]
    rest = [handle for handle in handles if handle not in named]
    shares = {name: tuple(rest[turn :: len(sharing)]) for turn, name in enumerate(sharing)}
    return {name: shares.get(name, fixtures[name].products or ()) for name in fixtures}
