"""Questions about the backend itself: whether it is well, whether its admin can be had and used. Starts nothing."""

from typing import Any

from launcher.checks import servers
from launcher.checks.contract import LeftOut, Target, Wrong
from launcher.checks.shop import Lazily, store_failure
from launcher.marketplace import verify
from launcher.marketplace.medusa import Page, Question, Site, assets_of

_LOGS = "rxlaunch logs backend shows why"
_PROTECTED = frozenset({200, 401, 403})
_FAILURES = {"database": "postgres-unreachable", "redis": "redis-unreachable"}


async def health(target: Target, backend: Lazily) -> str:
    """`/ready` where there is one and it can be believed, else `/health`."""
    site = await backend.site()
    ready = await site.get("/ready")
    if ready.status == 200 and not ready.error:
        return "/ready answers 200"
    alive = await site.get("/health")
    if alive.error or alive.status != 200:
        worse = alive if ready.error or ready.status == 404 else ready
        raise Wrong(f"the backend is not well: {worse}", remedy=_LOGS)
    if ready.error or ready.status != 503:
        return "/health answers 200 (there is no /ready)"
    return await _disbelieved(target, ready)


async def _disbelieved(target: Target, ready: Page) -> str:
    """Some marketplaces' /ready says for ever that Redis is in error: only Redis itself can tell whether it is."""
    body = ready.json()
    parts = body if isinstance(body, dict) else {}
    broken = [name for name in ("database", "redis") if parts.get(name, "ok") != "ok"]
    if target.here is None:
        if broken == ["redis"]:
            return "/health answers 200; /ready says that Redis is in error, which smoke.admin-api proves or refutes"
    else:
        for name in broken:
            await (servers.postgres if name == "database" else servers.redis)(target.here)
        if broken:
            return f"/health answers 200; /ready blames {' and '.join(broken)}, wrongly: asked directly, they answer"
    told = ", ".join(f"{name}: {parts[name]}" for name in ("database", "redis") if name in parts)
    failure = _FAILURES.get(broken[0]) if broken else None
    raise Wrong(f"/ready answers 503{f' ({told})' if told else ''}", failure=failure, remedy=None if failure else _LOGS)


async def admin_api(backend: Lazily) -> str:
    """A complete answer of the admin API: without its session store it sends headers, and never the rest."""
    problem = await verify.session(await backend.site())
    if problem is None:
        return "/admin/users/me answers completely"
    hangs = "does not finish" in problem
    raise Wrong(problem, failure="redis-unreachable") if hangs else Wrong(problem, remedy=_LOGS)


async def admin_shell(target: Target, backend: Lazily) -> str:
    """The page from which the admin starts."""
    path = f"{target.admin_path.rstrip('/')}/login"
    page = await (await backend.site()).get(path)
    return shell_of(page, path)


def shell_of(page: Page, path: str) -> str:
    """That this is the admin's page: HTML with a script. Raises Wrong."""
    if page.error:
        raise Wrong(f"the admin's login page: {page}", remedy=_LOGS)
    if page.status != 200 or page.kind != "text/html":
        raise Wrong(f"the admin's login page: {page}", failure="admin-not-built")
    scripts = sum(asset.kind == "script" for asset in assets_of(page.text))
    if not scripts:
        raise Wrong(f"{path} names no script: it is no built admin", failure="admin-not-built")
    return f"{path} is a page with {scripts} script{'s' * (scripts > 1)}"


class Administrator:
    """Asks the admin API without a session, and with one where a login is known."""

    def __init__(self, target: Target, backend: Lazily) -> None:
        self._target = target
        self._backend = backend
        self._token: str | None = None

    async def log_in(self) -> str:
        """Both steps of the admin's login: /auth/user/emailpass and /auth/session, the second with a cookie."""
        if self._target.login is None:
            raise LeftOut("no administrator's login is known (RXLAUNCH_ADMIN_EMAIL, RXLAUNCH_ADMIN_PASSWORD)")
        email, password = self._target.login
        body = {"email": email, "password": password}
        await self._backend.site()  # left out where there is none
        async with self._target.open_site("backend") as site:  # with cookies of its own: others ask without a session
            return await self._log_in(site, email, body)

    async def _log_in(self, site: Site, email: str, body: dict[str, str]) -> str:
        answer = await site.send(Question("/auth/user/emailpass", "POST", json=body), seconds=10)
        token = _text(answer.json(), "token")
        if answer.status != 200 or not token:
            raise Wrong(
                f"{email} cannot log in: {answer}",
                remedy="is this the administrator's address and password? `npx medusa user --email …` creates one",
            )
        self._token = token
        return await self._session(site, email)

    async def _session(self, site: Site, email: str) -> str:
        question = Question("/auth/session", "POST", headers=self._bearer(), json={})
        answer = await site.send(question, seconds=10)
        if answer.status != 200:
            raise Wrong(f"the login of {email} is accepted, but no session begins: {answer}", remedy=_LOGS)
        if "set-cookie" not in answer.headers:
            raise Wrong(
                "a session begins, but its cookie is not sent: it is Secure, and this is plain http",
                remedy="use https, or set projectConfig.cookieOptions.secure to false in medusa-config",
            )
        return f"{email} logs in: /auth/user/emailpass and /auth/session succeed"

    async def route(self, path: str) -> str:
        """A route of the stack file: 200, 401 or 403 for anybody, and no error for the administrator."""
        site = await self._backend.site()
        answer = await site.get(path, seconds=10)
        if answer.error or answer.status not in _PROTECTED:
            raise _route_failure(answer)
        if self._token is None:
            return f"answers {answer.status}"
        known = await site.send(Question(path, headers=self._bearer()), seconds=10)
        if known.error or known.status not in _PROTECTED:
            raise _route_failure(known)
        return f"answers {answer.status} without a session, {known.status} to the administrator"

    def _bearer(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self._token}"}


def _route_failure(answer: Page) -> Wrong:
    if "does not exist" in answer.text:
        return store_failure(answer)
    message = _text(answer.json(), "message")
    missing = "is there such a route? correct [checks] routes, or build again: rxlaunch up --fresh"
    return Wrong(f"{answer}{f': {message}' if message else ''}", remedy=missing if answer.status == 404 else _LOGS)


def _text(document: Any, name: str) -> str:
    value = document.get(name) if isinstance(document, dict) else None
    return value if isinstance(value, str) else ""
