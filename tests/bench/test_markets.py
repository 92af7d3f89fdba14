"""A copy of a marketplace: everything but the storefront's build, with the state under the name of its new place."""

import json

import pytest

from launcher.paths import for_root
from scripts.bench.boots.market import Market

pytestmark = pytest.mark.linux_only("the benchmarks run on Linux alone")

LINKED = ("node_modules/a/index.js", "storefront/node_modules/b/index.js")


@pytest.fixture
def original(tmp_path):
    market = Market(tmp_path / "main")
    (market.folder / "ports.json").parent.mkdir()
    (market.folder / "ports.json").write_text(json.dumps(market.ports))
    for name in (
        "package.json",
        "node_modules/a/index.js",
        "storefront/node_modules/b/index.js",
        "storefront/.next/id",
    ):
        (market.root / name).parent.mkdir(parents=True, exist_ok=True)
        (market.root / name).write_text(name)
    state = market.home / "stacks" / for_root(market.root).home.name
    state.mkdir(parents=True)
    (state / "outputs.json").write_text('{"publishable_key": "pk_1"}')
    (state / "state.json").write_text(json.dumps({"instance": "before", "ports": {"backend": 1, "storefront": 2}}))
    return market


def test_a_copy_has_the_packages_as_links_and_no_build_of_the_storefront(original, tmp_path):
    copy = Market(tmp_path / "old")
    copy.become_copy_of(original)
    assert (copy.root / "package.json").read_text() == "package.json"
    for name in LINKED:
        assert (copy.root / name).samefile(original.root / name)
    assert not (copy.root / "package.json").samefile(original.root / "package.json")
    assert not (copy.root / "storefront" / ".next").exists()


def test_a_copy_keeps_its_state_where_rxlaunch_will_look_for_it(original, tmp_path):
    copy = Market(tmp_path / "old")
    copy.become_copy_of(original)
    assert copy.state_dir().name == for_root(copy.root).home.name != original.state_dir().name
    assert copy.kept("outputs.json") == {"publishable_key": "pk_1"}
    assert copy.ports == original.ports == Market(tmp_path / "old").ports


def test_a_market_that_is_kept_has_its_ports_again(original, tmp_path):
    assert Market(tmp_path / "main").ports == original.ports
    assert Market(tmp_path / "main").is_made
    assert not Market(tmp_path / "elsewhere").is_made


def test_a_stack_is_somewhere_only_when_another_instance_than_before_says_so(original):
    assert original.where("before") is None
    target = original.where()
    assert (target.backend, target.storefront, target.key) == ("http://127.0.0.1:1", "http://127.0.0.1:2", "pk_1")
