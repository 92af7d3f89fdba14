"""The supervisor of `up -d` gets the whole request, and says what it cannot do in words and by its exit code."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher.app import daemon, unattended
from launcher.app.request import SENT, Request
from launcher.errors import UsageError

NAMES = st.sampled_from(["web", "db", "api"])
REQUESTS = st.builds(
    Request,
    directory=st.just(Path()),
    mode=st.sampled_from([None, "dev", "production"]),
    units=st.lists(NAMES, max_size=3).map(tuple),
    ports=st.dictionaries(NAMES, st.integers(1, 65535), max_size=3),
    fresh=st.booleans(),
    strict_ports=st.booleans(),
    wait_timeout=st.none() | st.floats(1, 1000),
    https=st.sampled_from([None, True, False]),
    timeline=st.booleans(),
)


@given(REQUESTS)
def test_what_counts_for_a_boot_reaches_the_supervisor(request):
    *_, word, argument = daemon.supervisor_command(request)
    assert word == "supervise"
    got = unattended.request_of(argument)
    assert {name: getattr(got, name) for name in SENT} == {name: getattr(request, name) for name in SENT}
    assert got.detached


@pytest.mark.parametrize("argument", ["", "x", "[]", "3", '{"nonsense": 1}', '{"units": 3}'])
def test_an_argument_that_is_none_is_refused(argument):
    with pytest.raises(UsageError):
        unattended.request_of(argument)


def test_whoever_types_the_word_is_told(stack):
    assert "No such command" in stack.run("supervise", check=2).stderr
    assert "not for typing" in stack.run("supervise", "web", check=2).stderr
    assert not stack.home.exists()
