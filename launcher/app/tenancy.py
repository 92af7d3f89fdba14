"""`rxlaunch tenants`: the fixtures of the stack file, made in the running stack's database, shown, taken away.

Which way they are kept is the stack file's choice (`[tenancy] method`). A database elsewhere is touched only when
that was asked for.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from launcher import native
from launcher.app.request import Request
from launcher.app.result import Result
from launcher.errors import Interrupted, UsageError

if TYPE_CHECKING:
    from launcher.checks.contract import Target
    from launcher.marketplace.tenants import Change, Keeper, Tenant

T = TypeVar("T")
_SIGNS = {"made": "+", "changed": "~", "unchanged": "=", "removed": "-", "not there": "="}


def apply(directory: Path, names: Sequence[str], *, remote_ok: bool) -> Result:
    """Make the fixtures (all: no names) as the stack file has them."""
    target = _target(directory)
    keeper = keeper_of(target, remote_ok=remote_ok)
    return _told(asyncio.run(_apply(target, keeper, names)), _hosts(target))


def remove(directory: Path, names: Sequence[str], *, remote_ok: bool) -> Result:
    """Take fixtures away (all that are there: no names), whether the stack file still names them or not."""
    keeper = keeper_of(_target(directory), remote_ok=remote_ok)
    changes = asyncio.run(keeper.remove(names or None))
    if not changes:
        return Result("there are no fixtures", {"tenants": []})
    return _told(changes, lambda _name: ())


def show(directory: Path) -> Result:
    """Every tenant of the running stack, and which of them are fixtures."""
    from launcher.checks import servers
    from launcher.marketplace.tenants_sql import SqlKeeper

    target = _target(directory)
    here = target.on_this_machine()
    tenants = asyncio.run(SqlKeeper(servers.database_url(here), target.tenancy).all())
    there = {tenant.fixture for tenant in tenants}
    missing = [name for name in target.tenants if name not in there]
    rows = [_row(tenant) for tenant in tenants]
    lines = [_line(tenant) for tenant in tenants] or ["there are no tenants"]
    lines += [f"· {name:<14} [tenants.{name}] is not applied: rxlaunch tenants apply" for name in missing]
    return Result("\n".join(lines), {"tenants": rows, "missing": missing})


@contextlib.asynccontextmanager
async def fixtures(target: "Target", *, remote_ok: bool = False) -> AsyncIterator[list[str]]:
    """While inside, the fixtures are there. Those that were made for it go afterwards, however it ends.

    Whatever asks us to stop cancels what runs inside; then the fixtures go, and Interrupted is raised.
    """
    keeper = keeper_of(target, remote_ok=remote_ok)
    heard: list[str] = []
    task = asyncio.current_task()

    def on_signal(name: str) -> None:
        heard.append(name)
        if task is not None and len(heard) == 1:
            task.cancel()

    with native.on_shutdown(asyncio.get_running_loop(), on_signal):
        made: list[str] = []
        try:
            changes = await _to_its_end(_apply(target, keeper, ()), made.extend)
            yield [change.name for change in changes]
        except asyncio.CancelledError:
            if not heard:
                raise
            code = 130 if heard[0] == "SIGINT" else 143
            raise Interrupted("interrupted; the fixtures are gone again", exit_code=code) from None
        finally:
            if made:
                await _to_its_end(keeper.remove(made))


async def _to_its_end(
    work: "Coroutine[Any, Any, list[Change]]", made: Callable[[list[str]], None] | None = None
) -> "list[Change]":
    """Do the whole of it, even when we are cancelled meanwhile: half of it would be left behind."""
    doing = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(doing)
    finally:
        changes = await doing
        if made is not None:
            made([change.name for change in changes if change.what == "made"])


def keeper_of(target: "Target", *, remote_ok: bool) -> "Keeper":
    """Who keeps the fixtures of this stack. Raises UsageError for a database that is somewhere else."""
    from launcher.checks import servers
    from launcher.marketplace import database
    from launcher.marketplace.tenants import ADMIN_SECRET
    from launcher.state.secrets import Secrets

    here = target.on_this_machine()
    url = servers.database_url(here)
    if not remote_ok and not database.is_local(url):
        raise UsageError(
            "the stack's database is not on this machine: tenants are not made there without being told to",
            remedy="if nobody else uses it: the same again with --remote-ok",
        )
    password = Secrets(here.paths.secrets).get_or_make(ADMIN_SECRET, 24)
    if target.tenancy.method == "admin-api":
        from launcher.marketplace.tenants_api import ApiKeeper

        return ApiKeeper(target.url("backend"), target.tenancy, target.login)
    from launcher.marketplace.tenants_sql import SqlKeeper

    return SqlKeeper(url, target.tenancy, password)


async def _apply(target: "Target", keeper: "Keeper", names: Sequence[str]) -> "list[Change]":
    from launcher.marketplace.tenants import wanted

    if not target.tenants:
        raise UsageError("the stack file has no tenants", remedy='[tenants.northwind] domain = "northwind.localhost"')
    unknown = [name for name in names if name not in target.tenants]
    if unknown:
        there = ", ".join(target.tenants)
        raise UsageError(f"the stack file has no tenant {', '.join(map(repr, unknown))}; there are {there}")
    everything = wanted(target.tenants, target.tenancy, await keeper.handles())
    return await keeper.apply([each for each in everything if not names or each.fixture in names])


def _target(directory: Path) -> "Target":
    from launcher.app.target import target

    return target(Request(directory), {})


def _told(changes: "Sequence[Change]", hosts: Callable[[str], Sequence[str]]) -> Result:
    lines = [f"{_SIGNS[each.what]} {each.name:<14} {each.what:<9}  {' '.join(hosts(each.name))}" for each in changes]
    rows = [{"name": each.name, "what": each.what.replace(" ", "-"), "hosts": list(each.hosts)} for each in changes]
    return Result("\n".join(line.rstrip() for line in lines), {"tenants": rows})


def _hosts(target: "Target") -> Callable[[str], Sequence[str]]:
    """Where people look at a fixture."""
    from launcher.checks.tenants import address

    return lambda name: [address(target, host) for host in target.tenants[name].hosts]


def _line(tenant: "Tenant") -> str:
    from launcher.marketplace.database import shortened

    state = tenant.status if tenant.is_active else f"{tenant.status}, not active"
    hosts = " ".join(host if verified else f"{host} (unverified)" for host, verified in tenant.hosts.items())
    key = shortened(tenant.key) if tenant.key else "no key of its own"
    mark = "●" if tenant.fixture else "·"
    goods = f"{len(tenant.products)} products"
    return f"{mark} {tenant.slug:<14} {state:<10} {tenant.name}: {hosts}; {goods}; {key}"


def _row(tenant: "Tenant") -> dict[str, Any]:
    return {
        "slug": tenant.slug, "name": tenant.name, "hosts": dict(tenant.hosts), "status": tenant.status,
        "is_active": tenant.is_active, "primary_color": tenant.primary_color, "tagline": tenant.tagline,
        "products": list(tenant.products), "publishable_key": tenant.key, "admin": tenant.admin,
        "fixture": tenant.fixture,
    }  # fmt: skip
