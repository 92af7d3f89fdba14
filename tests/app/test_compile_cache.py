"""Node keeps what it compiled in the stack's state directory, where nobody else may write, unless it shall not."""

import pytest

SERVICE = '[services.a]\ncommand = ["{python}", "-c", "import os,time; print(os.environ.get(\'NODE_COMPILE_CACHE\'), flush=True); time.sleep(600)"]\n'  # noqa: E501


def printed(stack):
    stack.run("up", "-d", check=0)
    text = stack.run("logs", "a", check=0).stdout
    stack.run("down", check=0)
    return text


def test_the_cache_is_a_private_directory_of_the_stack(stack):
    stack.write(SERVICE + '[marketplace]\nbackend = "."\n')
    assert "node-compile-cache" in printed(stack)
    (cache,) = stack.home.glob("stacks/*/node-compile-cache")
    assert cache.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("marketplace", ["", '[marketplace]\nbackend = "."\nnode_compile_cache = false\n'])
def test_there_is_none_without_a_marketplace_or_when_it_is_switched_off(stack, marketplace):
    stack.write(SERVICE + marketplace)
    assert "None" in printed(stack)
    assert not list(stack.home.glob("stacks/*/node-compile-cache"))


def test_a_cache_of_the_users_own_is_used(stack):
    stack.env["NODE_COMPILE_CACHE"] = "elsewhere"
    stack.write(SERVICE + '[marketplace]\nbackend = "."\n')
    assert "elsewhere" in printed(stack)


def test_where_it_cannot_be_made_node_does_without(stack):
    stack.write(SERVICE + '[marketplace]\nbackend = "."\n')
    printed(stack)
    (cache,) = stack.home.glob("stacks/*/node-compile-cache")
    cache.rmdir()
    cache.write_text("somebody's file")
    assert "None" in printed(stack)
    assert cache.read_text() == "somebody's file"
