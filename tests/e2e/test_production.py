"""Production mode: the storefront is built once, and served as built."""

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.timeout(900)]


def test_production_builds_the_storefront_once(stopped):
    stopped.up("--mode", "production")
    assert stopped.phases()["storefront-build"] == "done"
    stopped.assert_healthy()
    assert stopped.json("status")["mode"] == "production"
    stopped.down()
    stopped.up("--mode", "production")
    assert stopped.phases()["storefront-build"] == "skipped"
    stopped.assert_healthy()
