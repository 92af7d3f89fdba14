"""`check schema` (runbook R9): the database and Redis answer, and the database is what the code expects."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path

from launcher.checks import servers
from launcher.checks.contract import Asking, Here, LeftOut, Target, Wrong, unasked
from launcher.findings import Finding

_SHOWN = 10


async def check(target: Target) -> AsyncIterator[Finding]:
    """The servers, the columns of the stack file, pending migrations, regions."""
    columns = [f"column {name}" for name in target.checks.columns]
    try:
        here = target.on_this_machine()
    except LeftOut as reason:
        async for finding in unasked(
            "schema", ["database", "redis", *columns, "columns", "migrations", "regions"], reason
        ):
            yield finding
        return
    ask = Asking("schema")
    yield await ask("database", partial(servers.postgres, here))
    yield await ask("redis", partial(servers.redis, here))
    for name in target.checks.columns:
        yield await ask(f"column {name}", partial(_column, here, name), ("database",))
    yield await ask("columns", partial(_columns, here, target.checks.columns), ("database",))
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
    raise Wrong(f"the column {name} does not exist", failure="missing-column")


async def _columns(here: Here, asked: Sequence[str]) -> str:
    """Those of the stack file were asked for by name; these are all others."""
    from launcher.marketplace import columns

    tables = await asyncio.to_thread(columns.expected, _backend(here), here.paths.root)
    lacking = await columns.missing(servers.database_url(here), tables)
    missing = sorted(str(column) for column in lacking if str(column) not in asked)
    if missing:
        more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
        raise Wrong(f"missing: {', '.join(missing[:_SHOWN])}{more}", failure="missing-column")
    return f"the {sum(map(len, tables.values()))} that migrations define, as far as their tables exist"


async def _migrations(here: Here) -> str:
    from launcher.marketplace import ledger

    found = await ledger.pending(servers.database_url(here), _backend(here), here.paths.root)
    missing = [*found.migrations, *(f"script {name}" for name in found.scripts)]
    if not missing:
        return f"none is pending, {found.applied} were applied"
    more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
    raise Wrong(
        f"{len(missing)} pending: {', '.join(missing[:_SHOWN])}{more}",
        failure="schema-behind",
        details="\n".join(missing) if more else "",
    )


async def _regions(here: Here) -> str:
    from launcher.marketplace import database

    have = await database.contents(servers.database_url(here), "")
    if have.regions:
        return f"{have.regions} in the database"
    raise Wrong("the database has no region: the storefront cannot show a page", failure="no-regions")


def _backend(here: Here) -> Path:
    backend = here.directories.get("backend")
    if backend is None:
        raise LeftOut("the stack file names no backend ([marketplace] backend)")
    return backend
