"""`check smoke` (runbook R11): what runs is ours, answers, and can be used by both kinds of visitor. Starts nothing."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial

from launcher.checks import health, listeners, shop
from launcher.checks.contract import Asking, Target
from launcher.findings import Finding

_BACKEND = ("listener backend", "health")


async def check(target: Target) -> AsyncIterator[Finding]:
    """Listeners, health, the admin API and shell, the key, CORS, the routes of the stack file, the storefront."""
    ask = Asking("smoke")
    for name in listeners.services_with_ports(target):
        yield await ask(f"listener {name}", partial(listeners.listener, target, name))
    async with AsyncExitStack() as stack:
        backend = shop.Lazily(target, "backend", stack)
        yield await ask("health", partial(health.health, target, backend), _BACKEND[:1])
        yield await ask("admin-api", partial(health.admin_api, backend), _BACKEND)
        yield await ask("admin-shell", partial(health.admin_shell, target, backend), _BACKEND)
        yield await ask("key", partial(shop.key, target, backend), _BACKEND)
        yield await ask("regions", partial(shop.regions, target, backend), (*_BACKEND, "key"))
        yield await ask("cors", partial(shop.cors, target, backend), _BACKEND)
        visitor = health.Administrator(target, backend)
        yield await ask("login", visitor.log_in, (*_BACKEND, "admin-api"))
        for path in target.checks.routes:
            yield await ask(f"route {path}", partial(visitor.route, path), (*_BACKEND, "admin-api"))
        storefront = shop.Lazily(target, "storefront", stack)
        needs = (*_BACKEND, "listener storefront", "key", "regions")
        yield await ask("storefront", partial(shop.home, target, backend, storefront), needs)
