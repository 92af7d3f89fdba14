"""Action medusa-migrate: `medusa db:migrate`, skipped when neither the migrations nor the database changed.

A no-op db:migrate takes 17 s, so its inputs are fingerprinted together with the database's own identity: a restored
or recreated database has another one, and is migrated again.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from launcher.marketplace import database
from launcher.marketplace.fingerprint import ABSENT, file_digest, files_digest, text_digest, walk, why_stale
from launcher.marketplace.project import database_url, find_project, medusa_cli, services_env
from launcher.marketplace.surroundings import linked_packages, switches
from launcher.plan.step import Outcome, Run, Skip, StepContext, StepFailed

KEY = "medusa-migrate"


_TABLES = "its tables"


class MedusaMigrate:
    """Brings the database to the state that the code expects."""

    async def check(self, context: StepContext) -> Skip | Run:
        """Skip when inputs and database are those of the last good run."""
        url = database_url(context)
        if url is None:
            return Run("the database is not known yet")
        try:
            found = await database.identity(url)
        except database.Unreachable as error:
            return Run(f"its state is not known yet: {error.message}")
        inputs = await asyncio.to_thread(_inputs, context)
        lost = _lost_tables(context, found)
        stale = why_stale(context, KEY, _of_database({**inputs, _TABLES: _stored_tables(context)}, found))
        if stale is None and lost:
            return Run(f"{_listed(lost)} gone from the database")
        return Run(stale) if stale else Skip("migrations and database are unchanged")

    async def run(self, context: StepContext) -> Outcome:
        """Run the whole command: links can't be judged from files, and scripts may seed."""
        url = database_url(context)
        if url is None:
            raise StepFailed(
                "no database to migrate: DATABASE_URL is not set",
                remedy="set DATABASE_URL in .env, or let the stack bring a database (services.postgres)",
            )
        before = await database.identity(url)
        inputs = await asyncio.to_thread(_inputs, context)  # before the run: what changes meanwhile is not covered
        # Without a terminal, the question which removed links to drop would never be answered.
        argv = ["node", medusa_cli(context.cwd), "db:migrate", "--execute-safe-links"]
        result = await context.run(argv, env=services_env(context))
        if result.code != 0:
            raise StepFailed(
                f"medusa db:migrate ended with exit code {result.code}",
                remedy="the lines above name the migration; the database is left as that migration found it",
                tail=result.tail,
            )
        after = await database.identity(url)
        lost = _lost_tables(context, after)
        if lost and before.ledgers == after.ledgers:
            context.report(
                f"{_listed(lost)} still gone from the database: its migrations are recorded as done, so Medusa "
                "does not make it again; restore a dump, or start with an empty database"
            )
        context.fingerprints.put(KEY, _of_database({**inputs, _TABLES: ",".join(sorted(after.tables))}, after))
        changed = before.ledgers != after.ledgers
        return Outcome(note=f"{'migrated' if changed else 'nothing to migrate'} in {result.seconds:.0f} s")


def _of_database(inputs: dict[str, str], found: database.Identity) -> dict[str, str]:
    return {**inputs, "the database": found.cluster, "its migrations": found.ledgers}


def _stored_tables(context: StepContext) -> str:
    return (context.fingerprints.get(KEY) or {}).get(_TABLES, ABSENT)


def _lost_tables(context: StepContext, found: database.Identity) -> list[str]:
    """Tables that this database had after the last good run. More of them are nobody's concern: modules make some."""
    stored = context.fingerprints.get(KEY) or {}
    if stored.get("the database") != found.cluster:
        return []
    return sorted(set(stored.get(_TABLES, "").split(",")) - found.tables - {""})


def _listed(tables: list[str]) -> str:
    if len(tables) == 1:
        return f"table {tables[0]} is"
    return f"{len(tables)} tables ({', '.join(tables[:3])}{', …' if len(tables) > 3 else ''}) are"


def _inputs(context: StepContext) -> dict[str, str]:
    backend = context.cwd
    configs = list(backend.glob("medusa-config.*"))
    linked = linked_packages(backend, context.root)
    names = [*_migration_names(backend, context.root), *_in_linked(linked, _is_migration)]
    return {
        "lock file": file_digest(find_project(backend, context.root).lock),
        "migration files": text_digest(*sorted(names)),
        "links and models": text_digest(
            files_digest(backend, _schema_sources(backend)), *_in_linked(linked, _is_schema, digest=True)
        ),
        "medusa-config": files_digest(backend, configs),
        "settings of medusa-config": text_digest(*switches(configs, context.env)),
    }


def _in_linked(linked: Mapping[str, Path], wanted: Callable[[Path], bool], *, digest: bool = False) -> Iterator[str]:
    """The files of linked packages (a plugin in a workspace) that are wanted, by name or with their contents."""
    for name, top in linked.items():
        for path in walk(top):
            if wanted(path.relative_to(top)):
                text = f"{name}/{path.relative_to(top).as_posix()}"
                yield f"{text} {file_digest(path)}" if digest else text


def _is_migration(inside: Path) -> bool:
    return bool({"migrations", "migration-scripts"} & set(inside.parts))


def _is_schema(inside: Path) -> bool:
    return bool({"links", "models"} & set(inside.parts))


def _migration_names(backend: Path, root: Path) -> Iterator[str]:
    """Names, not contents: Medusa knows an applied migration by its name."""
    for above in (backend, *backend.parents):
        for folder in ("migrations", "migration-scripts"):
            yield from _names(above, (above / "node_modules" / "@medusajs").glob(f"*/dist/{folder}/*.js"))
        if above == root:
            break
    for path in walk(backend / "src"):
        if _is_migration(path.relative_to(backend)):
            yield path.relative_to(backend).as_posix()


def _names(above: Path, paths: Iterable[Path]) -> Iterator[str]:
    return (path.relative_to(above).as_posix() for path in paths)


def _schema_sources(backend: Path) -> Iterator[Path]:
    """The module links and the data models: a change may need a link table or a new migration."""
    for path in walk(backend / "src"):
        parts = path.relative_to(backend).parts
        if parts[1] == "links" or "models" in parts:
            yield path
