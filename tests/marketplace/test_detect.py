from pathlib import Path

import pytest

from launcher import paths
from launcher.errors import ConfigError
from launcher.marketplace.detect import Detected, detect
from tests.support.marketplace import write

BACKEND = {"dependencies": {"@medusajs/medusa": "2.13.1"}}
STOREFRONT = {"dependencies": {"next": "15.3.9"}, "devDependencies": {"@medusajs/js-sdk": "2.13.1"}}


@pytest.mark.parametrize(
    ("backend", "storefront"),
    [(".", "storefront"), (".", "Any_Name-storefront"), ("apps/backend", "apps/storefront"), ("server", "web/shop")],
)
def test_backend_and_storefront_are_found_where_starters_put_them(tmp_path, backend, storefront):
    write(
        tmp_path,
        {
            f"{backend}/package.json": BACKEND,
            f"{backend}/medusa-config.ts": "",
            f"{storefront}/package.json": STOREFRONT,
            "node_modules/x/package.json": STOREFRONT,
            ".medusa/server/package.json": BACKEND,
            ".medusa/server/medusa-config.js": "",
        },
    )
    assert detect(tmp_path) == Detected(backend, storefront)


def test_a_backend_alone_is_a_marketplace_without_storefront(tmp_path):
    write(tmp_path, {"package.json": BACKEND, "medusa-config.js": ""})
    assert detect(tmp_path) == Detected(".", None)


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"package.json": STOREFRONT},
        {"package.json": BACKEND},  # a plugin, without configuration
        {"medusa-config.ts": "", "package.json": {"dependencies": {}}},
        {"medusa-config.ts": "", "package.json": "{ broken"},
        {"medusa-config.ts": "", "package.json": "[]"},
        {"medusa-config.ts": "", "package.json": {"dependencies": None}},
        {"a/b/c/package.json": BACKEND, "a/b/c/medusa-config.ts": ""},
    ],
)
def test_anything_else_is_no_marketplace(tmp_path, files):
    assert detect(write(tmp_path, files)) is None


def test_two_storefronts_are_listed_to_choose_from(tmp_path):
    write(
        tmp_path,
        {"package.json": BACKEND, "medusa-config.ts": "", "a/package.json": STOREFRONT, "b/package.json": STOREFRONT},
    )
    with pytest.raises(ConfigError, match=r"marketplace\.storefront: could be any of a, b") as raised:
        detect(tmp_path)
    assert "rxlaunch.toml" in raised.value.remedy


def test_a_backend_at_the_root_wins_over_examples_below(tmp_path):
    write(
        tmp_path,
        {
            "package.json": BACKEND,
            "medusa-config.ts": "",
            "examples/one/package.json": BACKEND,
            "examples/one/medusa-config.ts": "",
        },
    )
    assert detect(tmp_path) == Detected(".", None)


def test_links_are_not_followed(tmp_path):
    write(tmp_path, {"real/package.json": BACKEND, "real/medusa-config.ts": ""})
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "again").symlink_to(tmp_path / "real", target_is_directory=True)
    assert detect(tmp_path) == Detected("real", None)


def test_the_sample_is_recognised():
    sample = paths.assets() / "sample"
    if not (sample / "storefront" / "package.json").is_file():
        pytest.skip("the sample is not there")
    assert detect(Path(sample)) == Detected(".", "storefront")
