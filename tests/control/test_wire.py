"""Requests that are no proper HTTP: smuggling shapes, duplicates, controls, old versions, other protocols (row S1)."""

import pytest

from launcher.control import protocol
from tests.control.supervisors import Supervisor

STOP = b'{"type": "StopStack"}'
OK = b"HTTP/1.1 200 "


def good(supervisor, *more: bytes, path=b"/v1/status", method=b"GET", version=b"HTTP/1.1") -> list[bytes]:
    """The lines of a request that is served, and more."""
    token = f"{protocol.TOKEN_HEADER}: {supervisor.address['token']}".encode()
    return [
        b" ".join((method, path, version)),
        b"Host: " + supervisor.host.encode(),
        token,
        b"Connection: close",
        *more,
    ]


def command(supervisor, *more: bytes) -> list[bytes]:
    return good(supervisor, b"Content-Type: application/json", *more, path=b"/v1/commands", method=b"POST")


def raw(supervisor, data: bytes) -> bytes:
    """Everything that is answered to these bytes."""
    answer = b""
    with supervisor.connect() as connected:
        try:
            connected.sendall(data)
            while chunk := connected.recv(65536):
                answer += chunk
        except ConnectionError:
            pass
    return answer


@pytest.mark.parametrize("length", [b"0", b"21", b"100000", b"21, 21", b"+21", b"-1", b"0x15", b" ", b"2 1", b"1e3",
                                    b"21\r\nContent-Length: 0", b"0\r\nContent-Length: 21", b"\xb2\xb1"])  # fmt: skip
def test_a_body_of_two_lengths_or_an_odd_one_is_no_command(supervisor, length):
    chunked = b"15\r\n" + STOP + b"\r\n0\r\n\r\n"
    for transfer in (
        b"Transfer-Encoding: chunked",
        b"transfer-encoding:chunked",
        b"Transfer-Encoding: identity, chunked",
    ):
        for lines in ([b"Content-Length: " + length, transfer], [transfer, b"Content-Length: " + length]):
            answer = raw(supervisor, b"\r\n".join([*command(supervisor, *lines), b"", chunked]))
            assert not answer.startswith(OK), lines
    assert supervisor.commands == []


@pytest.mark.parametrize(
    "transfer",
    [b"Transfer-Encoding: xchunked", b"Transfer-Encoding : chunked", b"Transfer-Encoding: chunked, gzip",
     b"Transfer-Encoding:\x0bchunked", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
     b"Transfer-Encoding: gzip, chunked", b"X: y\r\n Transfer-Encoding: chunked", b"Transfer_Encoding: chunked"],
)  # fmt: skip
def test_an_odd_transfer_encoding_hides_no_command(supervisor, transfer):
    smuggled = b"\r\n".join([*command(supervisor, b"Content-Length: 21"), b"", STOP])
    raw(supervisor, b"\r\n".join([*good(supervisor, transfer), b"", b"0\r\n\r\n" + smuggled]))
    raw(supervisor, b"\r\n".join([*command(supervisor, transfer), b"", b"zz\r\n" + STOP + b"\r\n0\r\n\r\n"]))
    assert supervisor.commands == []


@pytest.mark.parametrize(
    "line",
    [b"X: a\x00b", b"X: a\rb", b"X\x00: a", b"X y: a", b": empty", b"no colon", b"X: \x7f\x1b[2J\x01",
     b"\x1b]0;t\x07: a", b"X: " + b"a" * 70_000, b"\xff\xfe: a", b"X : a", b"Host : evil", b"H\xc3\xb6st: evil"],
    ids=range(13),
)  # fmt: skip
def test_a_malformed_header_is_refused(supervisor, line):
    answer = raw(supervisor, b"\r\n".join([*good(supervisor, line), b"", b""]))
    assert not answer.startswith(OK)


@pytest.mark.parametrize("line", [b"\tfolded", b" folded", b" Origin: http://evil.example"])
def test_a_folded_header_adds_nothing_but_itself(supervisor, line):
    """Obsolete, and harmless where it continues what counts for nothing; here it continues the token."""
    token = good(supervisor)
    folded_token = b"\r\n".join([*token[:3], line, *token[3:], b"", b""])
    assert not raw(supervisor, folded_token).startswith(OK)


@pytest.mark.parametrize(
    "request_line",
    [b"GET /v1/status", b"GET  /v1/status HTTP/1.1", b"GET /v1/status HTTP/9.9", b"GET /v1/status HTTP/2.0",
     b"GET /v1/st atus HTTP/1.1", b"GET /v1/status\x00 HTTP/1.1", b"G\xc3\x8bT /v1/status HTTP/1.1",
     b" GET /v1/status HTTP/1.1",
     b"GET http://rxlaunch/v1/status HTTP/1.1", b"GET //evil/v1/status HTTP/1.1", b"GET v1/status HTTP/1.1",
     b"GET /v1/status#x HTTP/1.1\r\nOrigin: x", b"CONNECT 127.0.0.1:22 HTTP/1.1", b"OPTIONS * HTTP/1.1",
     b"GET " + b"/" * 100_000 + b" HTTP/1.1", b"PRI * HTTP/2.0", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
     b"SSH-2.0-OpenSSH_9.6", b"\x00" * 64, b"EHLO evil", b"*1\r\n$4\r\nPING"],
    ids=range(21),
)  # fmt: skip
def test_a_malformed_request_line_is_refused(supervisor, request_line):
    answer = raw(supervisor, b"\r\n".join([request_line, *good(supervisor)[1:], b"", b""]))
    assert not answer.startswith(OK)
    assert supervisor.ask()[0] == 200


def test_header_lines_that_end_in_a_bare_newline_are_checked_like_all_others(supervisor):
    lines = good(supervisor)
    for bad in ([lines[0], b"Host: evil", *lines[2:]], [*lines, b"Origin: null"], [lines[0], lines[1], lines[3]]):
        for end in (b"\n", b"\r\n"):
            assert raw(supervisor, end.join([*bad, b"", b""])).split(b" ")[1:2] in ([b"403"], [b"401"])


@pytest.mark.parametrize("name", [b"Host", protocol.TOKEN_HEADER.encode(), protocol.TOKEN_HEADER.lower().encode()])
def test_what_counts_may_come_once_only_even_if_both_are_right(supervisor, name):
    value = supervisor.host if name == b"Host" else supervisor.address["token"]
    answer = raw(supervisor, b"\r\n".join([*good(supervisor, name + b": " + value.encode()), b"", b""]))
    assert answer.split(b" ")[1] in (b"400", b"401", b"403")


def test_an_old_version_without_host_is_refused_and_with_everything_is_served(supervisor):
    first, host, *rest = good(supervisor, version=b"HTTP/1.0")
    assert raw(supervisor, b"\r\n".join([first, *rest, b"", b""])).split(b" ")[1] in (b"400", b"403")
    assert raw(supervisor, b"\r\n".join([first, host, *rest, b"", b""])).split(b" ")[1] == b"200"


@pytest.mark.parametrize("upgrade", [b"websocket", b"h2c", b"rxlaunch", b"TLS/1.3"])
def test_no_connection_becomes_another_protocol(supervisor, upgrade):
    lines = good(supervisor)[:3]
    more = [b"Connection: Upgrade", b"Upgrade: " + upgrade, b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            b"Sec-WebSocket-Version: 13"]  # fmt: skip
    with supervisor.connect() as connected:
        connected.sendall(b"\r\n".join([*lines, *more, b"", b""]))
        assert b" 101 " not in connected.recv(65536)
        connected.sendall(b"\x81\x05hello")


def test_what_strangers_send_is_no_news_for_the_supervisors_terminal(paths, transport, capfd):
    with Supervisor(paths) as supervisor:
        raw(supervisor, b"\x00\x1b]52;c;ZXZpbA==\x07\r\n\r\n")
        raw(supervisor, b"\r\n".join([*good(supervisor)[:3], b"Connection: Upgrade", b"Upgrade: websocket", b"", b""]))
        raw(supervisor, b"\r\n".join([*command(supervisor, b"Content-Length: 21, 22"), b"", STOP]))
    assert capfd.readouterr() == ("", "")
