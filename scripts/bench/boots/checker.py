"""The one judge of all contenders: asks what a user needs, every 20 ms, until all of it is there.

In this order, for one answer proves nothing without the one before it (a storefront's page may come from its cache
with the backend down): `/health`, the regions with the key, the admin's login page with every file it names, and the
storefront's home page with a product on it. The home page is asked for only when the backend is proven, so the judge
does no contender's warming-up.
"""

import http.client
import json
import re
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urljoin

POLL_SECONDS = 0.02
ANSWER_SECONDS = 60.0  # a first page in dev mode is compiled meanwhile
PRODUCT = b"/products/"
FILE = re.compile(rb"""(?:src|href)=["']([^"']+\.(?:js|css)(?:\?[^"']*)?)["']""")
KINDS = {"js": ("text/javascript", "application/javascript"), "css": ("text/css",)}
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # the loopback is nobody's proxy's business


@dataclass(frozen=True, slots=True)
class Target:
    """Where a contender's stack can be asked."""

    backend: str
    storefront: str
    key: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Seconds from the launch until each question was first answered well, or why that never happened."""

    seconds: dict[str, float]
    problem: str = ""

    @property
    def usable(self) -> float | None:
        """When all of it was there."""
        return None if self.problem else max(self.seconds.values())


def health(target: Target) -> bool:
    """The backend answers."""
    return answer(f"{target.backend}/health") is not None


def regions(target: Target) -> bool:
    """The key is accepted, and there is a region to sell in."""
    found = answer(f"{target.backend}/store/regions", {"x-publishable-api-key": target.key})
    if found is None:
        return False
    try:
        return bool(json.loads(found[1]).get("regions"))
    except (ValueError, AttributeError):
        return False


def admin(target: Target) -> bool:
    """The login page, and every script and stylesheet that it names, as what it is."""
    url = f"{target.backend}/app/login"
    found = answer(url)
    if found is None or found[0] != "text/html":
        return False
    files = [name.decode() for name in FILE.findall(found[1])]
    return bool(files) and all(_is_right(urljoin(url, name)) for name in files)


def home(target: Target) -> bool:
    """The home page, after its redirects, shows a product."""
    found = answer(f"{target.storefront}/")
    return found is not None and PRODUCT in found[1]


QUESTIONS: dict[str, Callable[[Target], bool]] = {"health": health, "regions": regions, "admin": admin, "home": home}


def judge(
    where: Callable[[], Target | None], ended: Callable[[], str], *, began: float, limit: float = 900.0
) -> Verdict:
    """Ask until all is answered well. `where` may not know yet; `ended` says why there is nothing to wait for.

    `began` is the moment of the launch by time.monotonic(), and so are all times counted from it.
    """
    seconds: dict[str, float] = {}
    open_questions = list(QUESTIONS)
    while open_questions:
        target = where()
        while target is not None and open_questions and QUESTIONS[open_questions[0]](target):
            seconds[open_questions.pop(0)] = time.monotonic() - began
        if open_questions:
            problem = ended() or ("" if time.monotonic() - began < limit else f"not usable within {limit:g} s")
            if problem:
                return Verdict(seconds, f"{problem}; not answered: {', '.join(open_questions)}")
            time.sleep(POLL_SECONDS)
    return Verdict(seconds)


def answer(url: str, headers: dict[str, str] | None = None) -> tuple[str, bytes] | None:
    """The type and the body of a complete answer with status 200; redirects are followed."""
    try:
        with DIRECT.open(urllib.request.Request(url, headers=headers or {}), timeout=ANSWER_SECONDS) as response:
            body: bytes = response.read()
            return (response.headers.get_content_type(), body) if response.status == 200 else None
    except (OSError, http.client.HTTPException, ValueError):
        return None


def _is_right(url: str) -> bool:
    kind = "css" if ".css" in url.rpartition("/")[2] else "js"
    found = answer(url)
    return found is not None and found[0] in KINDS[kind]
