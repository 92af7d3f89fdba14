"""Node keeps what it compiled, and where modules are, in the stack's state directory, unless it shall not."""

import shutil

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


NODE = """
[services.a]
command = ["node", "-e", "console.log(Object.keys(require.cache).join(' ')); setTimeout(() => {}, 600000)"]
[services.b]
command = ["{python}", "-c", "import os,time; print(os.environ.get('NODE_OPTIONS'), flush=True); time.sleep(600)"]
"""
needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed; in CI it is")


@needs_node
def test_services_that_node_runs_remember_where_their_modules_are_and_others_are_let_be(stack):
    stack.write(NODE + '[marketplace]\nbackend = "."\n')
    stack.run("up", "-d", check=0)
    assert "node-paths/preload.cjs" in stack.run("logs", "a", check=0).stdout
    assert "None" in stack.run("logs", "b", check=0).stdout
    (kept,) = stack.home.glob("stacks/*/node-paths")
    assert kept.stat().st_mode & 0o077 == 0


@needs_node
@pytest.mark.parametrize("marketplace", ["", '[marketplace]\nbackend = "."\nnode_path_cache = false\n'])
def test_they_do_not_without_a_marketplace_or_when_it_is_switched_off(stack, marketplace):
    stack.write(NODE + marketplace)
    assert "preload" not in printed(stack)
    assert not list(stack.home.glob("stacks/*/node-paths"))
