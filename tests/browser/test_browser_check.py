"""What the group `browser` sees in a small marketplace, with a real browser: each fault is named, and only faults."""

import socket

import pytest

from launcher.browser import find
from launcher.checks.browser import browser
from tests.support.marketplace import Reply, as_json
from tests.support.small_marketplace import APPLICATION, LOGIN, PAGES, shown

pytestmark = pytest.mark.asyncio(loop_scope="session")
LOGIN_NAME, HOME, PRODUCT = "admin login", "storefront home", "product page"


def failed(found):
    return {name for name, finding in found.items() if finding.verdict == "failed"}


async def test_a_marketplace_in_which_nothing_is_wrong_passes_with_a_picture_of_every_page(shop, look):
    found = await look()
    assert failed(found) == set(), shown(found.values())
    assert list(found) == [
        "program", LOGIN_NAME, "admin page /orders", "admin page /businesses", HOME, PRODUCT,
    ]  # fmt: skip
    assert "2 entries (orders, businesses)" in found[LOGIN_NAME].evidence
    assert "clicked 'businesses': the heading 'Businesses', and rows" in found["admin page /businesses"].evidence
    assert "'Tea' for €4.00" in found[PRODUCT].evidence
    for name in list(found)[1:]:
        (picture,) = found[name].screenshots
        assert picture.read_bytes().startswith(b"\x89PNG")
        assert picture.stat().st_size > 2000
    assert LOGIN[1] not in shown(found.values())


async def test_the_pages_are_those_of_the_sidebar_when_the_stack_file_names_none(shop, look):
    shop.checks = type(shop.checks)()
    found = await look()
    assert failed(found) == set(), shown(found.values())
    assert {"admin page /orders", "admin page /businesses"} <= set(found)


async def test_a_slow_sidebar_is_waited_for(shop, look):
    shop.script("index.js", APPLICATION, sidebar_after=1500)
    found = await look()
    assert failed(found) == set(), shown(found.values())


async def test_an_admin_whose_sidebar_never_comes_fails_at_the_right_address(shop, look, patience):
    shop.script("index.js", APPLICATION, sidebar_after=60_000)
    found = await look()
    assert "no sidebar" in found[LOGIN_NAME].evidence
    assert found["admin page /orders"].verdict == "left out"
    assert found[HOME].verdict == "passed"


async def test_a_blank_page_at_the_right_address_is_no_proof(shop, look, patience):
    shop.script("pages.js", PAGES.replace("<h1>Orders</h1>", ""))
    shop.shop.pages["/dk/products/tea"] = Reply("<title>Tea</title>")
    found = await look()
    assert {LOGIN_NAME, PRODUCT} == failed(found)
    assert "no heading beside the sidebar" in found[LOGIN_NAME].evidence
    assert "it shows nothing" in found[PRODUCT].evidence


async def test_an_error_of_a_page_fails_it_though_it_renders(shop, look):
    shop.script("pages.js", PAGES.replace('"<h1>Orders</h1>";', '"<h1>Orders</h1>"; throw new Error("kaputt");'))
    found = await look()
    assert "page error: kaputt" in found[LOGIN_NAME].evidence
    assert found[HOME].verdict == "passed"


async def test_a_missing_module_in_whose_place_the_page_is_served_is_named(shop, look, patience):
    del shop.backend.pages["/app/assets/pages.js"]
    found = await look()
    assert "script /app/assets/pages.js is missing: a page is served in its place" in found[LOGIN_NAME].evidence
    assert "rxlaunch up --fresh" in found[LOGIN_NAME].remedy


async def test_a_chunk_that_is_not_found_is_named(shop, look):
    shop.script("pages.js", PAGES.replace("async (main) => {", 'async (main) => { await import("/app/assets/b-1.js");'))
    shop.backend.pages["/app/assets/b-1.js"] = Reply("", "text/plain", 404)
    found = await look()
    assert failed(found) == {"admin page /businesses"}
    assert "/app/assets/b-1.js answered 404" in found["admin page /businesses"].evidence


async def test_a_failed_call_of_the_api_is_named_and_the_other_pages_are_judged_alone(shop, look):
    shop.backend.pages["/admin/custom/businesses"] = as_json({"message": "column b.domain does not exist"}, 500)
    found = await look()
    assert failed(found) == {"admin page /businesses"}
    assert "GET /admin/custom/businesses answered 500" in found["admin page /businesses"].evidence


async def test_rows_that_are_promised_must_be_there(shop, look, patience):
    shop.backend.pages["/admin/custom/businesses"] = as_json([])
    found = await look()
    assert failed(found) == {"admin page /businesses"}
    assert "no row of a table" in found["admin page /businesses"].evidence


async def test_a_bundle_that_calls_another_origin_is_named(shop, look, patience):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        elsewhere = f"http://localhost:{nobody.getsockname()[1]}"
        shop.script("index.js", APPLICATION.replace('fetch("/admin/users/me")', f'fetch("{elsewhere}/admin/users/me")'))
        found = await look()
    assert f"foreign origin: calls GET /admin/users/me at {elsewhere}" in found[LOGIN_NAME].evidence
    assert "built for another address" in found[LOGIN_NAME].remedy


async def test_a_refused_login_is_named_without_its_password(shop, look, patience):
    shop.backend.pages["/auth/user/emailpass"] = as_json({"message": "Invalid email or password"}, 401)
    found = await look()
    assert "POST /auth/user/emailpass answered 401" in found[LOGIN_NAME].evidence
    assert LOGIN[1] not in shown(found.values())


async def test_a_product_without_a_price_or_with_the_wrong_title_fails(shop, look, patience):
    shop.shop.pages["/dk/products/tea"] = Reply("<h1>Tea</h1><p>2 cups</p>")
    assert "'Tea', but no price" in (await look())[PRODUCT].evidence
    shop.shop.pages["/dk/products/tea"] = Reply("<h1>Coffee</h1><p>€4.00</p>")
    assert "no title 'Tea'" in (await look())[PRODUCT].evidence


async def test_a_storefront_without_products_fails_while_the_store_has_some(shop, look, patience):
    shop.shop.pages["/"] = Reply("<h1>Shop</h1>")
    found = await look()
    assert "no product" in found[HOME].evidence
    shop.backend.pages["/store/products"] = as_json({"products": []})
    found = await look()
    assert found[HOME].verdict == "passed"
    assert found[PRODUCT].verdict == "left out"


async def test_a_page_that_is_left_while_it_still_loads_has_not_failed(shop, look):
    slow = Reply("1", "text/javascript", hang=True)
    shop.shop.pages["/slow"] = slow
    shop.shop.pages["/"] = Reply(shop.shop.pages["/"].body + '<script>setTimeout(() => fetch("/slow"), 300)</script>')
    found = await look()
    assert failed(found) == set(), shown(found.values())


async def test_without_a_browser_everything_is_left_out_by_name_unless_it_is_required(shop, monkeypatch):
    def none():
        raise find.NoBrowser("no browser is installed", remedy="install one")

    monkeypatch.setattr(find, "program", none)
    found = [each async for each in browser(shop.target)]
    assert {each.verdict for each in found} == {"left out"}
    assert {LOGIN_NAME, "admin page /orders", HOME, PRODUCT} <= {each.name for each in found}
    first, *_ = [each async for each in browser(shop.target, required=True)]
    assert (first.verdict, first.remedy) == ("failed", "install one")


@pytest.mark.parametrize("missing", ["backend", "storefront"])
async def test_what_has_no_address_is_left_out_by_name(shop, missing):
    target = shop.target
    del target.urls[missing]
    found = {each.name: each.verdict async for each in browser(target)}
    gone = {LOGIN_NAME, "admin page /orders"} if missing == "backend" else {HOME, PRODUCT}
    assert {name for name, verdict in found.items() if verdict == "left out"} >= gone
