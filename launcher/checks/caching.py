"""What an answer's headers say to browsers and CDNs about keeping it, and whether it was a kept one. Pure."""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from time import time

LONG = 30 * 24 * 3600  # seconds: what has its hash in its name may be kept for ever
_OF_CDNS = ("cloudflare-cdn-cache-control", "cdn-cache-control", "surrogate-control")
_VERDICTS = ("cf-cache-status", "x-cache", "x-cache-status", "x-proxy-cache", "cache-status", "x-vercel-cache")
_KEPT = ("hit", "stale", "updating")

Headers = Mapping[str, str]  # names in lower case


def why_kept(headers: Headers) -> str | None:
    """Why somebody may keep this answer without asking again; None when nobody may."""
    for name in _OF_CDNS:
        if (seconds := lifetime(directives(headers.get(name, "")))) > 0:
            return f"{name} lets CDNs keep it for {seconds} s"
    said = headers.get("cache-control", "")
    found = directives(said)
    if found.keys() & {"no-store", "no-cache"}:
        return None
    seconds = max(lifetime(found), _number(found, "s-maxage"))
    if seconds > 0:
        return f"Cache-Control: {said} lets them keep it for {seconds} s"
    if found.keys() & {"max-age", "private", "must-revalidate"} or ("expires" in headers and _over(headers["expires"])):
        return None
    if said:
        return f"Cache-Control: {said} does not say that it must be asked for again"
    return "it has no Cache-Control, so browsers and CDNs decide themselves how long they keep it"


def why_not_kept(headers: Headers) -> str | None:
    """Why this answer is not kept for ever; None when it is."""
    said = headers.get("cache-control", "")
    found = directives(said)
    if not said:
        return "it has no Cache-Control"
    if "immutable" in found and lifetime(found) >= LONG:
        return None
    return f"Cache-Control: {said} is not immutable with a max-age of {LONG} s or more"


def was_kept(headers: Headers) -> str | None:
    """By which header an answer shows that it came out of a cache without being asked for again."""
    for name in _VERDICTS:
        said = headers.get(name, "")
        words = said.lower().replace("_", " ").replace(";", " ").replace(",", " ").split()
        if any(word in _KEPT for word in words):
            return f"{name}: {said}"
    age = headers.get("age", "").strip()
    return f"age: {age}" if age.isdecimal() and int(age) > 0 else None


def directives(said: str) -> dict[str, str]:
    """The words of a Cache-Control header and their values."""
    pairs = (word.strip().partition("=") for word in said.split(",") if word.strip())
    return {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}


def lifetime(found: Mapping[str, str]) -> int:
    """The seconds of max-age, 0 when it may not be kept at all."""
    return 0 if found.keys() & {"no-store", "no-cache"} else _number(found, "max-age")


def _number(found: Mapping[str, str], name: str) -> int:
    value = found.get(name, "")
    return int(value) if value.isdecimal() else 0


def _over(expires: str) -> bool:
    """Whether that time is past; a date that is none counts as such (RFC 9111)."""
    try:
        return parsedate_to_datetime(expires).timestamp() <= time()
    except ValueError:
        return True
