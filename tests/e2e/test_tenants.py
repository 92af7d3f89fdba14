"""Tenants of the stack file on the real sample: made, judged, taken away; and what is seen when nobody guards them."""

import signal
import subprocess

import pytest

from tests.support.marketplace import connect

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.timeout(900)]
FIXTURES = ["northwind", "contoso", "fabrikam", "woodgrove"]


def rows(market):
    """How many rows each table has."""
    url = market.json("env", "--reveal")["outputs"]["database_url"]["value"]
    with connect(url) as connection:
        tables = connection.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
        return {name: connection.execute(f'select count(*) from "{name}"').fetchone()[0] for (name,) in tables}


def changes(market, *arguments):
    """What became of each fixture."""
    return {each["name"]: each["what"] for each in market.json("tenants", *arguments)["tenants"]}


def judged(market, *arguments, code=0):
    """The findings of the tenants, by name."""
    document = market.json("check", "tenants", *arguments, check=code)
    return {each["name"]: each for each in document["rounds"][0]["findings"]}


def names(findings, verdict):
    """The names of the findings with this verdict."""
    return {name for name, found in findings.items() if found["verdict"] == verdict}


def test_fixtures_are_made_judged_and_leave_nothing_behind(running):
    running.json("tenants", "remove")
    before = rows(running)
    assert changes(running, "apply") == dict.fromkeys(FIXTURES, "made")
    assert changes(running, "apply") == dict.fromkeys(FIXTURES, "unchanged")
    listed = {each["slug"]: each for each in running.json("tenants", "list")["tenants"]}
    assert {name for name, each in listed.items() if each["fixture"]} == set(FIXTURES)
    assert {"healthfirst", "careplus"} <= listed.keys()
    assert not set(listed["northwind"]["products"]) & set(listed["contoso"]["products"])
    findings = judged(running)
    assert names(findings, "failed") == set()
    assert {
        "configuration northwind", "branding northwind", "catalogue northwind", "branding contoso",
        "unknown host", "unknown host page", "suspended fabrikam", "suspended fabrikam page",
        "unverified woodgrove.localhost", "crossed northwind with the key of contoso",
        "administrator northwind", "administrator northwind reading contoso",
        "administrator northwind reading /admin/products", "protected /admin/users/me",
    } <= names(findings, "passed")  # fmt: skip
    assert changes(running, "remove") == dict.fromkeys(FIXTURES, "removed")
    assert rows(running) == before


def test_without_fixtures_the_tenants_of_the_seed_are_judged(running):
    findings = judged(running)
    assert {"branding healthfirst", "branding careplus", "unverified pending.localhost"} <= names(findings, "passed")
    assert {"suspended", "crossed", "administrator"} <= names(findings, "left-out")


def test_fixtures_of_an_interrupted_check_are_gone(running):
    before = rows(running)
    command = [*running.command, "check", "tenants", "--with-fixtures"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(command, cwd=running.root, env=running.env, **pipes) as checking:
        assert "tenants." in checking.stdout.readline()
        assert rows(running) != before
        checking.send_signal(signal.SIGTERM)
        assert "the fixtures are gone again" in checking.stdout.read()
    assert checking.returncode == 143
    assert rows(running) == before


def test_the_admin_api_makes_the_same_tenants(running):
    before = rows(running)
    file = running.root / "rxlaunch.toml"
    text = file.read_text().replace("[tenancy]\n", '[tenancy]\nmethod = "admin-api"\n')
    with running.changed("rxlaunch.toml", text + '\n[tenancy.api]\nbusiness = "/admin/custom/businesses"\n'):
        assert changes(running, "apply") == dict.fromkeys(FIXTURES, "made")
        assert changes(running, "apply") == dict.fromkeys(FIXTURES, "unchanged")
        findings = judged(running)
        assert names(findings, "failed") == set()
        assert {"catalogue northwind", "suspended fabrikam", "crossed contoso with the key of northwind"} <= names(
            findings, "passed"
        )
        assert changes(running, "remove") == dict.fromkeys(FIXTURES, "removed")
        assert changes(running, "remove") == {}
    assert changes(running, "remove") == dict.fromkeys(FIXTURES, "removed")  # Medusa deletes softly; SQL does not
    assert rows(running) == before


def test_what_the_admin_api_could_not_finish_is_taken_away_again(running):
    file = running.root / "rxlaunch.toml"
    text = file.read_text().replace("[tenancy]\n", '[tenancy]\nmethod = "admin-api"\n')
    taken = '\n[tenants.healthfirst]\ndomain = "elsewhere.localhost"\n'
    with running.changed("rxlaunch.toml", text + taken + '[tenancy.api]\nbusiness = "/admin/custom/businesses"\n'):
        assert "error: POST " in running.run("tenants", "apply", "healthfirst", check=1).stderr
        assert changes(running, "remove") == {}


def test_without_the_guard_the_crossed_tenants_are_named_and_nothing_else(warm):
    warm.env["TENANT_GUARD"] = "off"
    try:
        warm.up()
        before = rows(warm)
        findings = judged(warm, "--with-fixtures", code=16)
        assert rows(warm) == before
    finally:
        del warm.env["TENANT_GUARD"]
        warm.down()
    failed = names(findings, "failed")
    assert {f"crossed {one} with the key of {other}" for one, other in (FIXTURES[:2], FIXTURES[1::-1])} <= failed
    assert {findings[name]["failure"] for name in failed if name.startswith("crossed")} == {"tenant-crossed"}
    assert all(name.startswith(("crossed", "suspended fabrikam catalogue")) for name in failed)
    evidence = findings["crossed northwind with the key of contoso"]["evidence"]
    assert "came 200 with home-blood-test, video-consultation" in evidence
