"""Is a URL answered as it should be? The owner of httpx among the probes."""

import asyncio
from typing import TYPE_CHECKING

from launcher.probes.contract import Answer, Probe

if TYPE_CHECKING:
    import httpx

    from launcher.stack.model import ProbeSpec

_MOST_REDIRECTS = 10
_MOST_BODY = 2 * 1024 * 1024  # bytes searched for `contains`
_SHOWN_BODY = 200


def probe(spec: "ProbeSpec") -> Probe:
    """GET the URL; right status, right text, no redirect to another host, all within `timeout` seconds."""

    async def ask() -> Answer:
        try:
            async with asyncio.timeout(spec.timeout):
                return await _ask(spec)
        except TimeoutError:
            return Answer(False, f"GET {spec.http} → no complete answer within {spec.timeout:g} s", "timeout")

    return ask


async def _ask(spec: "ProbeSpec") -> Answer:
    import httpx

    url = spec.http or ""
    try:
        # verify=False is for http:// only: making a TLS context costs 20 ms, and a local URL has no certificate.
        async with httpx.AsyncClient(trust_env=False, verify=not url.startswith("http://"), timeout=None) as client:  # noqa: S113, S501 - the total deadline is around us
            return await _walk(client, spec, url)
    except httpx.ConnectError as error:
        return Answer(False, f"GET {url} → connection refused ({error})", "refused")
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        return Answer(False, f"GET {url} → {type(error).__name__}: {error}", "protocol")


async def _walk(client: "httpx.AsyncClient", spec: "ProbeSpec", url: str) -> Answer:
    import httpx

    origin = httpx.URL(url)
    for _ in range(_MOST_REDIRECTS):
        async with client.stream("GET", url, headers=spec.headers) as response:
            if spec.follow_redirects and response.is_redirect and response.next_request is not None:
                target = response.next_request.url
                if (target.host, target.port) != (origin.host, origin.port):
                    return Answer(False, f"GET {url} → {response.status_code} to another host, {target}", "redirect")
                url = str(target)
                continue
            return await _judge(spec, url, response)
    return Answer(False, f"GET {spec.http} → more than {_MOST_REDIRECTS} redirects", "redirect")


async def _judge(spec: "ProbeSpec", url: str, response: "httpx.Response") -> Answer:
    told = f"GET {url} → {response.status_code}"
    if response.status_code not in spec.status:
        body = await _beginning(response, _SHOWN_BODY)
        code = "redirect" if response.is_redirect else "status"
        return Answer(False, f"{told} {' '.join(body.split())}".rstrip(), code)
    if spec.contains is not None and spec.contains not in await _beginning(response, _MOST_BODY):
        return Answer(False, f"{told}, but without {spec.contains!r}", "body")
    return Answer(True, told)


async def _beginning(response: "httpx.Response", most: int) -> str:
    data = b""
    async for chunk in response.aiter_bytes():
        data += chunk
        if len(data) >= most:
            break
    return data[:most].decode("utf-8", "replace")
