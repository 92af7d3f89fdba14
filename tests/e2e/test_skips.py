"""Work that would change nothing is skipped, and says so; work that would is done: kind by kind, and nothing else.

One boot in production mode for all: what each edit calls for is read from the plan of `up --dry-run`, which asks the
same questions of the same files and of the running database. One more boot does what damage calls for.
"""

import contextlib
import os
import shutil
from types import SimpleNamespace

import pytest

from launcher.marketplace.admin_build import lost_files
from tests.support.marketplace import connect

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.timeout(900)]
WORK = ("install", "storefront-install", "migrate", "seed", "admin-build", "publishable-key", "storefront-build")
PACKAGES = {"install", "storefront-install"}
BUILDS = {"admin-build", "storefront-build"}
ADMIN = ".medusa/server/public/admin/assets"
NODE = '#!/bin/sh\n[ "$1" = --version ] && echo v99.0.0 || exec {node} "$@"\n'


class Built:
    """The running marketplace, with everything built; .env names its database, else a dry run would ask none."""

    def __init__(self, market):
        self.market = market
        self.root = market.root
        self.database = market.json("env", "--reveal")["outputs"]["database_url"]["value"]
        self.named = f"DATABASE_URL={self.database}\n"

    def needs(self):
        """What would run now."""
        plan = self.market.plan("--mode", "production")
        return {name for name in WORK if not plan[name].startswith("skip: ")}

    def sql(self, statement):
        with connect(self.database) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else None


@pytest.fixture(scope="module")
def boot(market, cold):
    """A boot in production mode, after which every result is there. Other tests want the other mode: it is ended."""
    market.down()
    market.up("--mode", "production")
    yield SimpleNamespace(phases=market.phases())
    market.down()


@pytest.fixture(scope="module")
def built(market, boot):
    made = Built(market)
    with market.changed(".env", made.named):
        yield made


@contextlib.contextmanager
def appended(built, name):
    """While inside, a file has one more line that means nothing, or is there at all."""
    path = built.root / name
    with built.market.changed(name, (path.read_text() if path.exists() else "") + "\n"):
        yield


@contextlib.contextmanager
def moved_away(path):
    """While inside, a file or directory is gone."""
    aside = path.with_name(f".{path.name}.aside")
    path.rename(aside)
    try:
        yield
    finally:
        aside.rename(path)


def test_a_boot_after_a_boot_does_nothing_again(boot, market):
    work = {name: phase for name, phase in boot.phases.items() if name in WORK and name != "storefront-build"}
    assert work == dict.fromkeys(work, "skipped")
    assert all(market.json("status")["units"][name]["note"] for name in work)
    market.assert_healthy()


def test_at_first_nothing_is_to_be_done(built):
    assert built.needs() == set()


@pytest.mark.parametrize(
    ("file", "tasks"),
    [
        ("src/api/ready/route.ts", {"admin-build"}),
        ("src/admin/routes/businesses/page.tsx", {"admin-build"}),
        ("src/modules/business/migrations/Migration29990101000000.ts", {"migrate", "admin-build"}),
        ("src/modules/business/models/business.ts", {"migrate", "admin-build"}),
        ("medusa-config.ts", {"migrate", "admin-build"}),
        ("tsconfig.json", BUILDS),
        ("package-lock.json", {"install", "migrate", "admin-build"}),
        ("storefront/src/app/layout.tsx", {"storefront-build"}),
        ("storefront/next.config.ts", {"storefront-build"}),
        ("storefront/package-lock.json", {"storefront-install", "storefront-build"}),
        ("README.md", set()),
        ("storefront/README.md", set()),
        ("rxlaunch.toml", set()),
        ("launcher_assets/more.txt", set()),
    ],
)
def test_a_changed_file_calls_for_its_own_work_alone(built, file, tasks):
    with appended(built, file):
        assert built.needs() == tasks


@pytest.mark.parametrize(
    ("variable", "tasks"),
    [
        ("NEXT_PUBLIC_DEFAULT_REGION=se", {"storefront-build"}),
        ("NEXT_PUBLIC_NOBODY_READS_IT=1", set()),
        ("VITE_TITLE=Shop", {"admin-build"}),
        ("MEDUSA_FF_TRANSLATION=true", {"migrate", "admin-build"}),
        ("STRIPE_API_KEY=sk_1", set()),
    ],
)
def test_a_changed_variable_calls_for_work_where_it_is_written_into_a_result(built, variable, tasks):
    with built.market.changed(".env", f"{built.named}{variable}\n"):
        assert built.needs() == tasks


def test_another_node_calls_for_packages_and_builds(built, tmp_path, monkeypatch):
    real = shutil.which("node")
    (tmp_path / "node").write_text(NODE.format(node=real))
    (tmp_path / "node").chmod(0o755)
    monkeypatch.setitem(built.market.env, "PATH", f"{tmp_path}:{built.market.env['PATH']}")
    assert built.needs() == PACKAGES | BUILDS


@pytest.mark.parametrize(
    ("pattern", "tasks"),
    [
        (f"{ADMIN}/[a-h]*.js", {"admin-build"}),  # which the page does not name
        (f"{ADMIN}/*.css", {"admin-build"}),
        (".medusa/server/src/api/ready/*.js", {"admin-build"}),
        ("storefront/.next/static/chunks/*.js", {"storefront-build"}),
        ("storefront/.next/BUILD_ID", {"storefront-build"}),
        ("node_modules/typescript", {"install"}),
        ("storefront/node_modules/@types/node", {"storefront-install"}),
    ],
)
def test_a_deleted_result_calls_for_its_own_work_alone(built, pattern, tasks):
    with moved_away(min(built.root.glob(pattern))):
        assert built.needs() == tasks


def test_dates_count_for_nothing(built):
    for pattern in ("src/**/*", "storefront/src/**/*", "*.json", "*.ts", "storefront/*.json", ".medusa/server/**/*.js"):
        for path in built.root.glob(pattern):
            os.utime(path)
    assert built.needs() == set()


@pytest.mark.parametrize(
    ("done", "undone"),
    [
        ("alter table audit_log rename to elsewhere", "alter table elsewhere rename to audit_log"),
        (
            "update mikro_orm_migrations set name = name || 'x' where id = 1",
            "update mikro_orm_migrations set name = left(name, -1) where id = 1",
        ),
    ],
)
def test_a_database_that_is_not_as_it_was_left_is_migrated(built, done, undone):
    built.sql(done)
    try:
        assert built.needs() == {"migrate"}
    finally:
        built.sql(undone)


def test_after_all_that_nothing_is_to_be_done(built):
    assert built.needs() == set()


def test_an_older_dump_and_a_deleted_chunk_are_made_good_by_a_boot_and_nothing_else_is_done(built):
    ours = [path.stem for path in (built.root / "src/modules/business/migrations").glob("*.ts")]
    built.sql("drop table audit_log cascade")  # a dump from before the migration
    built.sql(f"delete from mikro_orm_migrations where name in ({', '.join(repr(name) for name in ours)})")
    chunk = min((built.root / ADMIN).glob("*.js"))
    chunk.unlink()
    built.market.down()
    with built.market.changed(".env", None):
        built.market.up("--mode", "production")
        phases = built.market.phases()
        assert {name for name in WORK if phases[name] != "skipped"} == {"migrate", "admin-build"}
        built.market.assert_healthy()
    assert built.sql("select to_regclass('audit_log')") != [(None,)]
    assert lost_files(built.root) == []
