"""verify-https: shop and admin answer over HTTPS, trusted by whoever knows the authority, or it says why not."""

import pytest

from launcher import marketplace
from launcher.marketplace.verify_https import VerifyHttps
from launcher.plan.step import StepFailed
from tests.support import servers
from tests.support.https import caddy, context_for, serving

HTML = (200, b"<html>shop</html>", "text/html; charset=utf-8")
GOOD = {"/": HTML, "/app/login": HTML}


async def verified(directory, shop=None, admin=None):
    """What verify-https says of a shop and an admin with these pages."""
    with serving("shop", {**GOOD, **(shop or {})}) as shop_port, serving("admin", {**GOOD, **(admin or {})}) as port:
        context = context_for(directory, storefront=shop_port, backend=port)
        async with caddy(context) as https:
            context.outputs = https.outputs
            action = marketplace.action("verify-https")
            action.deadline = 2.0
            return (await action.run(context)).note


async def test_shop_and_admin_are_proven(tmp_path):
    note = await verified(tmp_path)
    assert "https://shop.localhost:" in note
    assert "https://admin.localhost:" in note


@pytest.mark.parametrize(
    ("pages", "told", "remedy"),
    [
        ({"shop": {"/": (404, b"none", "text/html")}}, "answered 404", "knows no store named shop.localhost"),
        ({"shop": {"/": (500, b"oh", "text/html")}}, "answered 500", "rxlaunch logs"),
        ({"admin": {"/app/login": (200, b"{}", "application/json")}}, "application/json", "rxlaunch logs https"),
    ],
)
async def test_what_is_wrong_is_told_with_a_remedy(tmp_path, pages, told, remedy):
    with pytest.raises(StepFailed, match=told) as failed:
        await verified(tmp_path, **pages)
    assert remedy in failed.value.remedy


async def test_a_server_that_is_down_fails_it(tmp_path):
    with serving("shop", GOOD) as shop:
        context = context_for(tmp_path, storefront=shop, backend=servers.free_port())
        async with caddy(context) as https:
            context.outputs = https.outputs
            action = VerifyHttps()
            action.deadline = 1.0
            with pytest.raises(StepFailed, match=r"admin\.localhost.* answered 502"):
                await action.run(context)


async def test_a_certificate_of_another_authority_fails_it(tmp_path):
    with serving("both", GOOD) as port:
        ours = context_for(tmp_path / "ours", storefront=port, backend=port)
        theirs = context_for(tmp_path / "theirs", storefront=port, backend=port)
        async with caddy(ours) as https, caddy(theirs) as others:
            ours.outputs = {**https.outputs, "https_authority": others.outputs["https_authority"]}
            action = VerifyHttps()
            action.deadline = 1.0
            with pytest.raises(StepFailed, match="cannot be trusted"):
                await action.run(ours)


async def test_without_https_there_is_nothing_to_verify(tmp_path):
    with pytest.raises(StepFailed, match="no HTTPS"):
        await VerifyHttps().run(context_for(tmp_path))
