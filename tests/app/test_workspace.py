"""The private copy that a throwaway run works in: what is in it, and that only it is removed."""

import os
from pathlib import Path

import pytest

from launcher.app import workspace


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout with sources, packages and results, and a home of our own."""
    monkeypatch.setenv("RXLAUNCH_HOME", str(tmp_path / "home"))
    root = tmp_path / "shop"
    for name in (
        "package.json", ".env", "src/api/route.ts", "storefront/src/page.tsx", "node_modules/next/package.json",
        "storefront/node_modules/react/index.js", ".next/BUILD_ID", ".medusa/server/index.js", ".git/HEAD",
        "storefront/.next/BUILD_ID",
    ):  # fmt: skip
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    return root


def files(root):
    """What is below, not following links."""
    return sorted(
        Path(directory, name).relative_to(root).as_posix() for directory, _, names in os.walk(root) for name in names
    )


def test_sources_are_copied_packages_are_linked_results_are_left_out(checkout):
    with workspace.make(checkout, keep=False, linked=True) as made:
        assert files(made.root) == [".env", "package.json", "src/api/route.ts", "storefront/src/page.tsx"]
        assert (made.root / "node_modules" / "next" / "package.json").is_file()
        assert (made.root / "storefront" / "node_modules" / "react" / "index.js").is_file()
        (made.root / "package.json").write_text("changed")
    assert (checkout / "package.json").read_text() == "package.json"


@pytest.mark.parametrize("linked", [True, False])
def test_removing_the_copy_leaves_the_packages_alone(checkout, linked):
    with workspace.make(checkout, keep=False, linked=linked) as made:
        root = made.root
        assert (root / "node_modules").is_symlink() is linked
    assert not root.parent.exists()
    assert (checkout / "node_modules" / "next" / "package.json").read_text() == "node_modules/next/package.json"


def test_for_turbopack_the_packages_beside_next_are_real_ones_and_others_stay_links(checkout):
    with workspace.make(checkout, keep=False, linked=False) as made:
        assert not (made.root / "node_modules").is_symlink()
        assert (made.root / "node_modules" / "next" / "package.json").stat().st_nlink == 2
        assert (made.root / "storefront" / "node_modules").is_symlink()
    (checkout / "storefront" / "node_modules" / "next").symlink_to("../../node_modules/next")
    with workspace.make(checkout, keep=False, linked=False) as made:  # as pnpm does it: links must stay within
        assert not (made.root / "storefront" / "node_modules").is_symlink()


def test_packages_that_come_later_are_linked_then(checkout):
    with workspace.make(checkout, keep=False, linked=True) as made:
        (checkout / "tools" / "node_modules").mkdir(parents=True)
        (made.root / "tools").mkdir()
        workspace.link_packages(made)
        assert (made.root / "tools" / "node_modules").is_symlink()


def test_links_within_the_checkout_stay_within_the_copy_and_others_still_lead_there(checkout, tmp_path):
    (tmp_path / "shared").mkdir()
    (checkout / "inside").symlink_to("src/api", target_is_directory=True)
    (checkout / "outside").symlink_to("../shared", target_is_directory=True)
    (checkout / "nowhere").symlink_to("gone")
    with workspace.make(checkout, keep=False, linked=True) as made:
        assert (made.root / "inside").resolve() == made.root / "src" / "api"
        assert (made.root / "outside").resolve() == tmp_path / "shared"
        assert (made.root / "nowhere").is_symlink()


def test_a_home_within_the_checkout_is_not_copied_into_itself(checkout, monkeypatch):
    monkeypatch.setenv("RXLAUNCH_HOME", str(checkout / "state"))
    with workspace.make(checkout, keep=False, linked=True) as made:
        assert not (made.root / "state").exists()


def test_no_copy_has_a_path_that_medusa_leaves_out(checkout, tmp_path):
    assert "test" in str(tmp_path)  # else this proves nothing
    (tmp_path / "test-shop").mkdir()
    with workspace.make(tmp_path / "test-shop", keep=False, linked=True) as made:
        assert "test" not in str(made.root)


def test_a_fault_within_removes_the_copy_too(checkout):
    with pytest.raises(RuntimeError), workspace.make(checkout, keep=False, linked=True) as made:
        root = made.root
        raise RuntimeError
    assert not root.parent.exists()
