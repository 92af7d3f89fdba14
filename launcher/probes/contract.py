"""What a probe is and what it answers. The questions themselves are in this package's other modules."""

from collections.abc import Awaitable, Callable

from launcher.values import Value


class Answer(Value, frozen=True):
    """Ready, or why not. `permanent`: waiting can't heal it (a wrong password); `code` names the case.

    Codes: ok, refused, timeout, auth, missing_database, loading, read_only, status, redirect, body, protocol, error.
    """

    ok: bool
    detail: str
    code: str = "ok"
    permanent: bool = False
    remedy: str | None = None


Probe = Callable[[], Awaitable[Answer]]
"""One attempt, bounded by its own deadline; never raises for what the other side does."""
