import asyncio

import pytest

from launcher.marketplace.medusa import Asset, assets_of, open_site
from launcher.marketplace.verify import VerifyAdmin, VerifyBackend, VerifyStorefront
from launcher.plan.step import Run, StepFailed
from tests.support.marketplace import Reply, Web, as_json, free_port
from tests.support.platforms import under_wine

REGIONS = {"regions": [{"name": "Europe", "countries": [{"iso_2": "dk"}]}]}
NOBODY = as_json({"message": "Unauthorized"}, 401)


@pytest.fixture
def shop(context, web):
    context.ports.update(backend=web.port, storefront=web.port)
    context.outputs["publishable_key"] = "pk_right"
    web.pages.update({"/store/regions": as_json(REGIONS), "/admin/users/me": NOBODY})
    return context


@pytest.fixture(autouse=True)
def short_waits(monkeypatch):
    for kind in (VerifyBackend, VerifyAdmin, VerifyStorefront):
        monkeypatch.setattr(kind, "deadline", 1.5 if under_wine() else 0.4)


def run(kind, context):
    return asyncio.run(kind().run(context))


def failure(kind, context):
    with pytest.raises(StepFailed) as raised:
        run(kind, context)
    return raised.value


@pytest.mark.parametrize("kind", [VerifyBackend, VerifyAdmin, VerifyStorefront])
def test_yesterdays_proof_is_none(kind, context):
    assert isinstance(asyncio.run(kind().check(context)), Run)


# --- backend --------------------------------------------------------------------------------------------------------


def test_a_backend_with_regions_and_a_complete_admin_answer_is_usable(shop, web):
    keys = []
    web.pages["/store/regions"] = lambda request: (
        keys.append(request.headers["x-publishable-api-key"]) or as_json(REGIONS)
    )
    assert run(VerifyBackend, shop).note == "regions: Europe; the admin API answers completely"
    assert keys == ["pk_right"]


def test_a_rejected_key_is_named_at_once(shop, web):
    web.pages["/store/regions"] = as_json(
        {
            "type": "not_allowed",
            "message": "A valid publishable key is required to proceed with the request",
        },
        400,
    )
    told = failure(VerifyBackend, shop)
    assert "rejects the storefront's publishable key" in told.message
    assert "DATABASE_URL" in told.remedy
    assert web.asked == ["/store/regions"]


def test_a_missing_column_leads_to_the_migrations(shop, web):
    web.pages["/store/regions"] = as_json(
        {"type": "invalid_data", "message": "column r0.currency_code does not exist"}, 400
    )
    told = failure(VerifyBackend, shop)
    assert "column r0.currency_code does not exist" in told.message
    assert "db:migrate" in told.remedy


def test_no_regions_leads_to_the_seed(shop, web):
    web.pages["/store/regions"] = as_json({"regions": []})
    assert "has no region" in failure(VerifyBackend, shop).message
    assert len(web.asked) == 1


def test_a_backend_that_is_still_busy_is_waited_for(shop, web):
    replies = iter([as_json({}, 503), as_json({}, 500)])
    web.pages["/store/regions"] = lambda _request: next(replies, as_json(REGIONS))
    run(VerifyBackend, shop)
    assert web.asked.count("/store/regions") == 3


def test_a_backend_that_never_recovers_is_told_with_its_last_answer(shop, web):
    web.pages["/store/regions"] = as_json({}, 503)
    assert "answered 503" in failure(VerifyBackend, shop).message


def test_an_answer_without_end_means_redis(shop, web, monkeypatch):
    monkeypatch.setattr("launcher.marketplace.verify._SESSION_SECONDS", 0.1)
    web.pages["/admin/users/me"] = Reply('{"mess', "application/json", 401, hang=True)
    assert "Redis" in failure(VerifyBackend, shop).message


def test_a_backend_that_is_not_there_refuses_connections(shop):
    shop.ports["backend"] = free_port()
    assert "refuses connections" in failure(VerifyBackend, shop).message


def test_without_a_key_there_is_nothing_to_ask(shop):
    shop.outputs.clear()
    assert "no publishable key" in failure(VerifyBackend, shop).message


def test_proxies_of_the_environment_are_ignored(shop, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    run(VerifyBackend, shop)


# --- admin ----------------------------------------------------------------------------------------------------------

LOGIN = """<!doctype html><head><link rel="icon" href="data:,"><link rel="stylesheet" href="/app/assets/a.css">
<link rel="modulepreload" href="/app/assets/c.js">
<script type="module" src="/app/assets/index-B1.js"></script></head>"""
SCRIPT, STYLE, SHELL = Reply("1", "text/javascript"), Reply("a{}", "text/css"), Reply(LOGIN)


@pytest.fixture
def admin(shop, web):
    web.otherwise = SHELL  # Medusa answers every unknown path below /app with the page
    web.pages.update({"/app/assets/a.css": STYLE, "/app/assets/c.js": SCRIPT, "/app/assets/index-B1.js": SCRIPT})
    return shop


def test_a_whole_admin_is_usable(admin):
    assert run(VerifyAdmin, admin).note == "the login page and the 3 files it names"


def test_a_backend_that_has_just_begun_is_not_asked_to_compress(admin, web):
    asked, script = [], web.pages["/app/assets/c.js"]
    web.pages["/app/assets/c.js"] = lambda request: asked.append(request.headers["accept-encoding"]) or script
    run(VerifyAdmin, admin)
    assert asked == ["identity"]


def test_a_missing_hashed_asset_is_seen_although_it_answers_200(admin, web):
    del web.pages["/app/assets/index-B1.js"]
    told = failure(VerifyAdmin, admin)
    assert "/app/assets/index-B1.js is missing" in told.message
    assert "--fresh" in told.remedy


@pytest.mark.parametrize(
    ("path", "reply", "words"),
    [
        ("/app/assets/a.css", Reply("", "text/plain"), "/app/assets/a.css is served as text/plain"),
        ("/app/assets/c.js", Reply("", "text/css"), "/app/assets/c.js is served as text/css"),
        ("/app/assets/c.js", Reply("", "text/javascript", 404), "/app/assets/c.js answered 404"),
        ("/app/login", Reply("{}", "application/json"), "the admin's login page"),
        ("/app/login", Reply("<p>maintenance"), "names no script"),
        ("/app/login", Reply("", status=404), "answered 404"),
    ],
)
def test_what_would_leave_the_admin_blank_is_named_at_once(admin, web, path, reply, words):
    web.pages[path] = reply
    assert words in failure(VerifyAdmin, admin).message
    assert web.asked.count("/app/login") == 1


def test_another_admin_path_is_asked_when_the_project_has_one(admin, web):
    admin.options["admin_path"] = "/dashboard/"
    run(VerifyAdmin, admin)
    assert web.asked[0] == "/dashboard/login"


def test_the_assets_of_a_page_are_each_named_once():
    page = LOGIN + '<SCRIPT SRC="/app/assets/index-B1.js"></SCRIPT><script>inline()</script><link rel=preload href=x>'
    assert assets_of(page) == [
        Asset("/app/assets/a.css", "stylesheet"),
        Asset("/app/assets/c.js", "script"),
        Asset("/app/assets/index-B1.js", "script"),
    ]


# --- storefront -----------------------------------------------------------------------------------------------------


@pytest.fixture
def storefront(shop, web):
    web.pages["/"] = Reply(status=307, headers={"Location": "/dk"})
    web.pages["/dk"] = Reply("<h1>Salt &amp; Co sweatshirt</h1>")
    web.pages["/store/products"] = as_json({"products": [{"title": "Salt & Co sweatshirt", "handle": "sweatshirt"}]})
    return shop


def test_a_home_page_that_shows_a_product_is_usable(storefront, web):
    assert run(VerifyStorefront, storefront).note.endswith("/dk shows 'Salt & Co sweatshirt'")


def test_a_link_to_a_product_is_as_good(storefront, web):
    web.pages["/dk"] = Reply('<a href="/dk/products/sweatshirt">')
    run(VerifyStorefront, storefront)


def test_a_country_of_the_backends_regions_is_proof_too(storefront, web):
    web.pages["/dk"] = Reply("<h1>Welcome</h1>")
    assert "leads to a country" in run(VerifyStorefront, storefront).note


def test_a_page_without_any_trace_of_the_backend_is_not_enough(storefront, web):
    web.pages["/"] = Reply(status=307, headers={"Location": "/us"})
    web.pages["/us"] = Reply("<h1>Welcome</h1>")
    told = failure(VerifyStorefront, storefront)
    assert "shows none of the store's 1 products" in told.message
    assert "expect_text" in told.remedy


def test_the_expected_text_decides_when_it_is_given(storefront, web):
    storefront.options["expect_text"] = "Salt & Co"
    run(VerifyStorefront, storefront)
    storefront.options["expect_text"] = "Pepper"
    assert "does not contain 'Pepper'" in failure(VerifyStorefront, storefront).message


def test_a_redirect_to_another_host_is_refused_at_once(storefront, web):
    web.pages["/"] = Reply(status=307, headers={"Location": "https://shop.example/dk"})
    told = failure(VerifyStorefront, storefront)
    assert "another host, shop.example" in told.message
    assert web.asked == ["/"]


def test_localhost_is_the_same_host_as_its_address(storefront, web):
    web.pages["/"] = Reply(status=307, headers={"Location": f"http://localhost:{web.port}/dk"})
    run(VerifyStorefront, storefront)


def test_another_port_is_another_host(storefront, web):
    web.pages["/"] = Reply(status=307, headers={"Location": f"http://127.0.0.1:{free_port()}/"})
    assert "another host" in failure(VerifyStorefront, storefront).message


def test_a_cookie_set_on_the_way_is_sent_back(storefront, web):
    def first(request):
        if request.headers["Cookie"] == "_medusa_cache_id=1":
            return Reply(status=307, headers={"Location": "/dk"})
        return Reply(status=307, headers={"Location": "/", "Set-Cookie": "_medusa_cache_id=1; Path=/"})

    web.pages["/"] = first
    run(VerifyStorefront, storefront)


def test_redirects_without_end_are_told(storefront, web):
    web.pages["/"] = Reply(status=307, headers={"Location": "/"})
    assert "redirects more than" in failure(VerifyStorefront, storefront).message


def test_an_error_page_is_tried_again_and_then_told(storefront, web):
    web.pages["/dk"] = Reply("boom", status=500)
    assert "answered 500" in failure(VerifyStorefront, storefront).message
    assert web.asked.count("/dk") > 1


def test_a_store_without_products_can_only_be_rendered(storefront, web):
    web.pages["/store/products"] = as_json({"products": []})
    web.pages["/"] = Reply("<h1>Welcome</h1>")
    assert "no products" in run(VerifyStorefront, storefront).note


def test_a_storefront_of_another_backend_does_not_pass(storefront, web):
    """Negative control: the same page, judged by a backend that sells something else and has other countries."""
    with Web() as other:
        other.pages["/store/products"] = as_json({"products": [{"title": "Thermometer", "handle": "thermometer"}]})
        other.pages["/store/regions"] = as_json({"regions": [{"name": "US", "countries": [{"iso_2": "us"}]}]})
        storefront.ports["backend"] = other.port
        assert "shows none" in failure(VerifyStorefront, storefront).message


def test_a_drip_does_not_outlast_its_deadline(web):
    web.pages["/"] = Reply("slow", hang=True)

    async def ask():
        async with open_site(f"http://127.0.0.1:{web.port}") as site:
            return await site.get("/", seconds=0.1)

    assert "did not answer completely" in asyncio.run(ask()).error


def test_something_that_is_no_web_server_is_told():
    async def ask():
        server = await asyncio.start_server(
            lambda _reader, writer: (writer.write(b"+PONG\r\n"), writer.close()), "127.0.0.1"
        )
        async with server, open_site(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}") as site:
            return await site.get("/")

    assert "does not speak HTTP" in asyncio.run(ask()).error
