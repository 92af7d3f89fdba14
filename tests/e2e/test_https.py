"""`up --https`: named hosts with verified certificates, for visitors, tenants and the administrator; and back again."""

import contextlib
import json
import os
import shutil
import ssl

import httpx
import pytest

from launcher.marketplace.medusa import open_site
from tests.e2e.test_browser import BROWSERS, Visit

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def secure(market, cold):
    """The marketplace, booted with HTTPS; without it again for whoever comes next."""
    market.down()
    market.up("--https")
    yield market
    if "https" in market.phases():
        market.down()


@pytest.fixture
def authority(secure):
    """The certificate of its local authority."""
    return secure.json("env")["outputs"]["https_authority"]["value"]


@pytest.fixture
def address(secure):
    """The address of a name below .localhost."""
    return lambda name: f"https://{name}.localhost:{secure.ports['https']}"


async def page(base, authority, path="/"):
    async with open_site(base, authority) as site:
        return await site.follow(path, seconds=60)


def test_status_names_the_addresses_that_the_boot_has_proven(secure, address):
    status = secure.json("status")
    assert status["facts"]["storefront"] == address("shop")
    assert status["facts"]["admin"] == f"{address('admin')}/app"
    assert status["facts"]["backend"] == address("admin")
    assert status["units"]["verify-https"]["phase"] == "done"
    assert secure.variable("backend", "MEDUSA_BACKEND_URL") == address("admin")
    assert secure.variable("storefront", "MEDUSA_BACKEND_URL") == secure.url("backend")  # servers talk on the loopback
    assert address("shop") in secure.variable("backend", "STORE_CORS").split(",")


async def test_the_shop_shows_products_to_whoever_knows_the_authority_and_to_nobody_else(address, authority):
    shop = await page(address("shop"), authority)
    assert (shop.status, shop.url) == (200, f"{address('shop')}/dk")
    assert "Video consultation" in shop.text
    assert "cannot be trusted" in (await page(address("shop"), None)).error


async def test_each_tenants_host_shows_its_own_store_and_an_unknown_one_none(address, authority):
    for name, brand in (("healthfirst", "HealthFirst"), ("careplus", "CarePlus")):
        found = await page(address(name), authority)
        assert (found.status, found.url) == (200, f"{address(name)}/dk")
        assert f"<title>{brand}" in found.text
    assert (await page(address("nobody"), authority)).status == 404


def test_a_session_over_https_has_a_secure_cookie_and_one_over_plain_http_has_none(secure, address, authority):
    login = {"email": "admin@rxlaunch.local", "password": secure.secrets["admin_password"]}
    port, trusting = secure.ports["https"], ssl.create_default_context(cafile=authority)

    def session(base, **how):
        with httpx.Client(trust_env=False, verify=trusting, timeout=30, base_url=base) as client:
            token = client.post("/auth/user/emailpass", json=login, **how).json()["token"]
            headers = {**how.pop("headers", {}), "authorization": f"Bearer {token}"}
            return client.post("/auth/session", headers=headers, **how).headers.get("set-cookie")

    named = {"headers": {"host": f"admin.localhost:{port}"}, "extensions": {"sni_hostname": "admin.localhost"}}
    assert "Secure" in session(f"https://127.0.0.1:{port}", **named)
    assert session(secure.url("backend")) is None


@contextlib.contextmanager
def browsing(home):
    """Visit a page with the browser of a user who has this home."""
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if program is None or shutil.which("certutil") is None:
        missing = "needs a browser, and certutil of libnss3-tools"
        pytest.fail(missing) if os.environ.get("RXLAUNCH_REQUIRE_BROWSER") else pytest.skip(missing)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        env = {**os.environ, "HOME": str(home)}
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"], env=env)
        yield Visit(browser.new_context(viewport={"width": 1280, "height": 800}).new_page())
        browser.close()


def test_a_browser_believes_the_authority_when_told_to_and_then_everything_works(secure, address, tmp_path):
    heard, before = [], secure.env.get("HOME")
    with browsing(tmp_path) as visit, pytest.raises(Exception, match="ERR_CERT_AUTHORITY_INVALID"):
        visit.page.goto(address("shop"))
    secure.env["HOME"] = str(tmp_path)
    try:
        secure.run("https", "trust", check=0)
        assert all(store["trusted"] for store in secure.json("https", "status")["stores"])
    finally:
        secure.env["HOME"] = before
    with browsing(tmp_path) as visit:
        page = visit.page
        page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: heard.append((socket.url, frame))))
        with page.expect_websocket() as hot_reload:
            page.goto(f"{address('shop')}/")
        page.get_by_test_id("product-list").get_by_role("link", name="Video consultation").wait_for()
        assert hot_reload.value.url == f"{address('shop').replace('https', 'wss')}/_next/webpack-hmr"
        while not any("connected" in str(frame) for _, frame in heard):
            hot_reload.value.wait_for_event("framereceived")
        page.goto(f"{address('admin')}/app/login")
        page.fill("input[name=email]", "admin@rxlaunch.local")
        page.fill("input[name=password]", secure.secrets["admin_password"])
        page.click("button[type=submit]")
        page.wait_for_url("**/app/orders*")
        page.get_by_role("link", name="Businesses").click()
        page.get_by_test_id("business-table").locator("tbody tr").first.wait_for()
        (session,) = [one for one in page.context.cookies(address("admin")) if one["name"] == "connect.sid"]
        assert (session["secure"], session["httpOnly"]) == (True, True)
        visit.assert_flawless()


def test_down_leaves_nothing_and_a_plain_up_is_http_again_and_builds_nothing(secure):
    ports = secure.ports
    refused = json.loads(secure.run("up", "-d", "--no-https", "-o", "json", check=4).stdout)
    assert "with HTTPS" in refused["error"]["message"]
    secure.down()
    secure.assert_nothing_left(ports=ports)
    secure.up()
    assert "https" not in secure.ports
    assert secure.json("status")["facts"]["storefront"] == secure.url("storefront")
    assert secure.variable("backend", "MEDUSA_BACKEND_URL") == secure.url("backend")
    phases = secure.phases()
    assert {phases[name] for name in ("install", "storefront-install", "migrate", "seed", "admin-build")} == {"skipped"}
    secure.assert_healthy()
