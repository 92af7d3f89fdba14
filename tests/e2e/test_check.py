"""`rxlaunch check` on the real marketplace: all is well, and what is broken by hand is named, exactly that (R8-R11)."""

import contextlib
import json
from xml.etree import ElementTree as ET

import pytest

from tests.support.marketplace import connect
from tests.support.marketplaces import BOOT, get, until

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.timeout(900)]
ADMIN = ".medusa/server/public/admin"


def findings(done):
    """Verdict and failure of each finding, by its id."""
    return {one["id"]: one for one in json.loads(done.stdout)["rounds"][0]["findings"]}


def failed(market, *groups):
    """What fails, as which known failure; the exit code must say so too."""
    done = market.run("check", *groups, "-o", "json", timeout=300)
    found = {name: one["failure"] for name, one in findings(done).items() if one["verdict"] == "failed"}
    assert done.returncode == (16 if found else 0), done.stderr
    return found


@contextlib.contextmanager
def sql(market, change, undo):
    """While inside, the database is changed."""
    url = json.loads((market.state / "outputs.json").read_text())["database_url"]
    with connect(url, autocommit=True) as connection:
        connection.execute(change)
        try:
            yield
        finally:
            connection.execute(undo)


def test_all_is_well_by_every_report(running, tmp_path):
    files = ("--junit", str(tmp_path / "j.xml"), "--html", str(tmp_path / "r.html"))
    done = running.run("check", "env", "schema", "smoke", "admin", "baseline", "-o", "json", *files, timeout=BOOT)
    found = findings(done)
    assert {one["verdict"] for one in found.values()} == {"passed"}, done.stdout
    assert done.returncode == 0
    assert found["smoke.route /admin/custom/audit-logs"]["evidence"].startswith("answers 401 without a session, 200 to")
    assert "npm run check" in found["baseline.script"]["evidence"]
    suites = ET.parse(tmp_path / "j.xml").getroot()
    assert (suites.get("failures"), suites.get("skipped"), suites.get("tests")) == ("0", "0", str(len(found)))
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert '<svg class="waterfall"' in page
    assert "verify-storefront" in page
    shown = page + done.stdout + (tmp_path / "j.xml").read_text(encoding="utf-8")
    assert [name for name, value in running.secrets.items() if value in shown] == []


def test_a_deleted_file_of_the_admin_is_named(running):
    page = (running.root / ADMIN / "index.html").read_text()
    chunk = next((running.root / ADMIN / "assets").glob("login-*.js"))
    script = next(path for path in (running.root / ADMIN / "assets").glob("index-*.js") if path.name in page)
    for file, where in ((script, {"admin.files", "admin.served"}), (chunk, {"admin.chunks"})):
        with running.changed(str(file.relative_to(running.root)), None):
            assert failed(running, "schema", "smoke", "admin") == dict.fromkeys(where, "asset-missing")
    assert failed(running, "admin") == {}


def test_a_dropped_column_is_named(running):
    with sql(
        running,
        "alter table audit_log rename column updated_at to moved_away",
        "alter table audit_log rename column moved_away to updated_at",
    ):
        found = failed(running, "schema", "admin")
    assert found == {"schema.column audit_log.updated_at": "missing-column"}


def test_a_pending_migration_is_named(running):
    name = next((running.root / "src/modules/business/migrations").glob("Migration*.ts")).stem
    with sql(
        running,
        f"delete from mikro_orm_migrations where name = '{name}'",
        f"insert into mikro_orm_migrations (name) values ('{name}')",
    ):
        assert failed(running, "schema") == {"schema.migrations": "schema-behind"}


def test_a_revoked_key_is_named_and_what_hangs_on_it_is_left_out(running):
    with sql(
        running,
        "update api_key set revoked_at = now() where type = 'publishable'",
        "update api_key set revoked_at = null where type = 'publishable'",
    ):
        assert failed(running, "schema", "smoke", "admin") == {"smoke.key": "key-revoked"}
    assert failed(running, "smoke") == {}


def test_a_redis_that_is_gone_is_named_and_nothing_else(running):
    running.run("stop", "redis", check=0)
    try:
        found = failed(running, "schema", "smoke", "admin")
    finally:
        running.run("start", "redis", check=0)
    assert found == {
        "schema.redis": "redis-unreachable",
        "smoke.listener redis": None,
        "smoke.health": "redis-unreachable",
    }
    assert until(lambda: get(running.url("backend", "/ready")).status_code == 200)
    assert failed(running, "smoke") == {}


def test_the_running_stack_is_judged_as_a_deployment_by_its_addresses(running):
    urls = [part for name in ("backend", "storefront") for part in ("--url", f"{name}={running.url(name)}")]
    key = json.loads((running.state / "outputs.json").read_text())["publishable_key"]
    before = running.env
    running.env = {**before, "NEXT_PUBLIC_MEDUSA_PUBLISHABLE_KEY": key}
    try:
        found = findings(running.run("check", "env", "schema", "smoke", *urls, "-o", "json", check=0, timeout=300))
    finally:
        running.env = before
    left = {name for name, one in found.items() if one["verdict"] == "left-out"}
    assert {"schema.database", "smoke.listener backend", "smoke.login", "env.node"} <= left
    assert found["smoke.key"]["verdict"] == found["smoke.storefront"]["verdict"] == "passed"


def test_a_stack_that_is_stopped_is_told_and_its_environment_is_checked(warm):
    assert warm.run("check").returncode == 3
    assert failed(warm, "env") == {}
