"""A boot from nothing gives a marketplace that works, and says where it is (runbook R3, R5, R7)."""

import json
import re

import pytest

from tests.support.marketplaces import assert_page_shows_products, get

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.timeout(900)]
READERS = {  # as the marketplace's older scripts read the file
    "backendPort": r"backendPort\s*:\s*(\d+)",
    "storefrontPort": r"storefrontPort\s*:\s*(\d+)",
    "adminPath": r'adminPath\s*:\s*"([^"]+)"',
}


def test_a_cold_boot_prints_the_pages_and_the_administrators_login(market, cold):
    ports = market.ports
    assert re.search(rf"storefront +http://127.0.0.1:{ports['storefront']}$", cold.stdout, re.MULTILINE)
    assert re.search(rf"admin +http://127.0.0.1:{ports['backend']}/app$", cold.stdout, re.MULTILINE)
    assert f"admin@rxlaunch.local / {market.secrets['admin_password']}" in cold.stdout
    assert cold.stderr == ""


def test_status_and_ports_name_the_ports_where_the_services_answer(running):
    status, ports = running.json("status"), running.json("ports")
    assert set(ports) == {"version", "ports"}
    assert status["ports"] == ports["ports"]
    assert set(ports["ports"]) == {"postgres", "redis", "backend", "storefront"}
    assert status["phase"] == "ready"
    assert get(f"http://127.0.0.1:{ports['ports']['backend']}/health").text == "OK"
    running.assert_healthy()


def test_the_storefront_shows_products_on_its_home_page_and_on_a_page_of_their_own(running):
    path = assert_page_shows_products(running.url("storefront"))
    page = get(running.url("storefront", path))
    assert page.status_code == 200
    assert 'data-testid="product"' in page.text
    assert "Twenty minutes with a licensed clinician" in page.text


def test_the_storefronts_key_opens_the_backends_store(running):
    key = running.variable("storefront", "NEXT_PUBLIC_MEDUSA_PUBLISHABLE_KEY")
    assert key.startswith("pk_")
    answer = get(running.url("backend", "/store/regions"), headers={"x-publishable-api-key": key})
    assert {region["name"] for region in answer.json()["regions"]} >= {"Europe", "United States"}
    refused = get(running.url("backend", "/store/regions"), headers={"x-publishable-api-key": "pk_test"})
    assert refused.status_code == 400


def test_the_runtime_config_tells_older_scripts_and_browsers_the_real_ports(running):
    script = running.root / "launcher_assets" / "runtime-config.js"
    assert not script.read_bytes().startswith(b"\xef\xbb\xbf")
    text, twin = script.read_text(encoding="utf-8"), json.loads(script.with_suffix(".json").read_text())
    ports = running.ports
    read = {name: re.search(pattern, text).group(1) for name, pattern in READERS.items()}
    assert read == {
        "backendPort": str(ports["backend"]),
        "storefrontPort": str(ports["storefront"]),
        "adminPath": "/app",
    }
    assert {name: str(twin[name]) for name in READERS} == read
    assert text.startswith("window.__THERXSPOT_LAUNCHER_PORTS = {")
    assert twin["generatedAt"] in text
