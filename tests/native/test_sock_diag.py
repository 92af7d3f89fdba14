"""Whether anybody listens on a port: the kernel asked by number, and its tables where it may not be asked."""

import os
import socket
import sys

import pytest

if sys.platform == "win32":
    pytest.skip("Linux's way", allow_module_level=True)

from launcher.native import proc, sock_diag

ADDRESSES = [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET, ""), (socket.AF_INET6, "::1"), (socket.AF_INET6, "::")]


def refused(_port):
    raise PermissionError("no netlink in this sandbox")


@pytest.fixture(params=["by netlink", "by the tables"])
def listens(request, monkeypatch):
    """Both ways, the second as it is come to: netlink is refused."""
    if request.param == "by the tables":
        monkeypatch.setattr(sock_diag, "listening", refused)
    else:
        monkeypatch.setattr(proc, "_listening_sockets", lambda: pytest.fail("netlink did not answer"))
    return proc.listens


@pytest.mark.parametrize(("family", "host"), ADDRESSES)
def test_a_listener_is_told_on_every_kind_of_address_for_as_long_as_it_listens(listens, family, host):
    with socket.socket(family) as server:
        server.bind((host, 0))
        port = server.getsockname()[1]
        assert not listens(port), "bound is not listening"
        server.listen()
        assert listens(port)
    assert not listens(port)


def test_a_connection_that_outlives_its_listener_is_none(listens):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port))
        served, _ = server.accept()
    with client, served:
        assert not listens(port)


def test_only_the_port_that_was_asked_about_counts(listens):
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        other.close()
        assert not listens(port)
        assert listens(server.getsockname()[1])


def test_both_ways_name_the_same_sockets(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_INET6) as other:
        port = server.getsockname()[1]
        other.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, True)
        other.bind(("::1", port))
        other.listen()
        told = proc._sockets_at(port)
        assert told == {str(os.fstat(each.fileno()).st_ino) for each in (server, other)}
        monkeypatch.setattr(sock_diag, "listening", refused)
        assert proc._sockets_at(port) == told
