"""Whether the server that the user's URL names is to be used: the policy that Postgres and Redis share.

External servers that answer win. A permanent refusal (password, database) is never papered over with another server:
the user's data is there. Only a connection refused on this very machine leads to a local or an embedded one.
"""

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable
from urllib.parse import unquote, urlsplit

from launcher.plan import others
from launcher.plan.step import StepContext, StepFailed, Verdict
from launcher.services import local
from launcher.values import Value

_PATIENCE_SECONDS = 20.0  # for what is starting, loading, or (in the cloud) waking up
_POLL_SECONDS = 0.25


Ask = Callable[[str], Awaitable[Verdict]]
_ANY_FAILURE = frozenset({"refused", "timeout", "loading", "protocol", "error"})  # of a server that is starting


class Kind(Value, frozen=True):
    """What differs between Postgres and Redis."""

    name: str  # as shown
    variable: str
    unit: str  # also the words that a service or container is recognised by
    port: int


async def find_external(context: StepContext, ask: Ask, kind: Kind) -> tuple[str, str] | None:
    """URL and a note about the server to adopt; None when an embedded one is to be started.

    Raises StepFailed when the user's server is there but refuses us, or must be used and isn't there.
    """
    url = context.given.get(kind.variable, "").strip()
    if context.source == "embedded":
        return None
    if not url:
        if context.source == "external":
            raise StepFailed(
                f'{kind.variable} is not set, and source = "external" asks for it', remedy="set it in .env"
            )
        return None
    for secret in password_of(url):
        context.hide(secret)
    answer = await _patiently(ask, url, frozenset({"loading"} if is_local(url) else {"loading", "timeout"}))
    if answer.code != "refused" or not is_local(url) or context.source == "external":
        return url, _must_be_ok(answer, kind)
    started = await local.start_existing(local.Wanted(kind.unit, _port_of(url, kind), kind.port))
    if started is not None:
        context.report(f"started {started}")
        answer = await _patiently(ask, url, _ANY_FAILURE)
        if answer.code != "refused":
            return url, f"{_must_be_ok(answer, kind)} ({started})"
    context.report(f"{answer.detail}; using the embedded {kind.name} instead of {kind.variable}")
    return None


def _must_be_ok(answer: Verdict, kind: Kind) -> str:
    if not answer.ok:
        raise StepFailed(answer.detail, remedy=answer.remedy or _remedy(kind))
    return answer.detail


def port_for(context: StepContext, kind: Kind) -> int:
    """The port that an embedded server is to listen on. Raises StepFailed when the stack has none for it."""
    for name in (context.unit, kind.unit):
        if name in context.ports:
            return context.ports[name]
    raise StepFailed(
        f"the embedded {kind.name} has no port", remedy=f"add `{context.unit} = {{}}` to [ports]: any free one is taken"
    )


async def _patiently(ask: Ask, url: str, transient: frozenset[str]) -> Verdict:
    """Ask until the answer is good, permanent, or of none of the transient codes."""
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + _PATIENCE_SECONDS
    while True:
        answer = await ask(url)
        if answer.ok or answer.permanent or answer.code not in transient or loop.time() >= give_up_at:
            return answer
        with others.at_work():  # it is starting, or waking up
            await asyncio.sleep(_POLL_SECONDS)


def is_local(url: str) -> bool:
    """Whether the URL names this machine."""
    try:
        host = urlsplit(url).hostname or "localhost"
        return host == "localhost" or host.endswith(".localhost") or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def password_of(url: str) -> frozenset[str]:
    """The password in a URL, as written and as meant, to be hidden."""
    try:
        password = urlsplit(url).password
    except ValueError:
        return frozenset()
    return frozenset({password, unquote(password)}) if password else frozenset()


def _port_of(url: str, kind: Kind) -> int:
    return urlsplit(url).port or kind.port


def _remedy(kind: Kind) -> str:
    return f"start it, correct {kind.variable}, or remove {kind.variable} to use the embedded server"
