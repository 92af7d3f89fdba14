"""Where a checkout lies must not matter: spaces, other alphabets, long paths, links (row 48)."""

import pytest

from tests.support.small_stacks import SmallStack


@pytest.mark.parametrize(
    "name", ["with some spaces", "übersetzung-снег-✓", "quote'd & $HOME;x", "deep/" + "x" * 60 + "/" + "y" * 90]
)
def test_the_stack_works_wherever_the_checkout_lies(tmp_path, name):
    stack = SmallStack(tmp_path / name)
    try:
        stack.web()
        stack.run("up", "-d", check=0)
        assert stack.unit("web")["phase"] == "ready"
        assert "listening on" in stack.run("logs", check=0).stdout
        stack.run("restart", "web", check=0)
        stack.run("down", check=0)
        stack.assert_nothing_left()
    finally:
        stack.clean_up()


def test_a_link_to_a_checkout_is_the_same_checkout(stack, tmp_path):
    stack.web()
    stack.run("up", "-d", check=0)
    (tmp_path / "link").symlink_to(stack.root)
    real = stack.json("status")
    linked = stack.json("status", "-C", str(tmp_path / "link"))
    assert (linked["pid"], linked["root"]) == (real["pid"], real["root"])


def test_a_command_finds_its_stack_from_a_folder_inside_it(stack):
    stack.web()
    stack.run("up", "-d", check=0)
    inside = stack.root / "a" / "b"
    inside.mkdir(parents=True)
    assert stack.json("ports", "-C", str(inside)) == stack.json("ports")


def test_a_relative_home_means_the_same_from_a_folder_inside_the_checkout(stack):
    stack.web()
    inside = stack.root / "inside"
    inside.mkdir()
    stack.env["RXLAUNCH_HOME"] = "relative"
    outer, stack.root = stack.root, inside
    try:
        stack.run("up", "-d", check=0)
        assert stack.unit("web")["phase"] == "ready"
        stack.run("down", check=0)
    finally:
        stack.root = outer
    stack.assert_nothing_left(1)
