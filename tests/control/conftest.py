"""Control servers on each transport: a fresh one, and one shared by the tests of a module that only ask it."""

import contextlib

import pytest

from launcher import native
from tests.control.supervisors import TRANSPORTS, Supervisor
from tests.support.stacks import stack_paths


@pytest.fixture(params=TRANSPORTS)
def transport(request, monkeypatch):
    monkeypatch.setattr(native, "LISTENING_ON_UNIX_SOCKETS", request.param == "unix")
    return request.param


@pytest.fixture
def paths(tmp_path, monkeypatch):
    """Of an imaginary stack."""
    return stack_paths(tmp_path, monkeypatch)


@pytest.fixture(scope="module", params=TRANSPORTS)
def shared(request, tmp_path_factory):
    """One server for all the tests that only ask it something."""
    with contextlib.ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            paths = stack_paths(tmp_path_factory.mktemp("control"), patch)
            patch.setattr(native, "LISTENING_ON_UNIX_SOCKETS", request.param == "unix")
            running = stack.enter_context(Supervisor(paths))
        yield running


@pytest.fixture
def supervisor(shared):
    shared.commands.clear()
    return shared
