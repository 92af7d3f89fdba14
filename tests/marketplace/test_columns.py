"""Which columns migrations leave behind, read from SQL as Medusa's generator and people write it; and adding one."""

import asyncio

import pytest

from launcher.marketplace import columns
from tests.support.marketplace import write

FIRST = """
export class Migration1 extends Migration {
  override async up(): Promise<void> {
    this.addSql(`create table if not exists "shop" ("id" text not null, "kind" text check ("kind" in ('a', 'b'))
      not null default 'a', "made_at" timestamptz not null default now(), constraint "shop_pkey" primary key ("id"));`);
    this.addSql(`alter table if exists "shop" add column if not exists "price" numeric(10, 2) null,
      add column "note" text not null default 'none, yet';`)
  }
  override async down(): Promise<void> { this.addSql(`alter table "shop" add column "never" text;`) }
}
"""
SECOND = """
class Migration2 { async up() {
    this.addSql('alter table if exists "shop" rename column "note" to "remark";');
    this.addSql('alter table "shop" add column "size" text default \\'l\\';');
    this.addSql('alter table if exists "shop" drop column if exists "price";');
    this.addSql("create table \\"gone\\" (\\"id\\" text);"); this.addSql('drop table if exists "gone" cascade;');
    this.addSql('alter table "shop" alter column "kind" type text; alter table "elsewhere" add column "x" text;');
} async down() {} }
"""


@pytest.fixture
def project(tmp_path):
    write(tmp_path, {"src/modules/shop/migrations/Migration1.ts": FIRST})
    write(tmp_path, {"src/modules/shop/migrations/Migration2.ts": SECOND})
    return tmp_path


def test_what_is_left_after_all_migrations_is_expected(project):
    assert columns.expected(project, project) == {
        "shop": {
            "id": "text not null",
            "kind": "text check (\"kind\" in ('a', 'b')) not null default 'a'",
            "made_at": "timestamptz not null default now()",
            "remark": "text not null default 'none, yet'",
            "size": "text default 'l'",
        }
    }


def test_the_modules_of_medusa_count_too(project):
    module = 'async up() { this.addSql("create table if not exists \\"cart\\" (\\"id\\" text not null);") }'
    write(project, {"node_modules/@medusajs/cart/dist/migrations/Migration9.js": module})
    assert columns.expected(project, project)["cart"] == {"id": "text not null"}


def test_what_the_database_lacks_is_found_and_added_as_it_was_defined(project, empty_database):
    asyncio.run(_execute(empty_database, "create table shop (id text not null, remark text)"))
    tables = {**columns.expected(project, project), "never_made": {"id": "text"}}
    lacking = asyncio.run(columns.missing(empty_database, tables))
    assert sorted(map(str, lacking)) == ["shop.kind", "shop.made_at", "shop.size"]
    asyncio.run(columns.add(empty_database, lacking))
    assert asyncio.run(columns.missing(empty_database, tables)) == []
    asyncio.run(_execute(empty_database, "insert into shop (id) values ('1')"))


def test_a_column_that_existing_rows_forbid_is_added_neither_alone_nor_with_others(project, empty_database):
    from launcher.plan.step import StepFailed

    asyncio.run(_execute(empty_database, "create table shop (remark text); insert into shop values ('x')"))
    tables = columns.expected(project, project)
    with pytest.raises(StepFailed, match='"id"'):
        asyncio.run(columns.add(empty_database, asyncio.run(columns.missing(empty_database, tables))))
    assert len(asyncio.run(columns.missing(empty_database, tables))) == 4


async def _execute(url, statements):
    from launcher.marketplace import database

    await database.ask(url, lambda connection: connection.execute(statements))
