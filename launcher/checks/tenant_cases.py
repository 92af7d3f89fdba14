"""The built-in cases of `check tenants`: what must hold of any tenants (runbook R18). Pure; asks nobody."""

from collections.abc import Iterator, Sequence

from launcher.checks.contract import Target
from launcher.marketplace.tenants import Tenant
from launcher.stack.tenants import TenantCase
from launcher.values import Value

NOBODY = "nobody-lives-here"
_CATALOGUE = "/store/products"
_LISTED = f"{_CATALOGUE}?fields=id,handle&limit=1000"
_CLOSED = (401, 403, 404)
_ADMIN_ROUTES = ("/admin/users/me", "/admin/products", "/admin/sales-channels")


class Asked(Value, frozen=True):
    """A case, or why it cannot be asked. Of some, no answer at all is a good answer."""

    case: TenantCase
    left_out: str | None = None
    silence_is_fine: bool = False


def built_in(target: Target, tenants: Sequence[Tenant], *, complete: bool) -> Iterator[Asked]:
    """Every case. `complete`: the tenants and their products are known from the database itself."""
    open_ones = [tenant for tenant in tenants if tenant.is_open and tenant.host]
    for tenant in open_ones:
        yield from _positive(target, tenant, tenants, complete=complete)
    if not open_ones:
        yield _missing("configuration", "there is no open tenant with a verified host: rxlaunch tenants apply")
    yield from _unknown(target, tenants)
    yield from _suspended(target, tenants)
    yield from _unverified(target, tenants)
    yield from _crossed(target, tenants)
    yield from _administrators(target, open_ones)
    yield from protected(target)


def _missing(name: str, why: str) -> Asked:
    return Asked(TenantCase(name=name), left_out=why)


def _positive(target: Target, tenant: Tenant, tenants: Sequence[Tenant], *, complete: bool) -> Iterator[Asked]:
    """A known host leads to its configuration, its branding, and its goods alone."""
    shown = tuple(text for text in (tenant.name, tenant.primary_color) if text)
    yield Asked(
        TenantCase(
            name=f"configuration {tenant.slug}", host=tenant.slug, key="storefront",
            path=target.tenancy.config_route, contains=(*shown, *((tenant.key,) if tenant.key else ())),
        )
    )  # fmt: skip
    yield Asked(
        TenantCase(
            name=f"branding {tenant.slug}", site="storefront", host=tenant.slug, contains=shown,
            any_of=tuple(map(_link, tenant.products)), lacks=tuple(map(_link, _of_others(tenant, tenants))),
        )
    )  # fmt: skip
    goods = tenant.products if complete or tenant.products else None
    case = TenantCase(
        name=f"catalogue {tenant.slug}", host=tenant.slug, key=tenant.slug, path=_LISTED, products=goods,
        failure="tenant-crossed",
    )  # fmt: skip
    yield Asked(case, left_out=None if tenant.key else "it has no publishable key of its own")


def _link(handle: str) -> str:
    return f'/products/{handle}"'


def _of_others(tenant: Tenant, tenants: Sequence[Tenant]) -> list[str]:
    """What only tenants with a sales channel of their own sell, and this one doesn't."""
    others = {handle for other in tenants if other.key for handle in other.products}
    return sorted(others - set(tenant.products)) if tenant.key else []


def _unknown(target: Target, tenants: Sequence[Tenant]) -> Iterator[Asked]:
    parents = [tenant.host.partition(".")[2] for tenant in tenants if tenant.host and "." in tenant.host]
    host = f"{NOBODY}.{parents[0] if parents else 'localhost'}"
    spec = target.tenancy
    yield Asked(
        TenantCase(
            name="unknown host", host=host, key="storefront", path=spec.config_route, status=spec.unknown_status,
            failure="tenant-open",
        )
    )  # fmt: skip
    yield Asked(_no_page("unknown host page", host, [tenant.name for tenant in tenants]), silence_is_fine=True)


def _no_page(name: str, host: str, names: Sequence[str]) -> TenantCase:
    """The storefront may say what it likes there, but shows no tenant."""
    return TenantCase(name=name, site="storefront", host=host, status=(), lacks=tuple(names), failure="tenant-open")


def _suspended(target: Target, tenants: Sequence[Tenant]) -> Iterator[Asked]:
    closed = [tenant for tenant in tenants if not tenant.is_open and tenant.host]
    if not closed:
        yield _missing("suspended", "no tenant with a verified host is suspended or inactive")
    spec = target.tenancy
    for tenant in closed:
        yield Asked(
            TenantCase(
                name=f"suspended {tenant.slug}", host=tenant.slug, key="storefront", path=spec.config_route,
                status=spec.suspended_status, failure="tenant-open",
            )
        )  # fmt: skip
        case = TenantCase(
            name=f"suspended {tenant.slug} catalogue", host=tenant.slug, key=tenant.slug, path=_LISTED,
            status=spec.suspended_status, failure="tenant-open",
        )  # fmt: skip
        yield Asked(case, left_out=None if tenant.key else "it has no publishable key of its own")
        yield Asked(_no_page(f"suspended {tenant.slug} page", tenant.host or "", [tenant.name]), silence_is_fine=True)


def _unverified(target: Target, tenants: Sequence[Tenant]) -> Iterator[Asked]:
    found = [(tenant, host) for tenant in tenants for host, verified in tenant.hosts.items() if not verified]
    if not found:
        yield _missing("unverified", "every tenant's hosts are verified")
    spec = target.tenancy
    for tenant, host in found:
        yield Asked(
            TenantCase(
                name=f"unverified {host}", host=host, key="storefront", path=spec.config_route,
                status=spec.unverified_status, failure="tenant-open",
            )
        )  # fmt: skip
        yield Asked(_no_page(f"unverified {host} page", host, [tenant.name]), silence_is_fine=True)


def _crossed(target: Target, tenants: Sequence[Tenant]) -> Iterator[Asked]:
    """One tenant's key on another's host: every host once, and every key."""
    pairs = list(_pairs(tenants))
    if not pairs:
        yield _missing("crossed", "no two tenants have sales channels and publishable keys of their own")
    for host, key in pairs:
        yield Asked(
            TenantCase(
                name=f"crossed {host.slug} with the key of {key.slug}", host=host.slug, key=key.slug, path=_LISTED,
                status=target.tenancy.crossed_status, failure="tenant-crossed",
            )
        )  # fmt: skip


def _pairs(tenants: Sequence[Tenant]) -> Iterator[tuple[Tenant, Tenant]]:
    """A host and somebody else's key; keys that sell something first, for what they show is seen."""
    hosts = [tenant for tenant in tenants if tenant.is_open and tenant.host]
    keys = sorted((tenant for tenant in tenants if tenant.key), key=lambda tenant: not tenant.products)
    unused = {tenant.slug for tenant in keys}
    for turn, host in enumerate(hosts):
        others = [key for key in keys if _strangers(host, key)]
        selling = [key for key in others if key.products] or others
        if selling:
            unused.discard(selling[turn % len(selling)].slug)
            yield host, selling[turn % len(selling)]
    for key in keys:
        host_of_another = next((host for host in hosts if _strangers(host, key)), None)
        if key.slug in unused and host_of_another:
            yield host_of_another, key


def _strangers(one: Tenant, other: Tenant) -> bool:
    return one.slug != other.slug and (one.channel != other.channel or not one.channel)


def _administrators(target: Target, tenants: Sequence[Tenant]) -> Iterator[Asked]:
    spec = target.tenancy
    known = [tenant for tenant in tenants if tenant.admin and tenant.fixture]
    if not (spec.admin_login and spec.admin_route and known):
        why = "no fixture has an administrator" if spec.admin_login else "tenants have none ([tenancy] admin_login)"
        yield _missing("administrator", why)
        return
    for tenant in known:
        own, name = _page_of(spec.admin_route, tenant), f"administrator {tenant.slug}"
        yield Asked(TenantCase(name=name, session=tenant.slug, key="none", path=own, contains=(tenant.name,)))
        for other in tenants:
            if other.slug != tenant.slug:
                yield Asked(
                    TenantCase(
                        name=f"{name} reading {other.slug}", session=tenant.slug, key="none", status=_CLOSED,
                        path=_page_of(spec.admin_route, other), failure="tenant-crossed",
                    )
                )  # fmt: skip
        yield Asked(
            TenantCase(
                name=f"{name} reading /admin/products", session=tenant.slug, key="none", path="/admin/products",
                status=_CLOSED, failure="admin-unprotected",
            )
        )  # fmt: skip
        yield Asked(_without_session(own))


def _page_of(route: str, tenant: Tenant) -> str:
    return route.replace("{slug}", tenant.slug).replace("{id}", tenant.id)


def protected(target: Target) -> Iterator[Asked]:
    """Nobody without a session reads what administrators read."""
    routes = [route for route in target.checks.routes if route.startswith("/admin")]
    for route in dict.fromkeys((*_ADMIN_ROUTES, *routes)):
        yield Asked(_without_session(route))


def _without_session(path: str) -> TenantCase:
    return TenantCase(name=f"protected {path}", key="none", path=path, status=(401, 403), failure="admin-unprotected")
