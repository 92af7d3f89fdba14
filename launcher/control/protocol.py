"""What clients and supervisors agree on: routes, headers, limits, how one proves itself to the other. No I/O."""

import hashlib
import hmac
import re

API_VERSION = 1
TOKEN_HEADER = "X-Rxlaunch-Token"  # noqa: S105 - the header's name
UNIX_HOST = "rxlaunch"  # the Host header of requests over the Unix socket
STATUS = "/v1/status"
COMMANDS = "/v1/commands"
VERSION = "/v1/version"
HELLO = "/v1/hello"  # TCP only, the one route without a token: the server proves that it has the token
ROUTES = {STATUS: "GET", COMMANDS: "POST", VERSION: "GET"}
TOKEN_BYTES = 32
LARGEST_BODY = LARGEST_HEAD = 64 * 1024
REQUEST_SECONDS = 5.0  # in which a request must have come in whole
NEXT_SECONDS = 2.0  # the same for another request on a connection
MOST_CONNECTIONS = 32
TOKEN = NONCE = re.compile(r"[0-9a-f]{64}")


def proof(token: str, nonce: str) -> str:
    """What only somebody who has the token can answer to a nonce."""
    return hmac.new(token.encode(), b"rxlaunch hello " + nonce.encode(), hashlib.sha256).hexdigest()
