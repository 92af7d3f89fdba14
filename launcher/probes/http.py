"""Is a URL answered as it should be? The owner of httpx among the probes."""

import asyncio
import contextlib
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from launcher.probes.contract import Answer, Probe
from launcher.probes.loading import loaded
from launcher.probes.local_address import is_local

if TYPE_CHECKING:
    import httpx

    from launcher.stack.model import ProbeSpec

Redact = Callable[[str], str]

_LAST_PORT = 65535
_MOST_REDIRECTS = 10
_MOST_BODY = 2 * 1024 * 1024  # bytes searched for `contains`
_SHOWN_BODY = 200
_READ_BODY = 4096  # bytes in which secrets are hidden before so much of it is shown
_EVIDENCE_SECONDS = 0.25  # how long a bad answer's body is waited for: the status is known already


def probe(spec: "ProbeSpec", redact: Redact) -> Probe:
    """GET the URL; right status, right text, no redirect to another host, all within `timeout` seconds."""

    async def ask() -> Answer:
        await loaded("httpx")
        try:
            async with asyncio.timeout(spec.timeout):
                return await _ask(spec, redact)
        except TimeoutError:
            return Answer(False, f"{_told(spec.http)} → no complete answer within {spec.timeout:g} s", "timeout")

    return ask


def _told(url: str | None) -> str:
    """The request, without user and password."""
    return "GET " + re.sub(r"//[^/@]*@", "//", url or "")


async def _ask(spec: "ProbeSpec", redact: Redact) -> Answer:
    import httpx

    url = spec.http or ""
    try:
        # verify=False is for http:// only: making a TLS context costs 20 ms, and a local URL has no certificate.
        async with httpx.AsyncClient(trust_env=False, verify=not url.startswith("http://"), timeout=None) as client:  # noqa: S113 - the total deadline is around us
            return await _walk(client, spec, url, redact)
    except httpx.ConnectError as error:
        return Answer(False, f"{_told(url)} → connection refused ({error})", "refused")
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, OSError) as error:
        return Answer(False, f"{_told(url)} → {type(error).__name__}: {error}", "protocol")


async def _walk(client: "httpx.AsyncClient", spec: "ProbeSpec", url: str, redact: Redact) -> Answer:
    import httpx

    origin = httpx.URL(url)
    if (origin.port or 0) > _LAST_PORT:
        raise ValueError(f"there is no port {origin.port}")
    for _ in range(_MOST_REDIRECTS):
        async with client.stream("GET", url, headers=spec.headers) as response:
            if spec.follow_redirects and response.is_redirect and response.next_request is not None:
                target = response.next_request.url
                if not _same(origin, target):
                    elsewhere = f"{target.scheme}://{target.netloc.decode()}{target.path}"
                    told = f"{_told(url)} → {response.status_code} to another host, {elsewhere}"
                    return Answer(False, told, "redirect")
                url = str(target.copy_with(host=origin.host))
                continue
            return await _judge(spec, url, response, redact)
    return Answer(False, f"{_told(spec.http)} → more than {_MOST_REDIRECTS} redirects", "redirect")


def _same(origin: "httpx.URL", target: "httpx.URL") -> bool:
    """Whether a redirect leads to the same server. Next answers to 127.0.0.1 with a redirect to localhost."""
    if (origin.scheme, origin.port) != (target.scheme, target.port):
        return False
    return origin.host == target.host or (is_local(origin.host) and is_local(target.host))


async def _judge(spec: "ProbeSpec", url: str, response: "httpx.Response", redact: Redact) -> Answer:
    told = f"{_told(url)} → {response.status_code}"
    if response.status_code not in spec.status:
        body = redact(await _evidence(response))[:_SHOWN_BODY]
        return Answer(False, f"{told} {body}".rstrip(), "redirect" if response.is_redirect else "status")
    if spec.contains is not None and not await _contains(response, spec.contains):
        return Answer(False, f"{told}, but without {spec.contains!r}", "body")
    return Answer(True, told)


async def _evidence(response: "httpx.Response") -> str:
    """The first words of an answer: where it leads, or what its body says, as far as it came at once."""
    if response.is_redirect:
        return f"to {response.headers.get('location', '?')}"
    data = bytearray()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_EVIDENCE_SECONDS):
            async for chunk in response.aiter_bytes():
                data += chunk
                if len(data) >= _READ_BODY:
                    break
    return " ".join(data[:_READ_BODY].decode("utf-8", "replace").split())


async def _contains(response: "httpx.Response", text: str) -> bool:
    """Whether the text is among the first bytes of the body; reads no further than it must."""
    wanted, data, searched = text.encode(), bytearray(), 0
    async for chunk in response.aiter_bytes():
        data += chunk
        if data.find(wanted, searched, _MOST_BODY) >= 0:
            return True
        if len(data) >= _MOST_BODY:
            return False
        searched = max(0, len(data) - len(wanted))
    return False
