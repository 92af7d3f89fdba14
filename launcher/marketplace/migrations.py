"""Action medusa-migrate: `medusa db:migrate`, skipped when neither the migrations nor the database changed.

A no-op db:migrate takes 17 s, so its inputs are fingerprinted together with the database's own identity: a restored
or recreated database has another one, and is migrated again.
"""

import asyncio
from collections.abc import Iterable, Iterator
from pathlib import Path

from launcher.marketplace import database
from launcher.marketplace.fingerprint import file_digest, files_digest, text_digest, walk, why_stale
from launcher.marketplace.project import database_url, find_project, medusa_cli, services_env
from launcher.plan.step import Outcome, Run, Skip, StepContext, StepFailed

KEY = "medusa-migrate"


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
        stale = why_stale(context, KEY, {**inputs, "the database": found.cluster, "its migrations": found.ledgers})
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
        context.fingerprints.put(KEY, {**inputs, "the database": after.cluster, "its migrations": after.ledgers})
        changed = before.ledgers != after.ledgers
        return Outcome(note=f"{'migrated' if changed else 'nothing to migrate'} in {result.seconds:.0f} s")


def _inputs(context: StepContext) -> dict[str, str]:
    backend = context.cwd
    return {
        "lock file": file_digest(find_project(backend, context.root).lock),
        "migration files": text_digest(*sorted(_migration_names(backend, context.root))),
        "links and models": files_digest(backend, _schema_sources(backend)),
        "medusa-config": files_digest(backend, backend.glob("medusa-config.*")),
    }


def _migration_names(backend: Path, root: Path) -> Iterator[str]:
    """Names, not contents: Medusa knows an applied migration by its name."""
    for above in (backend, *backend.parents):
        for folder in ("migrations", "migration-scripts"):
            yield from _names(above, (above / "node_modules" / "@medusajs").glob(f"*/dist/{folder}/*.js"))
        if above == root:
            break
    for path in walk(backend / "src"):
        if {"migrations", "migration-scripts"} & set(path.relative_to(backend).parts):
            yield path.relative_to(backend).as_posix()


def _names(above: Path, paths: Iterable[Path]) -> Iterator[str]:
    return (path.relative_to(above).as_posix() for path in paths)


def _schema_sources(backend: Path) -> Iterator[Path]:
    """The module links and the data models: a change may need a link table or a new migration."""
    for path in walk(backend / "src"):
        parts = path.relative_to(backend).parts
        if parts[1] == "links" or "models" in parts:
            yield path
