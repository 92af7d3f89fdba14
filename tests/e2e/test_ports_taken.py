"""Somebody else has our ports: the stack moves, rebuilds nothing, and leaves them alone (runbook R4, R14)."""

import json

import pytest

from launcher import native
from tests.support.marketplaces import Stranger

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.timeout(900)]
PREFERRED = {"backend": 9001, "storefront": 8000}
RESERVED = 9000


@pytest.fixture
def strangers(warm, tmp_path):
    """Web servers on the ports of last time and on the preferred ones, as far as these are free."""
    last = json.loads((warm.state / "ports.json").read_text())
    wanted = {last["backend"]: "127.0.0.1", last["storefront"]: "::", 9001: "127.0.0.1", 8000: "::"}
    made = [Stranger(tmp_path, address, port) for port, address in wanted.items()]
    there = [stranger for stranger in made if stranger.is_there]
    assert {last["backend"], last["storefront"]} <= {stranger.port for stranger in there}
    yield there
    for stranger in made:
        stranger.close()


def test_taken_ports_are_left_alone_and_cost_no_rebuild(warm, strangers):
    done = warm.up()
    ports, phases = warm.ports, warm.phases()
    taken = {stranger.port for stranger in strangers}
    assert not {ports["backend"], ports["storefront"]} & {*taken, *PREFERRED.values(), RESERVED}
    assert phases["admin-build"] == phases["install"] == phases["migrate"] == "skipped"
    assert phases["verify-admin"] == phases["verify-storefront"] == "done"
    assert "is taken by" in done.stdout
    warm.assert_healthy()
    mine = {int(line.split()[0]) for line in warm.survivors()}
    assert mine & {listener.pid for listener in native.listeners(ports["backend"])}
    assert not mine & {listener.pid for listener in native.listeners(RESERVED)}
    warm.down()
    warm.assert_nothing_left(1, ports)
    for stranger in strangers:
        stranger.assert_untouched()
