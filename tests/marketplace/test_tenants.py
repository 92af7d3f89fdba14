import asyncio
import base64
import json

import pytest

from launcher.marketplace.database import is_local
from launcher.marketplace.passwords import hashed, matches
from launcher.marketplace.tenants import Foreign, wanted
from launcher.marketplace.tenants_sql import SqlKeeper
from launcher.plan.step import StepFailed
from launcher.stack.tenants import TenancySpec, TenantSpec
from launcher.values import made
from tests.support.marketplace import connect

TABLES = """
alter table sales_channel add column description text, add column metadata jsonb;
create table product (id text primary key, handle text not null, status text not null default 'published',
  deleted_at timestamptz);
create table product_sales_channel (product_id text not null, sales_channel_id text not null, id text not null,
  deleted_at timestamptz, primary key (product_id, sales_channel_id));
create table sales_channel_stock_location (sales_channel_id text not null, stock_location_id text not null,
  id text not null, created_at timestamptz not null default now(), deleted_at timestamptz,
  primary key (sales_channel_id, stock_location_id));
create table auth_identity (id text primary key, app_metadata jsonb, deleted_at timestamptz);
create table provider_identity (id text primary key, entity_id text not null, provider text not null,
  auth_identity_id text not null references auth_identity (id), user_metadata jsonb, provider_metadata jsonb,
  deleted_at timestamptz, unique (entity_id, provider));
create table business (id text primary key, name text not null, slug text not null unique,
  status text not null check (status in ('pending', 'active', 'suspended')), is_active boolean not null default true,
  tagline text, primary_color text not null, settings jsonb, sales_channel_id text, publishable_api_key_id text,
  deleted_at timestamptz);
create table business_domain (id text primary key, domain text not null unique, is_primary boolean not null,
  is_verified boolean not null, verified_at timestamptz, business_id text not null references business (id),
  deleted_at timestamptz);
insert into product (id, handle) values ('p1', 'aspirin'), ('p2', 'bandage'), ('p3', 'cough-syrup'), ('p4', 'drops');
insert into product (id, handle, status) values ('p5', 'draft', 'draft');
insert into product_sales_channel (product_id, sales_channel_id, id) values ('p1', 'sc_default', 'l1');
insert into sales_channel_stock_location (sales_channel_id, stock_location_id, id) values ('sc_default', 'loc', 'l');
insert into business (id, name, slug, status, primary_color, sales_channel_id)
  values ('biz_seed', 'HealthFirst', 'healthfirst', 'active', '#0f766e', 'sc_default');
insert into business_domain (id, domain, is_primary, is_verified, business_id)
  values ('d1', 'healthfirst.localhost', true, true, 'biz_seed'), ('d2', 'later.localhost', false, false, 'biz_seed');
"""
TENANCY = TenancySpec(admin_login="/auth/tenant/emailpass")
NORTHWIND = TenantSpec(domain="northwind.localhost", aliases=("nw.localhost",), admin="owner@northwind.localhost")
CONTOSO = TenantSpec(domain="contoso.localhost", primary_color="#b45309", tagline="All of it", products=("drops",))
FABRIKAM = TenantSpec(domain="fabrikam.localhost", status="suspended", verified=False)
FIXTURES = {"northwind": NORTHWIND, "contoso": CONTOSO, "fabrikam": FABRIKAM}


@pytest.fixture
def shop(database, sql):
    with connect(database) as connection:
        connection.execute(TABLES)
    return Shop(database, sql)


class Shop:
    """A marketplace's database, and the fixtures in it."""

    def __init__(self, url, sql):
        self.url = url
        self.sql = sql
        self.keeper = SqlKeeper(url, TENANCY, "a password")

    def apply(self, fixtures=FIXTURES, tenancy=TENANCY, keeper=None):
        keeper = keeper or self.keeper
        tenants = wanted(fixtures, tenancy, asyncio.run(keeper.handles()))
        return {change.name: change.what for change in asyncio.run(keeper.apply(tenants))}

    def remove(self, *names):
        return {change.name: change.what for change in asyncio.run(self.keeper.remove(names or None))}

    def tenants(self):
        return {tenant.slug: tenant for tenant in asyncio.run(self.keeper.all())}

    def everything(self):
        """Every row of every table."""
        tables = self.sql("select tablename from pg_tables where schemaname = 'public' order by 1")
        return {table: sorted(map(str, self.sql(f'select * from "{table}"'))) for (table,) in tables}


def test_fixtures_are_made_once_and_then_left_alone(shop):
    assert shop.apply() == dict.fromkeys(FIXTURES, "made")
    made = shop.everything()
    assert shop.apply() == dict.fromkeys(FIXTURES, "unchanged")
    assert shop.everything() == made


def test_a_fixture_is_a_live_tenant_with_a_key_and_goods_of_its_own(shop):
    shop.apply()
    tenants = shop.tenants()
    northwind = tenants["northwind"]
    assert northwind.name == "Northwind"
    assert northwind.hosts == {"northwind.localhost": True, "nw.localhost": True}
    assert northwind.is_open
    assert northwind.products == ("aspirin", "bandage", "cough-syrup")  # its share; drops are contoso's
    assert northwind.admin == "owner@northwind.localhost"
    assert tenants["contoso"].products == ("drops",)
    assert tenants["fabrikam"].products == ()
    assert tenants["fabrikam"].host is None
    assert not tenants["fabrikam"].is_open
    assert len({tenant.key for tenant in tenants.values()}) == 4  # three of their own, and none for the seeded one
    ((settings, channel),) = shop.sql("select settings, sales_channel_id from business where slug = 'northwind'")
    assert settings["publishable_api_key_token"] == northwind.key
    assert shop.sql(
        "select k.type, k.salt, l.sales_channel_id from api_key k join publishable_api_key_sales_channel l "
        "on l.publishable_key_id = k.id where k.token = %s", northwind.key
    ) == [("publishable", "", channel)]  # fmt: skip
    assert shop.sql("select stock_location_id from sales_channel_stock_location where sales_channel_id = %s", channel)


def test_removing_leaves_every_table_as_it_was(shop):
    before = shop.everything()
    shop.apply()
    assert shop.everything() != before
    assert shop.remove() == dict.fromkeys(FIXTURES, "removed")
    assert shop.everything() == before
    assert shop.remove() == {}
    assert shop.remove("northwind") == {"northwind": "not there"}


def test_one_fixture_goes_and_the_others_stay(shop):
    shop.apply()
    assert shop.remove("contoso") == {"contoso": "removed"}
    assert set(shop.tenants()) == {"healthfirst", "northwind", "fabrikam"}


def test_whatever_an_administrator_did_to_a_fixture_goes_with_it(shop):
    before = shop.everything()
    shop.apply()
    shop.sql("update sales_channel set deleted_at = now(), name = 'Renamed' where metadata is not null")
    shop.sql("update business set deleted_at = now() where slug = 'northwind'")
    channel = shop.sql("select sales_channel_id from business where slug = 'contoso'")[0][0]
    shop.sql("insert into product_sales_channel values ('p5', %s, 'mine')", channel)
    assert shop.remove() == dict.fromkeys(FIXTURES, "removed")
    assert shop.everything() == before


def test_what_medusa_deleted_softly_counts_as_gone_and_is_cleared(shop):
    before = shop.everything()
    shop.apply()
    for table, ours in (
        ("business_domain", "business_id <> 'biz_seed'"), ("business", "id <> 'biz_seed'"),
        ("sales_channel", "metadata is not null"), ("api_key", "true"),
    ):  # fmt: skip
        shop.sql(f"update {table} set deleted_at = now() where {ours}")
    assert shop.apply() == dict.fromkeys(FIXTURES, "made")
    shop.remove()
    assert shop.everything() == before


@pytest.mark.parametrize(
    "harm",
    [
        "update business set name = 'Else' where slug = 'contoso'",
        "update business set is_active = false where slug = 'contoso'",
        "update business_domain set is_verified = false where domain = 'contoso.localhost'",
        "update api_key set revoked_at = now() where title = 'rxlaunch tenant contoso'",
        "delete from product_sales_channel where product_id = 'p4'",
        "delete from publishable_api_key_sales_channel",
    ],
)
def test_a_fixture_that_was_spoilt_is_put_right(shop, harm):
    shop.apply()
    shop.sql(harm)
    assert shop.apply()["contoso"] == "changed"
    assert shop.apply() == dict.fromkeys(FIXTURES, "unchanged")
    shop.remove()
    assert shop.sql("select count(*) from api_key") == [(0,)]


def test_what_the_stack_file_changes_is_changed_and_the_key_survives(shop):
    shop.apply()
    key = shop.tenants()["contoso"].key
    changed = CONTOSO.replaced(domain="www.contoso.localhost", status="suspended")
    assert shop.apply({"contoso": changed}) == {"contoso": "changed"}
    contoso = shop.tenants()["contoso"]
    assert (contoso.key, contoso.hosts, contoso.status) == (key, {"www.contoso.localhost": True}, "suspended")


@pytest.mark.parametrize(
    ("name", "spec", "why"),
    [
        ("another", TenantSpec(domain="healthfirst.localhost"), "the host healthfirst.localhost belongs to"),
        ("another", TenantSpec(domain="x.localhost", aliases=("later.localhost",)), "the host later.localhost"),
        ("healthfirst", TenantSpec(domain="x.localhost"), "the slug healthfirst belongs to"),
        ("another", TenantSpec(domain="x.localhost", admin="boss@shop.test"), "somebody else logs in as boss"),
    ],
)
def test_what_is_somebody_elses_is_never_taken(shop, name, spec, why):
    shop.sql("insert into auth_identity (id, app_metadata) values ('a1', '{\"user_id\": \"u1\"}')")
    shop.sql("insert into provider_identity values ('i1', 'boss@shop.test', 'emailpass', 'a1')")
    before = shop.everything()
    with pytest.raises(Foreign, match=why):
        shop.apply({"contoso": CONTOSO, name: spec})
    assert shop.everything() == before  # contoso, which would have been right, included


def test_a_tenant_that_somebody_put_on_a_fixtures_sales_channel_is_not_removed_with_it(shop):
    shop.apply()
    channel = shop.sql("select sales_channel_id from business where slug = 'contoso'")[0][0]
    shop.sql("update business set sales_channel_id = %s where slug = 'healthfirst'", channel)
    before = shop.everything()
    with pytest.raises(Foreign, match="biz_seed sells through the sales channel of the fixture contoso"):
        shop.remove()
    assert shop.everything() == before


def test_a_key_of_somebody_elses_on_a_fixtures_sales_channel_survives(shop):
    shop.apply()
    channel = shop.sql("select sales_channel_id from business where slug = 'contoso'")[0][0]
    shop.sql("insert into api_key (id, token, salt, redacted, title, type, created_by) values "
             "('mine', 'pk_mine', '', '', 'Mine', 'publishable', '')")  # fmt: skip
    shop.sql("insert into publishable_api_key_sales_channel values ('mine', %s, 'mine')", channel)
    shop.remove()
    assert shop.sql("select id from api_key") == [("mine",)]


def test_products_that_nobody_sells_are_told(shop):
    with pytest.raises(StepFailed, match=r"\[tenants.contoso\] products: no product is published as draft"):
        shop.apply({"contoso": CONTOSO.replaced(products=("draft",))})


def test_tables_of_other_names_are_used_and_missing_ones_are_told(shop):
    shop.sql("alter table business rename to clinic")
    shop.sql("alter table clinic rename column primary_color to colour")
    shop.sql("alter table clinic drop column tagline, add column country text not null default 'dk'")
    shop.sql("alter table clinic alter column country drop default")
    with pytest.raises(StepFailed, match="no table business, where"):
        shop.apply()
    tables = {"table": "clinic", "primary_color": "colour"}

    def tenancy(**more):
        return made(TenancySpec, {"business": tables | more})

    with pytest.raises(StepFailed, match="clinic has no column tagline"):
        shop.apply(keeper=SqlKeeper(shop.url, tenancy()))
    with pytest.raises(StepFailed, match="clinic needs a value for country"):
        shop.apply(keeper=SqlKeeper(shop.url, tenancy(tagline="")))
    fixtures = {"northwind": TenantSpec(domain="northwind.localhost")}
    keeper = SqlKeeper(shop.url, tenancy(tagline="", extra={"country": "se"}))
    assert shop.apply(fixtures, keeper=keeper) == {"northwind": "made"}
    assert shop.apply(fixtures, keeper=keeper) == {"northwind": "unchanged"}
    assert shop.sql("select country, colour from clinic where slug = 'northwind'") == [("se", "#0f766e")]


def test_the_password_of_a_tenants_administrator_is_kept_as_medusa_keeps_it(shop):
    shop.apply()
    ((email, metadata, meta),) = shop.sql(
        "select p.entity_id, p.provider_metadata, a.app_metadata from provider_identity p "
        "join auth_identity a on a.id = p.auth_identity_id"
    )
    assert email == "owner@northwind.localhost"
    assert meta["tenant_id"] == shop.tenants()["northwind"].id
    assert matches(metadata["password"], "a password")
    assert not matches(metadata["password"], "another password")
    assert "a password" not in json.dumps(metadata)
    shop.keeper = SqlKeeper(shop.url, TENANCY, "another password")
    assert shop.apply() == {"northwind": "changed", "contoso": "unchanged", "fabrikam": "unchanged"}


def test_a_hashed_password_has_the_form_of_scrypt():
    raw = base64.b64decode(hashed("secret", bytes(32)))
    assert len(raw) == 96
    assert raw[:16] == b"scrypt\x00\x0f\x00\x00\x00\x08\x00\x00\x00\x01"
    assert not matches("no base64 at all!", "secret")


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("postgres://m:p@127.0.0.1:5432/shop", True),
        ("postgres://m:p@localhost/shop", True),
        ("postgres://m:p@[::1]:5432/shop", True),
        ("postgres:///shop?host=/var/run/postgresql", True),
        ("postgres://m:p@db.example.com/shop", False),
        ("postgres://m:p@localhost/shop?host=db.example.com", False),
        ("postgres://m:p@localhost.example.com/shop", False),
    ],
)
def test_a_database_elsewhere_is_told_from_one_on_this_machine(url, local):
    assert is_local(url) is local
