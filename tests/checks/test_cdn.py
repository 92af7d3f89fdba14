"""`check admin --url` through a caching proxy: set up right it passes, and each way to be wrong is named."""

import asyncio

import pytest

from launcher.checks import cdn
from launcher.checks.caching import was_kept, why_kept, why_not_kept
from launcher.checks.contract import Target
from launcher.marketplace.medusa import open_site
from tests.support.caching_proxy import FIRST, IMMUTABLE, Origin, Rules, build, served


def judged(origin=None, rules=None, before=()):
    """Finding by name."""

    async def ask(url):
        urls = {"backend": url}
        opened = Target(urls, lambda name: open_site(urls.get(name, name)), key=None, login=None, admin_before=before)
        return {found.name: found async for found in cdn.check(opened)}

    with served(origin or Origin(), rules or Rules()) as url:
        return asyncio.run(ask(url))


def failed(found):
    """The names of what is wrong."""
    return {name for name, finding in found.items() if finding.verdict == "failed"}


def test_an_admin_as_medusa_serves_it_passes_behind_a_proxy_that_keeps_to_the_book():
    found = judged(before=(f"assets/{FIRST}", "index.html"))
    assert failed(found) == set()
    assert {finding.verdict for finding in found.values()} == {"passed"}
    assert "by gzip" in found["encodings"].evidence


def test_without_a_build_before_its_files_are_left_out_by_name():
    assert judged()["old-assets"].verdict == "left out"


@pytest.mark.parametrize(
    "said",
    [{"Cache-Control": "public, max-age=600"}, {}, {"Cache-Control": "no-cache", "CDN-Cache-Control": "max-age=60"}],
)
def test_a_page_that_may_be_kept_is_named(said):
    found = judged(Origin(page_headers=said))
    assert "index" in failed(found)
    assert "may be kept" in found["index"].evidence
    assert "no-cache" in found["index"].remedy
    assert found["edges"].verdict == "left out"  # says nothing while the page itself is wrong


def test_a_rule_of_the_cdn_that_overrides_the_origin_is_seen_by_what_comes_out_of_the_cache():
    found = judged(rules=Rules(override=60))
    assert "came out of a cache (x-cache: HIT)" in found["index"].evidence


def test_the_negative_control_a_cdn_that_hides_its_work_is_not_seen_that_way():
    assert "index" not in failed(judged(rules=Rules(override=60, hide_its_work=True)))


def test_a_deep_link_that_is_no_page_of_the_admin_is_named():
    found = judged(Origin(not_pages=("settings",)))
    assert failed(found) == {"deep-links"}
    assert "/app/settings/store" in found["deep-links"].evidence


def test_edges_with_different_builds_are_named():
    found = judged(rules=Rules(edges=[Origin(files=build("index-DDDDDDD4.js") | build())]))
    assert "edges" not in failed(found)  # two origins with the same page: the control
    found = judged(rules=Rules(edges=[Origin(files=build() | build("index-DDDDDDD4.js"))]))
    assert "edges" in failed(found)
    assert "index-DDDDDDD4.js" in found["edges"].evidence


@pytest.mark.parametrize("said", ["public, max-age=600", "no-cache", "public, max-age=31536000"])
def test_files_that_are_not_kept_for_ever_are_named(said):
    found = judged(Origin(file_headers={"Cache-Control": said}))
    assert "assets" in failed(found)
    assert "immutable" in found["assets"].remedy


def test_a_file_with_the_wrong_type_is_named():
    found = judged(Origin(kinds={".css": "text/plain"}))
    assert found["assets"].evidence == "/app/assets/index-CCCCCCC3.css is served as text/plain"
    assert found["assets"].failure == "wrong-mime"


def test_a_file_that_is_missing_is_named_though_it_is_answered_with_200():
    files = build()
    del files["assets/later-BBBBBBB2.js"]
    found = judged(Origin(files=files))
    assert failed(found) == {"assets"}
    assert "later-BBBBBBB2.js is missing" in found["assets"].evidence


def test_a_compressed_copy_given_to_everybody_is_named():
    found = judged(rules=Rules(ignore_encoding=True))
    assert failed(found) == {"encodings"}
    assert "did not ask" in found["encodings"].evidence


@pytest.mark.parametrize("status", [None, 404])
def test_an_answer_for_a_missing_file_that_is_kept_is_named(status):
    found = judged(Origin(absent_status=status, absent_headers={"Cache-Control": IMMUTABLE}))
    assert failed(found) == {"absent"}
    assert f"{status or 200} text/html" in found["absent"].evidence
    assert failed(judged(Origin(absent_status=status))) == set()  # not kept: the control


def test_files_of_the_build_before_that_are_gone_are_named():
    found = judged(before=("assets/later-BBBBBBB2.js", "assets/gone-EEEEEEE5.js"))
    assert failed(found) == {"old-assets"}
    assert "1 of 2" in found["old-assets"].evidence
    assert "gone-EEEEEEE5.js" in found["old-assets"].evidence


def test_no_admin_at_all_leaves_the_rest_out():
    found = judged(Origin(files={"index.html": "<html>a shop</html>"}))
    assert failed(found) == {"index"}
    assert {finding.verdict for name, finding in found.items() if name != "index"} == {"left out"}


# --- headers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said", ["no-cache", "no-store", "private, no-cache", "max-age=0", "public, max-age=0, must-revalidate", "private",
             "must-revalidate", "no-cache, max-age=600"],
)  # fmt: skip
def test_what_forbids_keeping(said):
    assert why_kept({"cache-control": said}) is None


@pytest.mark.parametrize("said", ["max-age=1", "public", "max-age=0, s-maxage=60", "private, max-age=60"])
def test_what_allows_keeping(said):
    assert said in why_kept({"cache-control": said})


def test_an_expiry_in_the_past_forbids_keeping_and_one_to_come_does_not():
    assert why_kept({"expires": "0"}) is None
    assert why_kept({"expires": "Thu, 01 Jan 1970 00:00:00 GMT"}) is None
    assert why_kept({"expires": "Thu, 01 Jan 2099 00:00:00 GMT"}) is not None


@pytest.mark.parametrize(
    ("headers", "kept"),
    [
        ({"cf-cache-status": "HIT"}, True),
        ({"cf-cache-status": "DYNAMIC"}, False),
        ({"x-cache": "Hit from cloudfront"}, True),
        ({"x-cache": "RefreshHit from cloudfront"}, False),
        ({"x-cache": "TCP_HIT"}, True),
        ({"x-cache": "Miss from cloudfront", "age": "0"}, False),
        ({"cache-status": "edge; hit; ttl=20"}, True),
        ({"cache-status": "edge; fwd=miss"}, False),
        ({"age": "12"}, True),
        ({}, False),
    ],
)
def test_what_came_out_of_a_cache_is_told_by_its_headers(headers, kept):
    assert (was_kept(headers) is not None) is kept


def test_what_is_kept_for_ever_says_so():
    assert why_not_kept({"cache-control": IMMUTABLE}) is None
    assert why_not_kept({}) is not None
