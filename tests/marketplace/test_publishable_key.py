import asyncio
import re
import subprocess
import sys
import textwrap

import pytest

from launcher.marketplace import action
from launcher.marketplace import database as door
from launcher.marketplace.publishable_key import VARIABLE, PublishableKey
from launcher.plan.step import Run, Skip, StepFailed
from tests.support.marketplace import connect, free_port, write


@pytest.fixture
def shop(context, database):
    context.outputs["database_url"] = database
    return context


def check(context):
    return asyncio.run(PublishableKey().check(context))


def run(context):
    return asyncio.run(PublishableKey().run(context))


def insert_key(sql, token, *, channel="sc_default", revoked=None):
    sql(
        "insert into api_key (id, token, salt, redacted, title, type, created_by, revoked_at) "
        f"values (%s, %s, '', '', '', 'publishable', '', {revoked or 'null'})",
        f"apk_{token}",
        token,
    )
    if channel:
        sql("insert into publishable_api_key_sales_channel values (%s, %s, %s)", f"apk_{token}", channel, f"l_{token}")


def test_a_key_is_created_once_as_medusa_would_and_then_reused(shop, sql):
    assert check(shop) == Run("no usable key is linked to the sales channel")
    made = run(shop)
    token = made.outputs["publishable_key"]
    assert re.fullmatch(r"pk_[0-9a-f]{64}", token)
    assert token not in made.note
    assert sql("select token, salt, redacted, type, created_by, revoked_at from api_key") == [
        (token, "", f"{token[:6]}***{token[-3:]}", "publishable", "", None)
    ]
    ((key_id, channel, link),) = sql(
        "select publishable_key_id, sales_channel_id, id from publishable_api_key_sales_channel"
    )
    assert re.fullmatch(r"apk_[0-9A-HJKMNP-TV-Z]{26}", key_id)
    assert re.fullmatch(r"pksc_[0-9A-HJKMNP-TV-Z]{26}", link)
    assert channel == "sc_default"
    assert run(shop).outputs == made.outputs
    found = check(shop)
    assert isinstance(found, Skip)
    assert found.outputs == made.outputs
    assert token not in found.reason


def test_a_revoked_key_is_replaced_and_one_revoked_in_the_future_is_not(shop, sql):
    first = run(shop).outputs["publishable_key"]
    sql("update api_key set revoked_at = now() + interval '1 day'")
    assert run(shop).outputs["publishable_key"] == first
    sql("update api_key set revoked_at = now()")
    assert isinstance(check(shop), Run)
    second = run(shop).outputs["publishable_key"]
    assert second != first
    assert len(sql("select 1 from api_key")) == 2


@pytest.mark.parametrize(
    "spoil",
    [
        "update api_key set deleted_at = now()",
        "update publishable_api_key_sales_channel set deleted_at = now()",
        "update api_key set type = 'secret'",
    ],
)
def test_what_makes_a_key_unusable_leads_to_a_new_one(shop, sql, spoil):
    first = run(shop).outputs["publishable_key"]
    sql(spoil)
    assert run(shop).outputs["publishable_key"] != first


def test_many_launchers_at_once_make_one_key(shop, sql):
    async def all_at_once():
        return await asyncio.gather(*(door.ensure_key(shop.outputs["database_url"]) for _ in range(12)))

    keys = asyncio.run(all_at_once())
    assert len({key.token for key in keys}) == 1
    assert [key.created for key in keys].count(True) == 1
    assert len(sql("select 1 from api_key")) == 1


def test_without_the_lock_concurrent_launchers_would_make_several(shop, sql):
    """The negative control: the statement alone doesn't see what another transaction hasn't committed."""
    values = {"apk": "a", "link": "l", "token": "pk_a", "redacted": ""}
    with (
        connect(shop.outputs["database_url"]) as first,
        connect(shop.outputs["database_url"]) as second,
    ):
        first.execute(door._ENSURE, values)
        second.execute(door._ENSURE, {"apk": "b", "link": "m", "token": "pk_b", "redacted": ""})
        first.commit()
        second.commit()
    assert len(sql("select 1 from api_key")) == 2


def test_a_crash_at_any_point_never_leaves_a_third_key(shop, sql):
    program = textwrap.dedent("""
        import asyncio, os, sys
        from launcher.marketplace import database
        import psycopg
        where = sys.argv[2]
        if where == "before commit":
            psycopg.Connection.commit = lambda self: os._exit(9)
            psycopg.Connection.__exit__ = lambda self, *_: os._exit(9)
        asyncio.run(database.ensure_key(sys.argv[1]))
        os._exit(9)  # after the commit, before anybody saved the answer
    """)
    for where, expected in (("before commit", 0), ("after commit", 1), ("after commit", 1), ("before commit", 1)):
        died = subprocess.run([sys.executable, "-c", program, shop.outputs["database_url"], where], check=False)
        assert died.returncode == 9
        assert len(sql("select 1 from api_key")) == expected
    run(shop)
    assert len(sql("select 1 from api_key")) == 1


def test_the_users_own_key_is_used_when_it_is_usable(shop, sql):
    insert_key(sql, "pk_older")
    insert_key(sql, "pk_mine", channel="sc_other")
    shop.given[VARIABLE] = "pk_mine"
    found = check(shop)
    assert found.outputs == {"publishable_key": "pk_mine"}
    assert run(shop).outputs == {"publishable_key": "pk_mine"}
    assert shop.reports == []


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (None, "is not in this database"),
        ({"revoked": "now()"}, "is revoked"),
        ({"channel": None}, "is linked to no sales channel"),
    ],
)
def test_a_key_of_the_user_that_cannot_work_is_named_and_another_used(shop, sql, make, words):
    token = "pk_" + "7" * 64
    if make is not None:
        insert_key(sql, token, **make)
    insert_key(sql, "pk_good")
    shop.given[VARIABLE] = token
    assert check(shop).outputs == {"publishable_key": "pk_good"}
    (report,) = shop.reports
    assert words in report
    assert "is used instead" in report
    assert token not in report


@pytest.mark.parametrize("placeholder", ["pk_test", "PK_TEST", "", "  "])
def test_a_placeholder_is_no_key(shop, placeholder):
    shop.given[VARIABLE] = placeholder
    assert run(shop).outputs["publishable_key"].startswith("pk_")
    assert shop.reports == []


def test_a_disabled_default_channel_is_passed_over(shop, sql):
    sql("update sales_channel set is_disabled = true where id = 'sc_default'")
    run(shop)
    assert sql("select sales_channel_id from publishable_api_key_sales_channel") == [("sc_other",)]


@pytest.mark.parametrize("spoil", ["delete from sales_channel", "drop table api_key"])
def test_a_database_that_was_not_seeded_is_named(shop, sql, spoil):
    sql(spoil)
    assert isinstance(check(shop), Run)
    with pytest.raises(StepFailed, match="not seeded") as raised:
        run(shop)
    assert "seed" in raised.value.remedy


def test_a_database_that_does_not_answer_is_work_for_later_and_no_password_is_shown(context):
    context.outputs["database_url"] = f"postgres://medusa:s3cretpass@127.0.0.1:{free_port()}/shop"
    answer = check(context)
    assert isinstance(answer, Run)
    assert "s3cretpass" not in answer.reason
    with pytest.raises(StepFailed, match="does not answer") as raised:
        run(context)
    assert "s3cretpass" not in raised.value.message


def test_a_broken_database_url_is_told_without_being_shown(context):
    context.outputs["database_url"] = "postgres//s3cretpass@nowhere"
    with pytest.raises(StepFailed) as raised:
        run(context)
    assert "s3cretpass" not in str(raised.value)


def test_dry_runs_need_no_database(context):
    assert check(context) == Run("the database is not known yet")


def test_the_storefronts_cache_of_another_database_is_dropped_once(shop):
    shop.options["storefront"] = "storefront"
    cache = shop.root / "storefront/.next/cache/fetch-cache"
    write(shop.root, {"storefront/.next/cache/fetch-cache/old": "region ids of yesterday"})
    run(shop)
    assert not cache.exists()
    write(shop.root, {"storefront/.next/cache/fetch-cache/new": "ours"})
    assert isinstance(check(shop), Skip)
    run(shop)
    assert cache.exists()
    shop.fingerprints.put("storefront-cache", {"database": "another", "key": ""})
    assert check(shop) == Run("the storefront's cached answers may be those of another database or key")
    run(shop)
    assert not cache.exists()


@pytest.mark.parametrize("query", ["?schema=public", "?ssl=true&pool=5", "?sslmode=disable&pgbouncer=true"])
def test_parameters_that_only_node_understands_do_not_matter(shop, query):
    shop.outputs["database_url"] += query
    assert run(shop).outputs["publishable_key"]


def test_a_url_for_libpq_keeps_what_libpq_knows():
    assert door.libpq_url("postgres://u:p%40@h:1/d?sslmode=no-verify&x=y") == "postgres://u:p%40@h:1/d?sslmode=require"


def test_identities_differ_by_database_and_by_migrations(shop, sql, postgres):
    url = shop.outputs["database_url"]
    first = asyncio.run(door.identity(url))
    assert first == asyncio.run(door.identity(url))
    assert [ledger.rpartition(":")[0] for ledger in first.ledgers.split(",")] == ["0:0", "0:0", "0:0"]
    sql("insert into mikro_orm_migrations (name) values ('Migration1'), ('Migration2')")
    second = asyncio.run(door.identity(url))
    assert second.ledgers.startswith("2:2:")
    assert (second.cluster, second.tables) == (first.cluster, first.tables)
    sql("update mikro_orm_migrations set name = 'Migration3' where name = 'Migration2'")  # of another branch
    assert asyncio.run(door.identity(url)).ledgers not in {first.ledgers, second.ledgers}
    other = asyncio.run(door.identity(postgres))
    assert other.ledgers == "none,none,none"
    assert other.cluster != first.cluster


def test_a_role_that_may_not_see_the_clusters_number_gets_an_identity_all_the_same(database, postgres):
    with connect(database) as connection:
        connection.execute("drop role if exists plain")
        connection.execute("create role plain login password 'plainpassword'")
        connection.execute("revoke execute on function pg_control_system() from public")
        connection.execute("grant select on all tables in schema public to plain")
    plain = database.replace("medusa:right%20horse", "plain:plainpassword")
    found = asyncio.run(door.identity(plain))
    assert found.ledgers.startswith("0:0:")
    assert found == asyncio.run(door.identity(plain))
    assert found.cluster != asyncio.run(door.identity(postgres)).cluster


def test_what_a_role_may_not_do_is_told(database):
    with connect(database) as connection:
        connection.execute("drop role if exists reader")
        connection.execute("create role reader login password 'readpassword'")
        connection.execute("grant select on all tables in schema public to reader")
    reader = database.replace("medusa:right%20horse", "reader:readpassword")
    with pytest.raises(StepFailed, match="permission denied for table") as raised:
        asyncio.run(door.ensure_key(reader))
    assert "readpassword" not in raised.value.message


def test_identifiers_are_sortable_and_of_the_right_alphabet():
    made = [door.ulid() for _ in range(100)]
    assert len(set(made)) == 100
    assert all(re.fullmatch(r"[0-7][0-9A-HJKMNP-TV-Z]{25}", each) for each in made)


def test_an_unknown_action_names_those_there_are():
    with pytest.raises(KeyError, match=r"medusa-migrate.*publishable-key"):
        action("publishable-keys")
    assert isinstance(action("publishable-key"), PublishableKey)
