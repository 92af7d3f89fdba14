"""`rxlaunch gate` on the sample: two rounds pass with pictures; what is broken between builds and boots is named."""

import base64
import json
import re
from xml.etree import ElementTree as ET

import psycopg
import pytest

from tests.support.marketplaces import BOOT

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.timeout(900)]
ASSETS = ".medusa/server/public/admin/assets"
KEY = "NEXT_PUBLIC_MEDUSA_PUBLISHABLE_KEY"


def gate(market, *arguments, check=0):
    """The report of a gate, and the findings of its last round by name."""
    done = market.run("gate", "-o", "json", *arguments, timeout=2 * BOOT)
    assert done.returncode == check, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
    report = json.loads(done.stdout)
    return report, {found["id"]: found for found in report["rounds"][-1]["findings"]}


def failed(found):
    return {name for name, each in found.items() if each["verdict"] == "failed"}


def sql(market, statement, *values):
    """Ask the database of the running stack."""
    url = json.loads((market.state / "outputs.json").read_text())["database_url"]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement, values)


def test_two_rounds_pass_with_pictures_of_a_signed_in_admin_and_of_products(warm, tmp_path):
    junit, html = tmp_path / "gate.xml", tmp_path / "gate.html"
    report, found = gate(warm, "--repeat", "2", "--junit", str(junit), "--html", str(html))
    assert report["passed"]
    assert [each["title"] for each in report["rounds"]] == ["round 1 of 2", "round 2 of 2"]
    assert {row["unit"] for row in report["rounds"][0]["timeline"]} >= {"postgres", "backend", "storefront"}
    assert "Orders, " in found["browser.admin login"]["evidence"]
    assert "/auth/user/emailpass 200, /auth/session 200" in found["browser.admin login"]["evidence"]
    assert "the heading 'Businesses', and rows" in found["browser.admin page /businesses"]["evidence"]
    assert re.search(r"products, '.+' first", found["browser.storefront home"]["evidence"])
    assert re.search(r"'.+' for €\d", found["browser.product page"]["evidence"])
    assert found["boot.stopped"]["verdict"] == "passed"
    assert ET.parse(junit).getroot().find(".//failure") is None
    page = html.read_text(encoding="utf-8")
    pictures = re.findall(r"data:image/png;base64,([A-Za-z0-9+/=]+)", page)
    assert len(pictures) >= 2 * 6
    assert all(base64.b64decode(each).startswith(b"\x89PNG") for each in pictures)
    assert warm.secrets["admin_password"] not in page + junit.read_text(encoding="utf-8") + json.dumps(report)
    warm.assert_nothing_left()


def test_of_a_deployment_whose_key_is_revoked_that_is_named(running):
    """A boot would find or make another key; whoever is there already has this one."""
    token = running.variable("storefront", KEY)
    urls = [word for name in ("backend", "storefront") for word in ("--url", f"{name}={running.url(name)}")]
    running.env[KEY] = token
    try:
        sql(running, "update api_key set revoked_at = now() where token = %s", token)
        _, found = gate(running, "--repeat", "1", *urls, check=16)
    finally:
        sql(running, "update api_key set revoked_at = null where token = %s", token)
        del running.env[KEY]
    assert "smoke.key" in failed(found)
    assert "revoked" in found["smoke.key"]["evidence"]
    assert found["browser.admin login"]["evidence"] == "no login of an administrator is known"
    assert "boot.ready" not in found


def test_what_was_broken_between_two_boots_is_named_and_nothing_else_fails(running):
    """A column that a boot does not miss, and a chunk that only a visit loads, which the boot makes again."""
    (chunk,) = (running.root / ASSETS).glob("order-list-*.js")
    text = chunk.read_text(encoding="utf-8")
    try:
        sql(running, "alter table audit_log drop column updated_at")
        chunk.unlink()
        _, found = gate(running, "--repeat", "1", "--relaunch", check=16)
    finally:
        chunk.write_text(text, encoding="utf-8")
        running.up()
        sql(running, "alter table audit_log add column updated_at timestamptz not null default now()")
    assert found["boot.ready"]["verdict"] == "passed"
    assert "audit_log.updated_at" in " ".join(found[name]["evidence"] for name in failed(found))
    assert chunk.name in found["boot.admin"]["evidence"], "the boot healed it, and a deployment has no such boot"
    told = {name: f"{found[name]['evidence']} {found[name].get('details', '')}" for name in failed(found)}
    assert all("updated_at" in each or chunk.name in each for each in told.values()), told
