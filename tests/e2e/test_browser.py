"""What a person sees: the administrator logs in and works, a visitor finds products (runbook R21, R22)."""

import os
import shutil
from urllib.parse import urlsplit

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.timeout(900)]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "msedge", "microsoft-edge")
SECONDS = 60_000  # of patience, in milliseconds: two cores may be busy with everything else


class Visit:
    """One page, and whatever went wrong while it was looked at."""

    def __init__(self, page):
        self.page = page
        self.errors = []
        self.failed = []
        self.answers = {}
        page.set_default_timeout(SECONDS)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("requestfailed", self._failed)
        page.on("response", self._answered)

    def _failed(self, request):
        if request.failure != "net::ERR_ABORTED":  # the page was left before the answer came
            self.failed.append(f"{request.url}: {request.failure}")

    def _answered(self, response):
        answer = (urlsplit(response.url).path, response.status)
        self.answers.setdefault(answer[0], []).append(answer[1])
        if response.status >= 400 and answer != ("/admin/users/me", 401):  # how the admin asks who is logged in
            self.failed.append(f"{response.url}: {response.status}")

    def assert_flawless(self):
        assert not self.errors
        assert not self.failed


@pytest.fixture(scope="module")
def browser():
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if program is None:
        missing = f"no browser is installed: none of {', '.join(BROWSERS)} is on the PATH"
        pytest.fail(missing) if os.environ.get("RXLAUNCH_REQUIRE_BROWSER") else pytest.skip(missing)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def visit(browser):
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    yield Visit(context.new_page())
    context.close()


def test_the_administrator_logs_in_and_sees_orders_and_businesses(running, visit, tmp_path):
    page = visit.page
    page.goto(running.url("backend", "/app/login"))
    page.fill("input[name=email]", "admin@rxlaunch.local")
    page.fill("input[name=password]", running.secrets["admin_password"])
    page.click("button[type=submit]")
    page.wait_for_url("**/app/orders*")
    page.get_by_role("heading", name="Orders").first.wait_for()
    sidebar = page.locator("aside nav, aside, nav").first
    assert sidebar.is_visible()
    page.get_by_role("link", name="Businesses").click()
    page.get_by_role("heading", name="Businesses").wait_for()
    rows = page.get_by_test_id("business-table").locator("tbody tr")
    rows.first.wait_for()
    assert {row.split("\t")[0].strip() for row in rows.all_inner_texts()} == {"HealthFirst", "CarePlus"}
    page.screenshot(path=tmp_path / "admin.png")
    assert visit.answers["/auth/user/emailpass"] == [200]
    assert visit.answers["/auth/session"] == [200]
    assert set(visit.answers["/admin/custom/businesses"]) == {200}
    visit.assert_flawless()


def test_a_visitor_sees_products_and_opens_one(running, visit, tmp_path):
    page = visit.page
    page.goto(running.url("storefront", "/"))
    product = page.get_by_test_id("product-list").get_by_role("link", name="Video consultation")
    assert product.is_visible()
    page.screenshot(path=tmp_path / "home.png")
    product.click()
    page.get_by_test_id("product").get_by_role("heading", name="Video consultation").wait_for()
    page.screenshot(path=tmp_path / "product.png")
    visit.assert_flawless()
