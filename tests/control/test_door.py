"""Who may come in, and what may be said (security rows S1 to S5, S7): every route, method and bad header."""

import json

import pytest

from launcher import events as e
from launcher.control import protocol, server
from tests.control.supervisors import METHODS, Supervisor

ROUTES = [*protocol.ROUTES, protocol.HELLO]
NO_ROUTES = ["/", "/v1", "/v1/status/", "/docs", "/openapi.json", "/v1/__class__", "/v1/../v1/status",
             "/v1/%2e%2e/status", "/v1//status", "/v1/status%00", "/v1/commands/__init__", "/V1/STATUS", "/v1/logs",
             "/v1/units/web/../../status", "/static/..%2f..%2fcontrol.json", "//rxlaunch/v1/status"]  # fmt: skip
BAD_HOSTS = ["evil.example", "", "localhost.evil:PORT", "[::1]:PORT", "evil.example:PORT", "0.0.0.0:PORT"]
MORE_BAD_HOSTS = [
    "localhost", "127.0.0.1", "127.0.0.1.:PORT", "localhost:PORT@evil", "LOCALHOST:PORT", "127.1:PORT",
    "2130706433:PORT", "0x7f.1:PORT", "rxlaunch.evil", "RXLAUNCH", "rxlaunch:80", "rxlaunch.", "localhost.:PORT",
    "localhost:0PORT", "127.0.0.1:PORT/evil", "127.0.0.1:PORT, evil", "127.0.0.1:PORT evil", "[::ffff:127.0.0.1]:PORT",
    "lo\u00e7alhost:PORT", "x" * 20_000,
]  # fmt: skip
BAD_ORIGINS = ["null", "http://evil.example", "own", "", "file://", "http://localhost", "chrome-extension://abc"]
BAD_TOKENS = {
    "none": None, "empty": "", "zeros": "0" * 64, "other characters": "\u00fc" * 32, "short": "short",
    "prefix": "prefix", "twice": "twice", "upper case": "upper", "long": "x" * 30_000,
    "with quotes": "quotes", "comma": "comma",
}  # fmt: skip


def token_of(supervisor, kind):
    right = supervisor.address["token"]
    made = {
        "prefix": right[:-1],
        "twice": right * 2,
        "upper case": right.upper() if right.upper() != right else "F" * 64,
        "with quotes": f'"{right}"',
        "comma": f"{right}, {right}",
    }
    return made.get(kind, BAD_TOKENS[kind])


def host_of(supervisor, host):
    return host.replace("PORT", str(supervisor.address.get("port", 80)))


def origin_of(supervisor, origin):
    return f"http://{supervisor.host}" if origin == "own" else origin


def allows_nothing(answer: bytes) -> bool:
    """No header that would let a page read the answer."""
    return b"access-control" not in answer.lower()


# --- who may come in ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*ROUTES, *NO_ROUTES])
def test_no_bad_host_is_served_anywhere_by_any_method(supervisor, path):
    for method in METHODS:
        for host in BAD_HOSTS:
            status, answer = supervisor.ask(method, path, Host=host_of(supervisor, host))
            assert (status, allows_nothing(answer)) == (403, True), (method, host)
    assert supervisor.commands == []


@pytest.mark.parametrize("path", [*ROUTES, *NO_ROUTES])
def test_no_browser_is_served_anywhere_by_any_method_even_with_the_right_token(supervisor, path):
    for method in METHODS:
        for origin in BAD_ORIGINS:
            status, answer = supervisor.ask(method, path, Origin=origin_of(supervisor, origin))
            assert (status, allows_nothing(answer)) == (403, True), (method, origin)
    assert supervisor.commands == []


@pytest.mark.parametrize("path", [*ROUTES, *NO_ROUTES])
def test_no_route_and_no_method_works_without_the_very_token(supervisor, path):
    open_to_all = path == protocol.HELLO and "port" in supervisor.address
    for method in METHODS:
        for kind in BAD_TOKENS:
            status, answer = supervisor.ask(method, path, **{protocol.TOKEN_HEADER: token_of(supervisor, kind)})
            assert status == ((400 if method == "GET" else 405) if open_to_all else 401), (method, kind)
            if not open_to_all and method != "HEAD":
                assert json.loads(answer.partition(b"\r\n\r\n")[2]) == {"error": "the token is missing or wrong"}
    assert supervisor.commands == []


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", protocol.ROUTES)
def test_each_route_has_its_one_method(supervisor, path, method):
    status, _ = supervisor.ask(method, path, body=b"{}" if method == "POST" else b"")
    right = {"GET": 200, "POST": 400}[protocol.ROUTES[path]]  # {} is no command
    assert status == (right if method == protocol.ROUTES[path] else 405)
    assert supervisor.commands == []


@pytest.mark.parametrize("path", NO_ROUTES)
def test_no_other_path_leads_anywhere(supervisor, path):
    assert {supervisor.ask(method, path)[0] for method in METHODS} <= {404}


@pytest.mark.parametrize("path", [*ROUTES, "/", "*"])
def test_a_preflight_is_told_nothing(supervisor, path):
    """The browser asks first whether it may: with an origin, without one, with the token it wants to send named."""
    preflight = {"Access_Control_Request_Method": "POST", "Access_Control_Request_Headers": protocol.TOKEN_HEADER}
    for origin in (None, *BAD_ORIGINS):
        for token in (None, supervisor.address["token"]):
            headers = {"Origin": None if origin is None else origin_of(supervisor, origin)}
            status, answer = supervisor.ask("OPTIONS", path, **headers, **preflight, **{protocol.TOKEN_HEADER: token})
            assert status in (401, 403, 404, 405)
            assert allows_nothing(answer)
            assert b"\r\nallow" not in answer.lower() or status == 405


@pytest.mark.parametrize("host", MORE_BAD_HOSTS, ids=lambda host: host[:24])
def test_a_host_that_is_not_exactly_ours_is_refused(supervisor, host):
    assert supervisor.ask(Host=host_of(supervisor, host))[0] in (400, 403)


def test_the_hosts_that_are_ours_are_served(supervisor):
    hosts = [supervisor.host]
    if "port" in supervisor.address:
        hosts.append(f"localhost:{supervisor.address['port']}")
    assert [supervisor.ask(Host=host)[0] for host in hosts] == [200] * len(hosts)


def test_a_token_too_large_to_be_one_is_cut_off(supervisor):
    for method in METHODS:
        assert supervisor.ask(method, **{protocol.TOKEN_HEADER: "x" * 1_000_000})[0] in (0, 400, 401, 431)
    assert supervisor.ask()[0] == 200


def test_without_its_door_the_server_would_answer_anybody(paths, monkeypatch):
    monkeypatch.setattr(server.Door, "refuses", lambda *_: None)
    with Supervisor(paths) as unguarded:
        stranger = {"Host": "evil.example", "Origin": "http://evil.example", protocol.TOKEN_HEADER: None}
        assert unguarded.ask(**stranger)[0] == 200
        body = json.dumps(e.to_json(e.StopStack())).encode()
        assert unguarded.ask("POST", protocol.COMMANDS, body=body, **stranger)[0] == 200
        assert unguarded.commands == [e.StopStack()]


# --- what may be said -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind",
    [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonx",
     "text/plain; application/json", "application/json, text/plain", ""],
)  # fmt: skip
def test_a_form_that_any_page_could_send_is_refused(supervisor, kind):
    body = json.dumps(e.to_json(e.StopStack())).encode()
    assert supervisor.ask("POST", protocol.COMMANDS, body=body, Content_Type=kind)[0] == 415
    assert supervisor.commands == []


@pytest.mark.parametrize(
    "body",
    [
        b"{", b"[]", b"null", b"\xff", b"[" * 10_000, b'{"a":' * 10_000, b"\xef\xbb\xbf{}", b"NaN", b'"StopStack"',
        b'{"type": "StackStopped", "exit_code": 0}', b'{"type": "__class__"}', b'{"type": "Command"}',
        b'{"type": "builtins.exec", "names": ["1"]}', b'{"type": null}',
        b'{"type": ["StopStack"]}', b'{"type": "StartUnits"}', b'{"type": "StartUnits", "names": "all"}',
        b'{"type": "StartUnits", "names": {"a": 1}}', b'{"type": "StartUnits", "names": null}',
        b'{"type": "StartUnits", "names": [["a"]]}',
        b'{"type": "StartUnits", "names": [1]}', b'{"type": "StopStack", "exit_code": "0"}',
        b'{"type": "StopStack", "exit_code": true}', b'{"type": "KillStack", "exit_code": 1000000}',
        b'{"type": "StopStack", "exit_code": -1}', b'{"type": "StopStack", "exit_code": 1.0}',
        b'{"type": "StopStack", "exit_code": 1e400}',
        b'{"type": "StopStack", "reason": {"a": 1}}', b'{"type": "StopStack", "reason": null}',
        b'{"type": "StopStack", "exit_code": ' + b"9" * 5000 + b"}",
    ],
    ids=range(30),
)  # fmt: skip
def test_what_is_no_command_is_refused(supervisor, body):
    assert supervisor.ask("POST", protocol.COMMANDS, body=body)[0] == 400
    assert supervisor.commands == []
    assert supervisor.ask()[0] == 200


@pytest.mark.parametrize(
    "reason", ["\x1b]52;c;ZXZpbA==\x07", "a\nb", "\u202e", "a" * 60_000, "\x00", "\ud800"], ids=range(6)
)
def test_a_reason_that_is_long_or_drives_a_terminal_is_refused(supervisor, reason):
    """It is shown where `up` runs, and kept in the events."""
    body = json.dumps({"type": "StopStack", "reason": reason}).encode()
    assert supervisor.ask("POST", protocol.COMMANDS, body=body)[0] == 400
    assert supervisor.commands == []


def test_fields_that_no_command_has_do_nothing(supervisor):
    body = b'{"type": "StopStack", "__class__": "x", "__init__": {}, "__dict__": 1, "reason": "asked"}'
    assert supervisor.ask("POST", protocol.COMMANDS, body=body)[0] == 200
    assert supervisor.commands == [e.StopStack("asked")]
