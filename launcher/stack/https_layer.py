"""What `[https] enabled = true` adds to a stack, as layers: a port, a service, a proof, addresses, allowed origins.

Works on merged plain data, before validation; values of an unexpected type are left for validation to complain about.
"""

import copy
from collections.abc import Iterator
from typing import Any

from launcher.stack import storefrontless
from launcher.stack.https import BELOW, HttpsSpec
from launcher.stack.layers import Layer
from launcher.stack.short import spell_out
from launcher.values import Value

_ORIGIN = "[https]"
_DEFAULTS = HttpsSpec()
_LISTS = {  # CORS lists, and whose pages call from there
    "STORE_CORS": ("storefront", "tenants"),
    "ADMIN_CORS": ("backend",),
    "AUTH_CORS": ("storefront", "tenants", "backend"),
}


class Https(Value, frozen=True):
    """`beneath` lies right over the presets, so that a stack file may differ; `above` only adds to lists."""

    beneath: Layer
    above: Layer


def layers(merged: dict[str, Any]) -> Https | None:
    """What HTTPS adds to this stack; None where it is off, or where there is nothing to put it in front of."""
    if _table(merged, "https").get("enabled") is not True:
        return None
    data = copy.deepcopy(merged)
    spell_out(data)
    storefrontless.leave_out(data)
    there: list[str] = [name for name in ("storefront", "backend") if name in _table(data, "services")]
    if not there and not _table(data, "https", "names"):
        return None
    addresses = {"tenants": list(_tenants(data)), **{name: [_address(data, name)] for name in there}}
    beneath = {
        "ports": {"https": {"prefer": _table(data, "https").get("port", _DEFAULTS.port)}},
        "services": {"https": _service(), **_environments(data, there)},
        "tasks": {"verify-https": _proof(there), **_builds(data, there)},
        "show": _shown(data, there),
    }
    return Https(Layer(_ORIGIN, beneath), Layer(_ORIGIN, {"contracts": _contracts(data, addresses)}))


def _service() -> dict[str, Any]:
    """Caddy stands beside everything: its upstreams are asked when a visitor comes."""
    question = {"tcp": "127.0.0.1:${port.https}"}
    return {
        "description": "Caddy: named hosts with certificates of a local authority",
        "stage": "dependencies",
        "provider": "caddy",
        "port": "https",
        "inherit_env": False,
        "readiness": {**question, "timeout": 2, "deadline": 30},
        "liveness": {**question, "period": 10, "timeout": 5},
        "stop": {"grace": 5},
    }


def _proof(there: list[str]) -> dict[str, Any]:
    return {
        "description": "shop and admin answer over HTTPS, their certificates verified with the local authority",
        "stage": "verify",
        "action": "verify-https",
        "depends_on": dict.fromkeys(("https", *there), "healthy"),
        "timeout": 180,
    }


def _environments(data: dict[str, Any], there: list[str]) -> dict[str, Any]:
    """How each server is called by browsers. What servers ask each other stays plain HTTP on the loopback."""
    variables = {"storefront": "NEXT_PUBLIC_BASE_URL", "backend": "MEDUSA_BACKEND_URL"}
    return {name: {"env": {variables[name]: _address(data, name)}} for name in there}


def _builds(data: dict[str, Any], there: list[str]) -> dict[str, Any]:
    """A storefront that is built beforehand has its own address built in."""
    if "storefront" not in there:
        return {}
    env = {"NEXT_PUBLIC_BASE_URL": _address(data, "storefront")}
    tasks = _table(data, "tasks")
    return {name: {"env": env} for name in tasks if _table(tasks, name).get("action") == "next-build"}


def _shown(data: dict[str, Any], there: list[str]) -> dict[str, str]:
    shown = {}
    if "storefront" in there:
        shown["storefront"] = _address(data, "storefront")
    if "backend" in there:
        shown |= {"admin": f"{_address(data, 'backend')}{_admin_path(data)}", "backend": _address(data, "backend")}
    return shown


def _admin_path(data: dict[str, Any]) -> str:
    path = _table(data, "marketplace", "runtime_config").get("admin_path", "/app")
    return path if isinstance(path, str) else "/app"


def _contracts(data: dict[str, Any], addresses: dict[str, list[str]]) -> dict[str, Any]:
    """The origins that browsers now come from, after those that are allowed already."""
    name = _table(data, "services", "backend").get("contract")
    if not isinstance(name, str):
        return {}
    contract = _table(data, "contracts", name)
    found: dict[str, Any] = {}
    for variable, sides in _LISTS.items():
        allowed = _table(contract, variable).get("add")
        if isinstance(allowed, list):
            more = [address for side in sides for address in addresses.get(side, [])]
            found[variable] = {"add": list(dict.fromkeys([*allowed, *more]))}
    return {name: found} if found else {}


def _address(data: dict[str, Any], service: str) -> str:
    name = {"storefront": "shop", "backend": "admin"}[service]
    chosen = _table(data, "https").get(name, getattr(_DEFAULTS, name))
    return f"https://{chosen}{BELOW}:${{port.https}}"


def _tenants(data: dict[str, Any]) -> Iterator[str]:
    tenants = _table(data, "tenants")
    for name in tenants:
        tenant = _table(tenants, name)
        aliases = tenant.get("aliases")
        for host in (tenant.get("domain"), *(aliases if isinstance(aliases, list) else ())):
            if isinstance(host, str) and "${" not in host:
                yield f"https://{host}:${{port.https}}"


def _table(data: Any, *path: str) -> dict[str, Any]:
    for name in path:
        data = data.get(name) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else {}
