"""One small stack a test, cleaned up afterwards."""

import pytest

from tests.support.small_stacks import SmallStack


@pytest.fixture
def stack(tmp_path):
    made = SmallStack(tmp_path)
    yield made
    made.clean_up()
