"""Targets for checks: a deployment that a small web server plays, or the same as a stack of this machine."""

import asyncio
import os
from pathlib import Path

from launcher.checks.contract import Here, Target
from launcher.findings import Finding
from launcher.marketplace.medusa import open_site
from launcher.paths import StackPaths
from launcher.plan.build import build
from launcher.stack.checks import ChecksSpec
from launcher.stack.model import PortSpec, ServiceSpec, Stack, VariableSpec
from launcher.state.snapshot import Snapshot, UnitView
from tests.support.marketplace import Reply, Web, as_json

KEY = "pk_0123456789abcdef"
ORIGIN = "access-control-allow-origin"
ROUTES = ("/admin/custom/stats",)
ADMIN_PAGE = (
    '<script type="module" src="/app/assets/index-a.js"></script><link rel="stylesheet" href="/app/assets/index-a.css">'
)
BUNDLE = 'const __vite__mapDeps=(i,m=__vite__mapDeps,d=(m.f||(m.f=["assets/login-b.js"])))=>i;x("/",k="session")'
JAVASCRIPT, CSS = "text/javascript; charset=utf-8", "text/css"


def shop(web: Web) -> Web:
    """Everything that a marketplace which can be used answers, backend and storefront on one port."""
    web.pages |= {
        "/ready": Reply(status=404),
        "/health": Reply("OK"),
        "/admin/users/me": as_json({"message": "Unauthorized"}, 401),
        "/app/login": Reply(ADMIN_PAGE),
        "/app/assets/index-a.js": Reply(BUNDLE, JAVASCRIPT),
        "/app/assets/index-a.css": Reply("body{}", CSS),
        "/app/assets/login-b.js": Reply("export{}", JAVASCRIPT),
        "/store/regions": as_json({"regions": [{"name": "Europe", "countries": [{"iso_2": "dk"}]}]}),
        "/store/products": as_json({"products": [{"title": "Allergy plan", "handle": "allergy"}]}),
        "OPTIONS /store/regions": lambda request: Reply(status=204, headers={ORIGIN: request.headers["origin"]}),
        "POST /auth/user/emailpass": as_json({"token": "a.b.c"}),
        "POST /auth/session": Reply("{}", "application/json", headers={"Set-Cookie": "connect.sid=1; Path=/"}),
        "/admin/custom/stats": lambda request: as_json({}, 200 if "authorization" in request.headers else 401),
        "/": Reply("<h1>Allergy plan</h1>"),
    }
    return web


def target(web: Web, **changes) -> Target:
    """The shop as a deployment."""
    url = f"http://127.0.0.1:{web.port}"
    urls = {"backend": url, "storefront": url}
    given = {
        "urls": urls,
        "open_site": lambda name: open_site(urls.get(name, name)),
        "key": KEY,
        "login": ("admin@shop.local", "correct horse"),
        "checks": ChecksSpec(routes=ROUTES),
    }
    return Target(**{**given, **changes})


def here(root: Path, web: Web | None = None, **changes) -> Here:
    """The stack of a checkout whose backend and storefront are our own process."""
    port = web.port if web else 9
    stack = Stack(
        ports={"backend": PortSpec(), "storefront": PortSpec()},
        services={name: ServiceSpec(command=("true",), port=name, contract=name) for name in ("backend", "storefront")},
        contracts={"backend": {"JWT_SECRET": VariableSpec(secret=True)}, "storefront": {}},
        env={"A": "${port.backend} ${port.storefront}"},
    )
    units = {name: UnitView(name, "ready", pid=os.getpid()) for name in stack.services}
    environment = {"PATH": os.environ["PATH"], "JWT_SECRET": "right horse battery"}
    given = {
        "paths": StackPaths(root, root.parent / "state"),
        "plan": build(stack, root),
        "snapshot": Snapshot("i1", phase="ready", ports=dict.fromkeys(stack.ports, port), units=units),
        "environments": dict.fromkeys(stack.services, environment),
        "outputs": {},
        "directories": {"backend": root},
    }
    return Here(**{**given, **changes})


def asked(check, target, group: str | None = None) -> dict[str, Finding]:
    """What a group finds, by name; with `group` only what it finds under that name."""

    async def all_of_it():
        return [finding async for finding in check(target) if group in (None, finding.check)]

    return {finding.name: finding for finding in asyncio.run(all_of_it())}


def failed(found: dict[str, Finding]) -> dict[str, str | None]:
    """What failed, as which known failure."""
    return {name: finding.failure for name, finding in found.items() if finding.verdict == "failed"}


def left_out(found: dict[str, Finding]) -> set[str]:
    """What was left out."""
    return {name for name, finding in found.items() if finding.verdict == "left out"}
