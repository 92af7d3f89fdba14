"""What a CI system is told to cache: keys that travel, change with what they are about, and name no port or secret."""

import json
import os
import re
import shutil
from pathlib import Path

import pytest

from launcher.app import caching
from launcher.marketplace import stamps
from tests.support.marketplace import write

MEDUSA = {"dependencies": {"@medusajs/medusa": "2.13.1", "@medusajs/cli": "2.13.1"}}
SHOP = {"dependencies": {"next": "15.3.9", "@medusajs/js-sdk": "2.13.1"}}
TREE = {
    "package.json": MEDUSA,
    "package-lock.json": {"packages": {"": MEDUSA}},
    "medusa-config.ts": "config",
    "src/api/route.ts": "route",
    "README.md": "read me",
    "storefront/package.json": SHOP,
    "storefront/package-lock.json": {"packages": {"": SHOP}},
    "storefront/src/page.tsx": "process.env.NEXT_PUBLIC_TITLE + process.env.NEXT_PUBLIC_MEDUSA_BACKEND_URL",
}
ALL = {"packages", "npm", "admin-build", "storefront-build"}


@pytest.fixture
def shop(tmp_path, monkeypatch):
    monkeypatch.setenv("RXLAUNCH_HOME", str(tmp_path / "home"))
    for name in ("NEXT_PUBLIC_TITLE", "GITHUB_WORKSPACE", "npm_config_cache"):
        monkeypatch.delenv(name, raising=False)
    return write(tmp_path / "shop", TREE)


def caches(directory):
    return {each["name"]: each for each in caching.keys(directory, None).document()["caches"]}


def keys(directory):
    return {name: each["key"] for name, each in caches(directory).items()}


def test_every_cache_has_a_key_that_names_system_and_node_and_paths_below_the_root(shop):
    found = caches(shop)
    assert found.keys() == ALL
    assert found["packages"]["paths"] == ["node_modules", "storefront/node_modules"]
    assert found["admin-build"]["paths"] == [".medusa/server"]
    assert found["storefront-build"]["paths"] == ["storefront/.next"]
    assert found["storefront-build"]["exclude"] == ["storefront/.next/cache/fetch-cache"]
    for name, each in found.items():
        assert each["key"].startswith(f"rxlaunch-1-{name}-")
        assert "-node2" in each["key"]
        assert all(each["key"].startswith(key) for key in each["restore_keys"])


def test_keys_are_the_same_elsewhere_later_and_on_other_ports(shop, tmp_path, monkeypatch):
    first = keys(shop)
    moved = tmp_path / "elsewhere" / "clone"
    shutil.copytree(shop, moved)
    for path in moved.rglob("*.ts"):
        os.utime(path, (1, 1))
    monkeypatch.setenv("RXLAUNCH_HOME", str(tmp_path / "other home"))
    write(moved, {"rxlaunch.toml": 'extends = "medusa-next"\n[marketplace]\nstorefront = "storefront"\n'})
    write(moved, {"rxlaunch.toml": (moved / "rxlaunch.toml").read_text() + "[ports]\nbackend = 9444\n"})
    assert keys(moved) == first


@pytest.mark.parametrize(
    ("file", "changed"),
    [
        ("src/api/route.ts", {"admin-build"}),
        ("medusa-config.ts", {"admin-build"}),
        ("storefront/src/page.tsx", {"storefront-build"}),
        ("package-lock.json", {"packages", "npm", "admin-build"}),
        ("storefront/package-lock.json", {"packages", "npm", "storefront-build"}),
        ("README.md", set()),
        ("storefront/.next/BUILD_ID", set()),
    ],
)
def test_a_changed_file_changes_the_keys_that_are_about_it(shop, file, changed):
    before = keys(shop)
    write(shop, {file: "changed"})
    after = keys(shop)
    assert {name for name in ALL if before[name] != after[name]} == changed


def test_public_values_change_the_storefront_s_key_and_secrets_change_none(shop):
    before = keys(shop)
    write(shop, {".env": "NEXT_PUBLIC_TITLE=Other\nSTRIPE_KEY=sk_live_1\n"})
    after = keys(shop)
    assert {name for name in ALL if before[name] != after[name]} == {"storefront-build"}
    assert "sk_live" not in json.dumps(caching.keys(shop, None).document())


def test_lines_for_github_are_relative_to_its_workspace(shop, monkeypatch):
    monkeypatch.setenv("GITHUB_WORKSPACE", str(shop.parent))
    lines = caching.keys(shop, None, github=True).text.splitlines()
    assert f"packages-key={keys(shop)['packages']}" in lines
    start = lines.index("storefront-build-paths<<rxlaunch-end")
    assert lines[start + 1 : start + 4] == [
        "shop/storefront/.next", "!shop/storefront/.next/cache/fetch-cache", "rxlaunch-end",
    ]  # fmt: skip
    assert len([line for line in lines if line.endswith("<<rxlaunch-end")]) == lines.count("rxlaunch-end")


def test_the_ports_of_a_restored_storefront_are_known(shop):
    assert caching.ports_of_builds(shop, None) == {}
    (shop / "storefront" / ".next").mkdir()
    stamps.write(shop / "storefront" / ".next", stamps.Stamp("k", {}, {"backend": 9123, "of somebody else": 1}))
    assert caching.ports_of_builds(shop, None) == {"backend": 9123}
    assert caching.ports_of_builds(shop, "dev") == {}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 2, "key": "k", "fingerprint": {}, "ports": {}}', "\0"])
def test_a_stamp_that_cannot_be_read_says_nothing(tmp_path, text):
    (tmp_path / stamps.NAME).write_text(text)
    assert stamps.read(tmp_path) is None


def test_the_workflow_in_the_docs_uses_outputs_that_exist(shop):
    docs = (Path(__file__).resolve().parents[2] / "docs" / "ci-caches.md").read_text(encoding="utf-8")
    lines = caching.keys(shop, None, github=True).text.splitlines()
    given = {line.partition("=")[0].partition("<<")[0] for line in lines}
    used = set(re.findall(r"steps\.rxlaunch\.outputs\.([\w-]+)", docs))
    assert len(used) > 5
    assert used <= given
