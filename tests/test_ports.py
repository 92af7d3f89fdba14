"""Ports are free, preferred, never reserved, and never the same for two stacks. Strangers are real listeners."""

import contextlib
import errno
import json
import os
import random
import socket
import subprocess
import sys
import textwrap

import pytest

from launcher import native, ports
from launcher.errors import PortTaken
from launcher.native.contract import Identity
from launcher.ports import PortBook, Wishes
from launcher.stack.model import PortSpec
from tests.support.platforms import under_wine
from tests.support.processes import REPOSITORY

TAKEN = "in use|WinError 100(13|48)"  # the second is what Windows says


@pytest.fixture
def lease_file(tmp_path):
    return tmp_path / "user" / "port-leases.json"


@pytest.fixture
def book(lease_file):
    made = []

    def make(*, owner="shop", **wishes):
        specs = {name: spec if isinstance(spec, PortSpec) else PortSpec(prefer=spec) for name, spec in wishes.items()}
        made.append(PortBook(Wishes(**{"ports": specs, **make.options}), lease_file, owner))
        return made[-1]

    make.options = {}
    yield make
    for one in made:
        one.give_back()


@pytest.fixture
def base():
    """A port with nobody on it or on its neighbours."""
    for _ in range(100):
        start = random.randrange(32_000, 50_000, 50)
        if all(_free(port) for port in range(start, start + 8)):
            return start
    raise AssertionError("no quiet corner found")


def _free(port):
    held = ports.bind_everywhere(port)
    for one in held or ():
        one.close()
    return held is not None


@contextlib.contextmanager
def stranger(address, port=0, *, only_ipv6=True):
    """A listener of somebody else's, as servers make them."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if ":" in address:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(only_ipv6))
        listener.bind((address, port))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_free_preferred_port_is_taken(book, base):
    chosen = book(web=base)
    chosen.choose()
    assert chosen.chosen == {"web": base}
    assert chosen.moved == []


@pytest.mark.parametrize(
    ("address", "only_ipv6"), [("127.0.0.1", True), ("0.0.0.0", True), ("::1", True), ("::", False), ("::", True)]
)
def test_a_stranger_on_any_address_is_seen_and_named(book, base, address, only_ipv6):
    with stranger(address, base, only_ipv6=only_ipv6):
        chosen = book(web=base)
        chosen.choose()
    assert chosen.chosen == {"web": base + 1}
    (moved,) = chosen.moved
    assert (moved.name, moved.port, moved.preferred) == ("web", base + 1, base)
    assert under_wine() or f"pid {os.getpid()}" in moved.holder


@pytest.mark.linux_only("a port in TIME_WAIT is free for everybody there")
def test_a_port_in_time_wait_is_free(book, base):
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as every server does
        listener.bind(("127.0.0.1", base))
        listener.listen()
        with socket.create_connection(("127.0.0.1", base)):
            accepted, _ = listener.accept()
            accepted.close()  # who hangs up first keeps the port in TIME_WAIT
    with socket.socket() as plain, pytest.raises(OSError, match=TAKEN):
        plain.bind(("127.0.0.1", base))  # without SO_REUSEADDR it looks taken
    chosen = book(web=base)
    chosen.choose()
    assert chosen.chosen == {"web": base}


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "::1", "::"])
def test_nobody_can_take_a_held_port(book, base, address):
    chosen = book(web=base)
    chosen.choose()
    with pytest.raises(OSError, match=TAKEN), stranger(address, base, only_ipv6=False):
        pass
    chosen.release("web")
    with stranger(address, base, only_ipv6=False):
        pass


@pytest.mark.not_under_wine("it shows listeners without their processes")
def test_a_fixed_port_that_is_taken_names_its_holder(book, base):
    with stranger("127.0.0.1", base), pytest.raises(PortTaken) as raised:
        book(web=PortSpec(fixed=base)).choose()
    assert f"port {base} is taken by" in raised.value.message
    assert f"(pid {os.getpid()}, since " in raised.value.message
    assert raised.value.exit_code == 4


def test_nothing_stays_held_after_a_failure(book, base, lease_file):
    with stranger("127.0.0.1", base + 1), pytest.raises(PortTaken):
        book(a=PortSpec(fixed=base), b=PortSpec(fixed=base + 1)).choose()
    assert _free(base)
    assert json.loads(lease_file.read_text()) == []


def test_the_port_used_last_time_comes_before_the_preferred_one(book, base):
    book.options = {"sticky": {"web": base + 5}}
    chosen = book(web=base)
    chosen.choose()
    assert chosen.chosen == {"web": base + 5}


def test_strict_wants_the_preferred_port_whatever_was_used_last_time(book, base):
    book.options = {"sticky": {"web": base + 5}, "strict": True}
    chosen = book(web=base)
    chosen.choose()
    assert chosen.chosen == {"web": base}
    chosen.give_back()
    with stranger("::1", base), pytest.raises(PortTaken):
        book(web=base).choose()


def test_nobody_is_moved_onto_the_port_that_another_would_like(book, base):
    with stranger("127.0.0.1", base):
        chosen = book(a=base, b=base + 1)
        chosen.choose()
    assert chosen.chosen == {"a": base + 2, "b": base + 1}


def test_a_port_without_any_wish_is_chosen_elsewhere(book):
    chosen = book(web=PortSpec())
    chosen.choose()
    assert chosen.chosen["web"] in range(20_000, 32_000)


# --- reserved ----------------------------------------------------------------------------------------------------


@pytest.fixture
def touched(monkeypatch):
    """Every port that is bound or connected to."""
    seen = set()

    class Watched(socket.socket):
        def bind(self, address):
            seen.add(address[1])
            return super().bind(address)

        def connect(self, address):
            seen.add(address[1])
            return super().connect(address)

    monkeypatch.setattr(socket, "socket", Watched)
    monkeypatch.setattr(native, "listeners", lambda port, *_: seen.add(port) or [])
    return seen


def test_a_reserved_port_is_never_touched(book, touched, base, monkeypatch):
    """Its neighbour is taken; it is preferred; it was used last time; chance offers it as well."""
    chance = iter([base + 1, base + 5])
    monkeypatch.setattr(ports.random, "choice", lambda _: next(chance))
    book.options = {"sticky": {"again": base + 1}, "reserved": (base + 1,)}
    with stranger("127.0.0.1", base):
        touched.clear()
        chosen = book(near=base, exact=base + 1, again=PortSpec())
        chosen.choose()
    assert base in touched
    assert base + 1 not in touched
    assert chosen.chosen == {"near": base + 2, "exact": base + 3, "again": base + 5}
    assert "reserved" in {moved.name: moved.holder for moved in chosen.moved}["exact"]


def test_port_9000_is_reserved_and_cannot_be_insisted_on(book, touched):
    book.options = {"strict": True}
    with pytest.raises(PortTaken, match="port 9000 of web is reserved"):
        book(web=9000).choose()
    with pytest.raises(PortTaken, match="port 9000 of web is reserved"):
        book(web=PortSpec(fixed=9000)).choose()
    assert 9000 not in touched


def test_the_reserved_test_can_fail(book, touched, base):
    book.options = {"reserved": ()}
    book(web=base).choose()
    assert base in touched


# --- leases ------------------------------------------------------------------------------------------------------


def test_two_stacks_of_one_user_never_share_a_port(book, base):
    one, other = book(web=base, owner="one"), book(web=base, owner="other")
    one.choose()
    one.release("web")  # its service is about to bind it: only the lease keeps others away
    other.choose()
    assert other.chosen == {"web": base + 1}
    assert other.moved[0].holder == "the stack one"


def test_a_port_given_back_can_be_had_again(book, base):
    one, other = book(web=base, owner="one"), book(web=base, owner="other")
    one.choose()
    one.give_back()
    other.choose()
    assert other.chosen == {"web": base}


def test_the_lease_of_a_dead_stack_counts_for_nothing(book, base, lease_file):
    ended = subprocess.Popen([sys.executable, "-I", "-S", "-c", "input()"], stdin=subprocess.PIPE)
    who = native.identity(ended.pid)
    ended.communicate(b"\n")
    reused = Identity(os.getpid(), native.my_identity().started + 1, who.boot)  # our pid, another process
    lease_file.parent.mkdir()
    lease_file.write_text(
        json.dumps(
            [
                {"port": base + i, "owner": "dead", "pid": one.pid, "started": one.started, "boot": one.boot}
                for i, one in enumerate((who, reused))
            ]
        )
    )
    chosen = book(a=base, b=base + 1)
    chosen.choose()
    assert chosen.chosen == {"a": base, "b": base + 1}


@pytest.mark.parametrize("text", ["", "{", "{}", "[1]", '[{"port": "x", "owner": 1, "pid": 1}]', "null"])
def test_a_broken_lease_file_is_made_anew(book, base, lease_file, text):
    lease_file.parent.mkdir()
    lease_file.write_text(text)
    chosen = book(web=base)
    chosen.choose()
    assert chosen.chosen == {"web": base}
    assert [entry["port"] for entry in json.loads(lease_file.read_text())] == [base]
    assert native.IS_WINDOWS or lease_file.stat().st_mode & 0o077 == 0


CHOOSER = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from launcher.ports import PortBook, Wishes
    from launcher.stack.model import PortSpec
    base, owner, lease = int(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    for line in sys.stdin:
        book = PortBook(Wishes({"a": PortSpec(prefer=base), "b": PortSpec(prefer=base + 1)}), lease, owner)
        book.choose()
        for name in book.chosen:
            book.release(name)  # held sockets must not be what decides
        print(*book.chosen.values(), flush=True)
        sys.stdin.readline()
        book.give_back()
        print("done", flush=True)
    """
)


def test_two_processes_choosing_at_once_never_choose_the_same(base, lease_file):
    argv = [sys.executable, "-c", CHOOSER, str(base)]
    how = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": REPOSITORY}
    with contextlib.ExitStack() as stack:
        both = [stack.enter_context(subprocess.Popen([*argv, owner, str(lease_file)], **how)) for owner in "xy"]

        def tell(word):
            for one in both:
                one.stdin.write(f"{word}\n")
                one.stdin.flush()
            return [one.stdout.readline().split() for one in both]

        for _ in range(50):
            first, second = tell("choose")
            assert len({*first, *second}) == 4
            assert tell("give back") == [["done"], ["done"]]
        for one in both:
            one.stdin.close()


def test_without_leases_two_stacks_do_collide(book, base, monkeypatch):
    """The control of the tests above: it is the lease that keeps them apart."""
    monkeypatch.setattr(ports, "_lives", lambda entry: False)
    one, other = book(web=base, owner="one"), book(web=base, owner="other")
    one.choose()
    one.release("web")
    other.choose()
    assert one.chosen == other.chosen


# --- choosing again ----------------------------------------------------------------------------------------------


def test_a_stolen_port_is_replaced_by_another(book, base):
    chosen = book(web=base)
    chosen.choose()
    chosen.release("web")
    with stranger("127.0.0.1", base):
        assert chosen.pick_again("web") == base + 1
    assert chosen.chosen == {"web": base + 1}


@pytest.mark.not_under_wine("it shows listeners without their processes")
def test_a_stolen_fixed_port_is_an_error(book, base):
    chosen = book(web=PortSpec(fixed=base))
    chosen.choose()
    chosen.release("web")
    with stranger("127.0.0.1", base), pytest.raises(PortTaken, match=f"pid {os.getpid()}"):
        chosen.pick_again("web")


# --- machines without IPv6 ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", ["family", "address"])
def test_a_machine_without_ipv6_works(book, base, monkeypatch, missing):
    real = socket.socket

    class OldMachine(real):
        def __init__(self, family=-1, *rest, **more):
            if missing == "family" and family == socket.AF_INET6:
                raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
            super().__init__(family, *rest, **more)

        def bind(self, address):
            if self.family == socket.AF_INET6:
                raise OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address")
            return super().bind(address)

    with stranger("127.0.0.1", base):
        monkeypatch.setattr(socket, "socket", OldMachine)
        chosen = book(web=base, other=base + 2)
        chosen.choose()
        monkeypatch.setattr(socket, "socket", real)
    assert chosen.chosen == {"web": base + 1, "other": base + 2}
    with pytest.raises(OSError, match=TAKEN), stranger("0.0.0.0", base + 1):
        pass
