import asyncio

import pytest

from launcher.marketplace.migrations import MedusaMigrate
from launcher.marketplace.seed import MedusaSeed
from launcher.plan.step import CommandResult, Run, Skip, StepFailed
from tests.support.marketplace import connect, free_port, write

CLI = "node_modules/@medusajs/cli/cli.js"
FILES = {
    "package.json": {"scripts": {"seed": "medusa exec ./src/scripts/seed.ts"}},
    "package-lock.json": {"a": 1},
    "medusa-config.ts": "export default {}",
    CLI: "",
    "node_modules/@medusajs/order/dist/migrations/Migration1.js": "",
    "node_modules/@medusajs/medusa/dist/migration-scripts/first.js": "",
    "src/modules/business/migrations/Migration2.ts": "",
    "src/modules/business/models/business.ts": "model",
    "src/migration-scripts/initial.ts": "",
    "src/links/product-business.ts": "link",
    "src/api/route.ts": "route",
    "src/scripts/seed.ts": "process.env.RXLAUNCH_ADMIN_EMAIL",
}


@pytest.fixture
def shop(context, database):
    write(context.root, FILES)
    context.outputs.update(database_url=database, redis_url="redis://127.0.0.1:1")
    context.env["DATABASE_URL"] = "postgres://wrong/one"
    return context


def check(kind, context):
    return asyncio.run(kind().check(context))


def run(kind, context):
    return asyncio.run(kind().run(context))


# --- migrate --------------------------------------------------------------------------------------------------------


def migrates(sql, name="Migration1"):
    def work(_argv, _env):
        sql("insert into mikro_orm_migrations (name) values (%s)", name)
        return CommandResult(0, (), 17.0)

    return work


def test_migrations_run_once_and_are_then_skipped(shop, sql):
    assert check(MedusaMigrate, shop) == Run("it was not done by rxlaunch yet")
    shop.does = migrates(sql)
    assert run(MedusaMigrate, shop).note == "migrated in 17 s"
    assert shop.ran == [["node", str(shop.root / CLI), "db:migrate", "--execute-safe-links"]]
    assert shop.environments[0]["DATABASE_URL"] == shop.outputs["database_url"]
    assert shop.environments[0]["REDIS_URL"] == "redis://127.0.0.1:1"
    assert check(MedusaMigrate, shop) == Skip("migrations and database are unchanged")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("package-lock.json", "lock file changed"),
        ("medusa-config.ts", "medusa-config changed"),
        ("src/links/product-business.ts", "links and models changed"),
        ("src/modules/business/models/business.ts", "links and models changed"),
        ("src/links/another.ts", "links and models changed"),
        ("src/modules/business/migrations/Migration3.ts", "migration files changed"),
        ("src/migration-scripts/second.ts", "migration files changed"),
        ("node_modules/@medusajs/order/dist/migrations/Migration9.js", "migration files changed"),
        ("node_modules/@medusajs/medusa/dist/migration-scripts/more.js", "migration files changed"),
    ],
)
def test_every_kind_of_input_leads_to_a_run(shop, name, reason):
    run(MedusaMigrate, shop)
    write(shop.root, {name: "changed"})
    assert check(MedusaMigrate, shop) == Run(reason)


@pytest.mark.parametrize("name", ["src/api/route.ts", "src/scripts/seed.ts", ".env", "README.md"])
def test_what_has_no_part_in_the_schema_leads_to_nothing(shop, name):
    run(MedusaMigrate, shop)
    write(shop.root, {name: "changed"})
    assert isinstance(check(MedusaMigrate, shop), Skip)


def test_migrations_applied_or_undone_by_somebody_else_lead_to_a_run(shop, sql):
    run(MedusaMigrate, shop)
    sql("insert into link_module_migrations (table_name) values ('x')")
    assert check(MedusaMigrate, shop) == Run("its migrations changed")


def test_the_dump_of_another_branch_leads_to_a_run_though_it_has_as_many_migrations(shop, sql):
    run(MedusaMigrate, shop)
    sql("insert into mikro_orm_migrations (name) values ('Migration1')")
    run(MedusaMigrate, shop)
    sql("update mikro_orm_migrations set name = 'MigrationOfAnotherBranch'")
    assert check(MedusaMigrate, shop) == Run("its migrations changed")


def test_a_table_that_is_gone_leads_to_a_run_and_a_table_more_does_not(shop, sql):
    run(MedusaMigrate, shop)
    sql("create table made_while_it_ran (id text)")
    assert isinstance(check(MedusaMigrate, shop), Skip)
    sql("drop table region")
    assert check(MedusaMigrate, shop) == Run("table region is gone from the database")
    run(MedusaMigrate, shop)
    assert "table region is still gone from the database" in shop.reports[0]
    shop.does = lambda *_: sql("create table region (id text)")
    sql("drop table store")
    run(MedusaMigrate, shop)
    assert "table store is still gone" in shop.reports[1]


def test_a_schema_that_was_dropped_whole_leads_to_a_run(shop, sql):
    run(MedusaMigrate, shop)
    sql("drop schema public cascade")
    sql("create schema public")
    assert check(MedusaMigrate, shop) == Run("its migrations changed")


@pytest.mark.parametrize(
    ("name", "value", "runs"),
    [
        ("MEDUSA_FF_TRANSLATION", "true", True),  # switches a module on
        ("STRIPE_KEY", "sk_1", True),  # brings a module in, by being there
        ("SMTP_HOST", "other", False),  # was there before
        ("WITH_INDEX", "false", True),  # says no, and said yes before
        ("NOBODY_READS_IT", "x", False),
    ],
)
def test_settings_that_switch_modules_lead_to_a_run(shop, name, value, runs):
    config = "process.env.STRIPE_KEY ? 1 : 0; process.env['SMTP_HOST']; process.env.WITH_INDEX === 'true'"
    write(shop.root, {"medusa-config.ts": config})
    shop.env.update(SMTP_HOST="one", WITH_INDEX="true")
    run(MedusaMigrate, shop)
    shop.env[name] = value
    found = check(MedusaMigrate, shop)
    assert found == Run("settings of medusa-config changed") if runs else isinstance(found, Skip)


def test_another_database_leads_to_a_run(shop, postgres):
    run(MedusaMigrate, shop)
    shop.outputs["database_url"] = postgres
    assert check(MedusaMigrate, shop) == Run("the database and its migrations changed")


def test_a_recreated_database_of_the_same_name_leads_to_a_run(shop, sql, database, postgres):
    run(MedusaMigrate, shop)
    name = database.rpartition("/")[2]
    with connect(postgres, autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")
        connection.execute(f"create database {name}")
    assert "the database" in check(MedusaMigrate, shop).reason


def test_a_failed_migration_is_told_and_not_remembered(shop):
    shop.does = lambda _argv, _env: CommandResult(1, ("relation is missing",), 3.0)
    with pytest.raises(StepFailed, match="exit code 1") as raised:
        run(MedusaMigrate, shop)
    assert raised.value.tail == ("relation is missing",)
    assert isinstance(check(MedusaMigrate, shop), Run)


def test_a_database_that_is_not_up_yet_is_work_for_later(shop):
    shop.outputs["database_url"] = f"postgres://u:s3cretpass@127.0.0.1:{free_port()}/d"
    assert "not known yet" in check(MedusaMigrate, shop).reason
    shop.outputs.clear()
    shop.env.clear()
    assert check(MedusaMigrate, shop) == Run("the database is not known yet")
    with pytest.raises(StepFailed, match="DATABASE_URL is not set"):
        run(MedusaMigrate, shop)


def test_a_missing_command_line_of_medusa_is_told(shop):
    (shop.root / CLI).unlink()
    with pytest.raises(StepFailed, match="command line is not installed"):
        run(MedusaMigrate, shop)


# --- seed -----------------------------------------------------------------------------------------------------------

EMAIL, PASSWORD = "admin@rxlaunch.local", "61646d696e5f70617373776f"  # what Context.secret gives


def seeds(sql, *, admin=True):
    def work(_argv, env):
        sql("insert into region values ('reg_1', 'Europe')")
        if admin:
            sql('insert into "user" values (%s, %s)', "user_1", env["RXLAUNCH_ADMIN_EMAIL"])
        return CommandResult(0, (), 8.0)

    return work


def test_an_empty_database_is_seeded_once_with_an_administrator(shop, sql):
    assert check(MedusaSeed, shop) == Run("the database has no region")
    shop.does = seeds(sql)
    done = run(MedusaSeed, shop)
    assert shop.ran == [["node", str(shop.root / CLI), "exec", "./src/scripts/seed.ts"]]
    assert shop.environments[0]["DATABASE_URL"] == shop.outputs["database_url"]
    assert done.outputs == {"admin_email": EMAIL, "admin_password": PASSWORD}
    assert done.secrets == {PASSWORD}
    assert not any(PASSWORD in part for argv in shop.ran for part in argv)
    assert check(MedusaSeed, shop) == Skip("1 region in the database already", done.outputs)


def test_data_that_somebody_else_made_is_left_alone_and_no_password_is_claimed(shop, sql):
    seeds(sql)([], {"RXLAUNCH_ADMIN_EMAIL": EMAIL})
    assert check(MedusaSeed, shop) == Skip("1 region in the database already")


def test_a_seed_that_makes_no_administrator_never_runs_twice(shop, sql):
    write(shop.root, {"src/scripts/seed.ts": "createRegions()"})
    shop.does = seeds(sql, admin=False)
    assert "no administrator" in run(MedusaSeed, shop).note
    assert "doesn't make one" in check(MedusaSeed, shop).reason


def test_a_seed_that_crashed_before_the_administrator_runs_again(shop, sql):
    seeds(sql, admin=False)([], {})
    assert check(MedusaSeed, shop) == Run("regions exist, but no administrator does")


def test_without_a_wish_for_an_administrator_regions_are_enough(shop, sql):
    shop.options["admin_email"] = ""
    seeds(sql, admin=False)([], {})
    assert isinstance(check(MedusaSeed, shop), Skip)


def test_a_project_without_a_seed_says_so(shop):
    write(shop.root, {"package.json": {"scripts": {}}})
    assert check(MedusaSeed, shop) == Skip("package.json has no seed script")


def test_any_other_seed_script_is_run_by_npm(shop):
    write(shop.root, {"package.json": {"scripts": {"seed": "tsx seed.ts && echo done"}}})
    run(MedusaSeed, shop)
    assert shop.ran[0][-2:] == ["run", "seed"]


def test_a_failed_seed_is_told(shop):
    shop.does = lambda _argv, _env: CommandResult(1, ("Countries are taken",), 3.0)
    with pytest.raises(StepFailed, match=r"medusa exec \./src/scripts/seed\.ts\) ended with exit code 1"):
        run(MedusaSeed, shop)


def test_an_unmigrated_database_counts_as_empty(shop, postgres):
    shop.outputs["database_url"] = postgres
    assert check(MedusaSeed, shop) == Run("the database has no region")
