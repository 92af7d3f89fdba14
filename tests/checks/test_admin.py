"""`check admin` against a small admin on the disk and on the wire, each broken in one place."""

import pytest

from launcher.checks.admin import check
from tests.support.judged import ADMIN_PAGE, BUNDLE, CSS, JAVASCRIPT, asked, failed, here, left_out, shop, target
from tests.support.marketplace import Reply, Web, write

SCRIPT, LATER = "/app/assets/index-a.js", "/app/assets/login-b.js"


@pytest.fixture
def web():
    with Web() as server:
        yield shop(server)


def judge(judged):
    """What is found of the admin itself; of a deployment, caches are asked too (test_cdn.py)."""
    return asked(check, judged, "admin")


@pytest.fixture
def built(tmp_path):
    """The same admin on the disk."""
    files = {"index.html": ADMIN_PAGE, "assets/index-a.js": BUNDLE, "assets/index-a.css": "", "assets/login-b.js": ""}
    return write(tmp_path / ".medusa" / "server" / "public" / "admin", files)


def test_an_admin_that_is_whole_passes_here(web, tmp_path, built):
    found = judge(target(web, here=here(tmp_path, web)))
    assert failed(found) == {}
    assert left_out(found) == set()
    assert found["origin"].evidence == "calls the origin that it was loaded from"


def test_of_a_deployment_only_the_disk_is_left_out(web):
    found = judge(target(web))
    assert failed(found) == {}
    assert left_out(found) == {"files", "build"}


@pytest.mark.parametrize(
    ("page", "reply", "broken"),
    [
        ("/app/login", Reply(status=404), {"login": "admin-not-built"}),
        (SCRIPT, Reply("<html>"), {"served": "asset-missing"}),
        (SCRIPT, Reply(status=404), {"served": "asset-missing"}),
        (SCRIPT, Reply(BUNDLE, "text/plain"), {"served": "wrong-mime"}),
        ("/app/assets/index-a.css", Reply("", "application/octet-stream"), {"served": "wrong-mime"}),
        (LATER, Reply("<html>"), {"chunks": "asset-missing"}),
        (LATER, Reply("", "text/plain"), {"chunks": "wrong-mime"}),
    ],
)
def test_what_is_served_wrongly_is_named_and_nothing_else(web, page, reply, broken):
    web.pages[page] = reply
    found = judge(target(web))
    assert failed(found) == broken
    assert all(found[name].remedy for name in broken)


@pytest.mark.parametrize(("file", "question"), [("index-a.css", "files"), ("login-b.js", "chunks")])
def test_a_file_that_is_gone_from_the_disk_is_named(web, tmp_path, built, file, question):
    (built / "assets" / file).unlink()
    found = judge(target(web, here=here(tmp_path, web)))
    assert failed(found) == {question: "asset-missing"}
    assert f"assets/{file}" in found[question].evidence


@pytest.mark.parametrize("origin", ["http://localhost:9001", "https://elsewhere.example"])
def test_an_admin_that_would_call_another_address_is_found(web, origin):
    web.pages[SCRIPT] = Reply(BUNDLE.replace('"/"', f'"{origin}"'), JAVASCRIPT)
    found = judge(target(web))
    assert failed(found) == {"origin": "admin-foreign-origin"}
    assert origin in found["origin"].evidence


def test_an_admin_that_was_built_for_this_very_address_is_right(web):
    web.pages[SCRIPT] = Reply(BUNDLE.replace('"/"', f'"http://127.0.0.1:{web.port}"'), JAVASCRIPT)
    found = judge(target(web))
    assert failed(found) == {}
    assert "this very address" in found["origin"].evidence


def test_a_bundle_of_an_unknown_form_is_left_out_and_not_guessed(web):
    web.pages[SCRIPT] = Reply("console.log(1)", JAVASCRIPT)
    assert {"origin", "chunks"} <= left_out(judge(target(web)))


def test_a_page_of_an_older_build_is_told(web, tmp_path, built):
    (built / "index.html").write_text(ADMIN_PAGE.replace("index-a.js", "index-new.js"))
    found = judge(target(web, here=here(tmp_path, web)))
    assert failed(found) == {"build": "admin-stale"}
    assert "older build" in found["build"].evidence


def test_sources_that_changed_since_the_build_are_told(web, tmp_path, built):
    async def changed(action):
        assert action == "medusa-build"
        return "sources changed"

    found = judge(target(web, here=here(tmp_path, web).replaced(why_again=changed)))
    assert failed(found) == {"build": "admin-stale"}


def test_files_of_other_hosts_are_not_asked(web):
    web.pages["/app/login"] = Reply(ADMIN_PAGE + '<script src="https://cdn.example/x.js"></script>')
    assert failed(judge(target(web))) == {}


def test_an_admin_below_another_path_is_found(web):
    for name in list(web.pages):
        if name.startswith("/app/"):
            web.pages["/dashboard" + name.removeprefix("/app")] = web.pages.pop(name)
    web.pages["/dashboard/login"] = Reply(ADMIN_PAGE.replace("/app/", "/dashboard/"))
    web.pages["/dashboard/assets/index-a.css"] = Reply("", CSS)
    found = judge(target(web, admin_path="/dashboard"))
    assert failed(found) == {}
    assert found["chunks"].verdict == "passed"
