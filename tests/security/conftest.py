"""Small real stacks under attack: one a test, or one a module for attacks that leave no trace."""

import pytest

from tests.support.small_stacks import SmallStack


@pytest.fixture
def stack(tmp_path):
    made = SmallStack(tmp_path)
    yield made
    made.clean_up()


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A stack for a whole module; its tests must leave it as they found it."""
    made = SmallStack(tmp_path_factory.mktemp("shared"))
    yield made
    made.clean_up()
