"""What `[https]` adds to a stack: nothing when it is off; addresses, origins, a server and a proof when it is on."""

import pytest

from tests.support.stack_files import loaded, refused

PRESET = 'extends = "medusa-next"\n'
SHOP = PRESET + '[marketplace]\nstorefront = "storefront"\n'
ON = {"https": {"enabled": True}}


def changed(off, on, path=()):
    """Where two dumps differ."""
    if isinstance(off, dict) and isinstance(on, dict):
        found = set()
        for key in off.keys() | on.keys():
            found |= changed(off.get(key), on.get(key), (*path, key))
        return found
    return set() if off == on else {".".join(path)}


def test_off_nothing_changes_and_on_these_values_alone(tmp_path):
    unasked, off = loaded(tmp_path, SHOP).stack, loaded(tmp_path, SHOP, overrides={"https": {"enabled": False}}).stack
    assert unasked == off
    on = loaded(tmp_path, SHOP, overrides=ON).stack
    assert changed(off.as_data(), on.as_data()) == {
        "https.enabled",
        "ports.https",
        "services.https",
        "tasks.verify-https",
        "show.storefront",
        "show.admin",
        "show.backend",
        "services.storefront.env.NEXT_PUBLIC_BASE_URL",
        "services.backend.env.MEDUSA_BACKEND_URL",
        "contracts.backend.STORE_CORS.add",
        "contracts.backend.ADMIN_CORS.add",
        "contracts.backend.AUTH_CORS.add",
    }


def test_browsers_come_by_names_and_servers_talk_on_the_loopback(tmp_path):
    stack = loaded(tmp_path, SHOP, overrides=ON).stack
    assert stack.show == {
        "storefront": "https://shop.localhost:${port.https}",
        "admin": "https://admin.localhost:${port.https}/app",
        "backend": "https://admin.localhost:${port.https}",
    }
    storefront = stack.services["storefront"].env
    assert storefront["NEXT_PUBLIC_BASE_URL"] == "https://shop.localhost:${port.https}"
    assert storefront["MEDUSA_BACKEND_URL"] == "${url.backend}"
    assert stack.services["backend"].env["MEDUSA_BACKEND_URL"] == "https://admin.localhost:${port.https}"
    assert stack.services["https"].stage == "dependencies"  # it waits for nobody
    assert stack.services["https"].inherit_env is False  # and has nobody's secrets


def test_every_page_that_calls_is_an_allowed_origin_and_the_old_ones_stay(tmp_path):
    tenants = '[tenants.north]\ndomain = "north.localhost"\naliases = ["n.example"]\n'
    lists = loaded(tmp_path, SHOP + tenants, overrides=ON).stack.contracts["backend"]
    https = [f"https://{host}:${{port.https}}" for host in ("shop.localhost", "north.localhost", "n.example")]
    assert set(https) <= set(lists["STORE_CORS"].add)
    assert "${url.storefront}" in lists["STORE_CORS"].add
    assert "https://admin.localhost:${port.https}" in lists["ADMIN_CORS"].add
    assert not set(https) & set(lists["ADMIN_CORS"].add)
    assert {*https, "https://admin.localhost:${port.https}"} <= set(lists["AUTH_CORS"].add)


def test_a_storefront_that_is_built_beforehand_has_its_address_built_in(tmp_path):
    tasks = loaded(tmp_path, SHOP, mode="production", overrides=ON).stack.tasks
    assert tasks["storefront-build"].env["NEXT_PUBLIC_BASE_URL"] == "https://shop.localhost:${port.https}"
    assert tasks["admin-build"].env["MEDUSA_BACKEND_URL"] == "/"


def test_names_and_port_are_chosen_in_the_stack_file_which_wins_over_what_https_adds(tmp_path):
    text = (
        SHOP.replace("[marketplace]", '[https]\nenabled = true\nport = 9443\nshop = "store"\n[marketplace]')
        + '[services.backend.env]\nMEDUSA_BACKEND_URL = "https://elsewhere.example"\n'
    )
    result = loaded(tmp_path, text)
    stack = result.stack
    assert stack.ports["https"].prefer == 9443
    assert stack.show["storefront"] == "https://store.localhost:${port.https}"
    assert stack.services["backend"].env["MEDUSA_BACKEND_URL"] == "https://elsewhere.example"
    assert result.origins["services.storefront.env.NEXT_PUBLIC_BASE_URL"] == "[https]"
    insisting = loaded(tmp_path, text, overrides={"ports": {"https": {"fixed": 443}}}).stack
    assert (insisting.ports["https"].fixed, insisting.ports["https"].prefer) == (443, None)


def test_a_mode_may_turn_it_on(tmp_path):
    text = SHOP + "[modes.production.https]\nenabled = true\n"
    assert "https" not in loaded(tmp_path, text).stack.services
    assert "https" in loaded(tmp_path, text, mode="production").stack.services


def test_without_a_storefront_the_admin_alone_has_a_name(tmp_path):
    stack = loaded(tmp_path, PRESET, overrides=ON).stack
    assert set(stack.show) == {"admin", "backend"}
    assert set(stack.tasks["verify-https"].depends_on) == {"https", "backend"}
    assert not any("shop.localhost" in item for item in stack.contracts["backend"]["STORE_CORS"].add)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[https]\nenabled = true\n", "https.enabled: there is no service `storefront` or `backend`"),
        (SHOP + '[https]\nenabled = true\nadmin = "shop"\n', "https.admin: `shop` is the name of the shop too"),
        (SHOP + '[https]\nenabled = true\nnames = { mail = "mailpit" }\n', "https.names.mail: no port named `mailpit`"),
        (SHOP + '[https]\nenabled = true\nshop = "a.b"\n', "https.shop: must be a name"),
        (
            SHOP + '[https]\nenabled = true\n[tenants.x]\ndomain = "admin.localhost"\n',
            "tenants.x: admin.localhost is a name of [https]",
        ),
        (SHOP + '[https]\nenabled = "yes"\n', "https.enabled: must be true or false"),
    ],
)
def test_what_cannot_be_is_told(tmp_path, text, told):
    assert any(told in problem for problem in refused(tmp_path, text))
