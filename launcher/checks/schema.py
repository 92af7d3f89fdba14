"""`check schema` (runbook R9): the database and Redis answer, and the database is what the code expects."""

from collections.abc import AsyncIterator
from functools import partial

from launcher.checks import servers
from launcher.checks.contract import Asking, Here, LeftOut, Target, Wrong, unasked
from launcher.findings import Finding

_MIGRATE = "rxlaunch up --fresh migrates again (or: npx medusa db:migrate, with DATABASE_URL set)"
_SHOWN = 10


async def check(target: Target) -> AsyncIterator[Finding]:
    """The servers, the columns of the stack file, pending migrations, regions."""
    columns = [f"column {name}" for name in target.checks.columns]
    try:
        here = target.on_this_machine()
    except LeftOut as reason:
        async for finding in unasked("schema", ["database", "redis", *columns, "migrations", "regions"], reason):
            yield finding
        return
    ask = Asking("schema")
    yield await ask("database", partial(servers.postgres, here))
    yield await ask("redis", partial(servers.redis, here))
    for name in target.checks.columns:
        yield await ask(f"column {name}", partial(_column, here, name), ("database",))
    yield await ask("migrations", partial(_migrations, here), ("database",))
    yield await ask("regions", partial(_regions, here), ("database",))


async def _column(here: Here, name: str) -> str:
    from launcher.marketplace import database

    table, dot, column = name.partition(".")
    if not dot or not table or not column:
        raise Wrong(f"{name!r} of [checks] columns is no column", remedy='write it as "table.column"')
    present = await database.columns_present(servers.database_url(here), [(table, column)])
    if (table, column) in present:
        return f"exists ({present[table, column]})"
    if present:
        raise Wrong(f"the column {name} does not exist", failure="missing-column", remedy=_MIGRATE)
    raise Wrong(f"the column {name} does not exist, nor its table", failure="missing-column", remedy=_MIGRATE)


async def _migrations(here: Here) -> str:
    backend = here.directories.get("backend")
    if backend is None:
        raise LeftOut("the stack file names no backend ([marketplace] backend)")
    from launcher.marketplace import ledger

    found = await ledger.pending(servers.database_url(here), backend, here.paths.root)
    missing = [*found.migrations, *(f"script {name}" for name in found.scripts)]
    if not missing:
        return f"none is pending, {found.applied} were applied"
    more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
    raise Wrong(
        f"{len(missing)} pending: {', '.join(missing[:_SHOWN])}{more}",
        failure="schema-behind",
        remedy=_MIGRATE,
        details="\n".join(missing) if more else "",
    )


async def _regions(here: Here) -> str:
    from launcher.marketplace import database

    have = await database.contents(servers.database_url(here), "")
    if have.regions:
        return f"{have.regions} in the database"
    raise Wrong(
        "the database has no region: the storefront cannot show a page",
        failure="no-regions",
        remedy="run the project's seed (`npm run seed`), or create a region in the admin",
    )
