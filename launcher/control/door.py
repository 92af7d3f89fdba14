"""Who may come in: checks of a request before any of it is understood. Pure; `server.py` answers the refusals."""

import hmac
import re
from collections.abc import Iterable, Sequence

from launcher.control import protocol
from launcher.values import Value

_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
Headers = Iterable[tuple[bytes, bytes]]


class Refusal(Value, frozen=True):
    """Why a request is not answered."""

    status: int
    error: str


class Door(Value, frozen=True):
    """What this server accepts. `hosts` are the only Host headers; `hello` opens the route without a token."""

    token: str
    hosts: frozenset[bytes]
    hello: bool

    def refuses(self, method: str, path: str, headers: Headers, version: str = "1.1") -> Refusal | None:
        """The refusal, or None when the request may come in."""
        fields = [(name.lower(), value) for name, value in headers]
        return (
            _malformed(version, fields)
            or self._foreign(path, fields)
            or self._unknown(method, path, fields)
            or _body(method, fields)
        )

    def _foreign(self, path: str, fields: Sequence[tuple[bytes, bytes]]) -> Refusal | None:
        """Requests that a browser, or a name that was made to lead here, may have sent."""
        hosts = _all(fields, b"host")
        if len(hosts) != 1 or hosts[0] not in self.hosts or not path.startswith("/"):
            return Refusal(403, "this host is not served here")
        if _all(fields, b"origin"):
            return Refusal(403, "no browser may ask here")
        return None

    def _unknown(self, method: str, path: str, fields: Sequence[tuple[bytes, bytes]]) -> Refusal | None:
        if self.hello and path == protocol.HELLO:
            return None if method == "GET" else Refusal(405, "method not allowed")
        tokens = _all(fields, protocol.TOKEN_HEADER.lower().encode())
        if len(tokens) != 1 or not hmac.compare_digest(tokens[0], self.token.encode()):
            return Refusal(401, "the token is missing or wrong")
        if path not in protocol.ROUTES:
            return Refusal(404, "no such route")
        return None if method == protocol.ROUTES[path] else Refusal(405, "method not allowed")


def _malformed(version: str, fields: Sequence[tuple[bytes, bytes]]) -> Refusal | None:
    """What the HTTP library lets pass."""
    if version not in ("1.0", "1.1"):
        return Refusal(505, "speak HTTP/1.1")
    if sum(len(name) + len(value) for name, value in fields) > protocol.LARGEST_HEAD:
        return Refusal(431, "the headers are too large")
    if any(_CONTROL.search(value) for _, value in fields):
        return Refusal(400, "a header has control characters")
    return None


def _body(method: str, fields: Sequence[tuple[bytes, bytes]]) -> Refusal | None:
    lengths = _all(fields, b"content-length")
    if lengths and _all(fields, b"transfer-encoding"):
        return Refusal(400, "how long is the body?")
    if any(not value.isdigit() or int(value[:20]) > protocol.LARGEST_BODY for value in lengths):
        return Refusal(413, "the body is too large")
    kinds = _all(fields, b"content-type")
    if method == "POST" and [kind.partition(b";")[0].strip().lower() for kind in kinds] != [b"application/json"]:
        return Refusal(415, "send application/json")
    return None


def _all(fields: Sequence[tuple[bytes, bytes]], name: bytes) -> list[bytes]:
    return [value for field, value in fields if field == name]
