"""Pending migrations and missing columns by name, and `check schema`, on a real Postgres."""

import asyncio

import pytest

from launcher.checks.schema import check
from launcher.marketplace import ledger
from launcher.stack.checks import ChecksSpec
from tests.support.judged import asked, failed, here, left_out, target
from tests.support.marketplace import Web, free_port, write

OWN = "src/modules/business/migrations"
CREATES = (
    """this.addSql(`create table if not exists "audit_log" ("id" text not null, "updated_at" timestamptz null);`)"""
)


@pytest.fixture
def backend(tmp_path):
    """A checkout with a loaded module, one that is not, two that share a name, and the project's own."""
    packages = "node_modules/@medusajs"
    return write(
        tmp_path / "checkout",
        {
            "medusa-config.ts": 'modules: [{ resolve: "./src/modules/business" }]',
            f"{packages}/region/dist/migrations/Migration1.js": "",
            f"{packages}/region/dist/migrations/Migration2.js": "",
            f"{packages}/region/dist/migrations/Migration1.d.ts": "",
            f"{packages}/translation/dist/migrations/Migration9.js": "",
            f"{packages}/engine-a/dist/migrations/Shared.js": "",
            f"{packages}/engine-a/dist/migrations/MigrationA.js": "",
            f"{packages}/engine-b/dist/migrations/Shared.js": "",
            f"{packages}/engine-b/dist/migrations/MigrationB.js": "",
            f"{packages}/medusa/dist/migration-scripts/move.js": "",
            f"{OWN}/Migration7.ts": CREATES,
        },
    )


@pytest.fixture
def migrated(sql, backend):
    """Everything that is loaded has been applied."""
    for name in ("Migration1", "Migration2", "Shared", "MigrationA", "Migration7"):
        sql("insert into mikro_orm_migrations (name) values (%s)", name)
    sql("insert into script_migrations (script_name, finished_at) values ('move.js', now())")
    sql("create table audit_log (id text not null, updated_at timestamptz)")
    sql("insert into region (id, name) values ('r1', 'Europe')")


def pending(database, backend):
    return asyncio.run(ledger.pending(database, backend, backend))


def judge(database, backend, *columns):
    with Web() as web:
        mine = here(backend, web, outputs={"database_url": database})
        return asked(check, target(web, here=mine, checks=ChecksSpec(columns=columns)))


def test_a_database_that_has_had_everything_lacks_nothing(database, backend, migrated):
    found = pending(database, backend)
    assert (found.migrations, found.scripts, found.applied) == ((), (), 5)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Migration2", "region: Migration2"),
        ("Migration7", "src/modules/business: Migration7"),
    ],
)
def test_a_migration_that_was_not_applied_is_named_with_its_module(database, backend, migrated, sql, name, told):
    sql("delete from mikro_orm_migrations where name = %s", name)
    assert pending(database, backend).migrations == (told,)
    found = judge(database, backend)
    assert failed(found) == {"migrations": "schema-behind"}
    assert told in found["migrations"].evidence


def test_a_module_of_the_projects_own_that_is_not_configured_is_not_loaded(database, backend, migrated, sql):
    sql("delete from mikro_orm_migrations where name = 'Migration7'")
    (backend / "medusa-config.ts").write_text("modules: []")
    assert pending(database, backend).migrations == ()


def test_a_script_that_did_not_finish_is_pending(database, backend, migrated, sql):
    sql("update script_migrations set finished_at = null")
    assert pending(database, backend).scripts == ("move.js",)


# --- check schema -----------------------------------------------------------------------------------------------------


def test_a_schema_that_is_right_passes(database, backend, migrated):
    found = judge(database, backend, "audit_log.updated_at")
    assert failed(found) == {}
    assert left_out(found) == {"redis"}
    assert found["column audit_log.updated_at"].evidence == "exists (timestamp with time zone)"


def test_a_column_of_the_stack_file_that_was_dropped_is_named_once(database, backend, migrated, sql):
    sql("alter table audit_log drop column updated_at")
    found = judge(database, backend, "audit_log.updated_at")
    assert failed(found) == {"column audit_log.updated_at": "missing-column"}


def test_a_column_that_only_the_migrations_name_is_missed_too(database, backend, migrated, sql):
    sql("alter table audit_log drop column updated_at")
    found = judge(database, backend)
    assert failed(found) == {"columns": "missing-column"}
    assert "audit_log.updated_at" in found["columns"].evidence


def test_a_table_that_is_not_there_and_a_name_that_is_none_are_told(database, backend, migrated):
    assert failed(judge(database, backend, "nowhere.x")) == {"column nowhere.x": "missing-column"}
    assert failed(judge(database, backend, "nowhere")) == {"column nowhere": None}


def test_a_database_without_regions_is_told(database, backend, migrated, sql):
    sql("update region set deleted_at = now()")
    assert failed(judge(database, backend)) == {"regions": "no-regions"}


@pytest.mark.parametrize(
    ("url", "failure"),
    [
        (lambda _: f"postgres://medusa:x@127.0.0.1:{free_port()}/shop", "postgres-unreachable"),
        (lambda database: database.replace("right%20horse", "wrong"), "postgres-refuses"),
        (lambda database: f"{database}_gone", "postgres-refuses"),
    ],
)
def test_a_database_that_cannot_be_used_is_told_once(database, backend, url, failure):
    found = judge(url(database), backend, "audit_log.updated_at")
    assert failed(found) == {"database": failure}
    assert {"column audit_log.updated_at", "migrations", "regions"} <= left_out(found)


def test_a_redis_that_does_not_answer_is_told_and_nothing_else(database, backend, migrated):
    with Web() as web:
        outputs = {"database_url": database, "redis_url": f"redis://127.0.0.1:{free_port()}"}
        found = asked(check, target(web, here=here(backend, web, outputs=outputs)))
    assert failed(found) == {"redis": "redis-unreachable"}


def test_elsewhere_each_question_is_left_out_by_name():
    with Web() as web:
        found = asked(check, target(web, checks=ChecksSpec(columns=("a.b",))))
    assert left_out(found) == {"database", "redis", "column a.b", "columns", "migrations", "regions"}
