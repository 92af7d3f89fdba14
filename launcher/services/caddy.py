"""The provider `caddy`: named hosts with certificates of a local authority, in front of what the stack serves.

Everything of it lies in the state directory: the authority with its key, the certificates, the configuration (JSON,
so that no name can be read as anything but a name). It listens on the loopback alone, has no admin endpoint, asks
nobody on the network, and touches no trust store (`rxlaunch https trust` does, when it is asked to).

Certificates are made when somebody comes, for the names of the stack and of its tenants, and for other names below
.localhost: tenants come and go while the stack runs. Any other name gets none, so nothing of ours can pass for it.
"""

import json
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from launcher import native
from launcher.plan.step import Launch, StepContext, StepFailed
from launcher.services import wheels
from launcher.stack.https import BELOW
from launcher.values import Value

INSTALL = 'pip install "rxlaunch[https]"'
_ANY = (f"*{BELOW}", f"*.*{BELOW}")  # a star stands for one label
_OWN = r"(?:localhost|127\.0\.0\.1|\[::1\])"


class CaddyProvider:
    """Brings Caddy: its wheel's, else the one on the PATH."""

    async def resolve(self, context: StepContext) -> Launch:
        """Prepare our own. Raises StepFailed."""
        program = wheels.caddy() or native.executable("caddy", context.env.get("PATH", ""))
        if program is None:
            raise StepFailed("no Caddy: HTTPS needs it, and it is not installed", remedy=f"{INSTALL}, or install Caddy")
        port = context.ports["https"]
        home = context.state_dir / "https"
        data = context.state_dir / "data" / "caddy"
        for directory in (home, data):
            native.private_directory(directory)
        names = _names(context)
        plan = configuration(port, _sites(context, names), data)
        plan["apps"]["pki"] = _authority(str(context.options.get("stack_name", "stack")))
        file = home / "caddy.json"
        native.write_private(file, json.dumps(plan, indent=1).encode())
        return Launch(
            argv=(str(program), "run", "--config", str(file)),
            cwd=home,
            note=f"HTTPS for {', '.join(_host(name) for name in names)}, port {port}",
            outputs={
                "https_authority": str(authority_of(context.state_dir)),
                **{f"https_{name}": f"https://{_host(name)}:{port}" for name in names},
            },
            env={"XDG_DATA_HOME": str(data), "XDG_CONFIG_HOME": str(home)},  # else it writes into the user's home
        )


def authority_of(state_dir: Path) -> Path:
    """The certificate of the local authority of a stack."""
    return state_dir / "data" / "caddy" / "pki" / "authorities" / "local" / "root.crt"


class Sites(Value, frozen=True):
    """What is answered: each host with the port behind it, and where every other name below .localhost leads."""

    hosts: Mapping[str, int]
    others: int | None = None  # the storefront's: tenants come and go while the stack runs


def configuration(port: int, sites: Sites, data: Path) -> dict[str, Any]:
    """Caddy's configuration. Only hosts of `sites` are answered, and have certificates."""
    routes = [_route([host], upstream, port) for host, upstream in sites.hosts.items()]
    subjects = list(sites.hosts)
    if sites.others is not None:
        routes.append(_route(list(_ANY), sites.others, port))
        subjects += _ANY
    server = {
        "listen": [f"{address}:{port}" for address in _loopback()],
        "protocols": ["h1", "h2"],
        "automatic_https": {"disable": True},  # no port 80; the certificates are named below
        "tls_connection_policies": [{}],
        "routes": [*routes, _answer(421, "No site of this stack has this name.\n")],
        "errors": {"routes": [_answer("{http.error.status_code}", _NO_ANSWER)]},
    }
    return {
        "admin": {"disabled": True, "config": {"persist": False}},
        "logging": {"logs": {"default": {"level": "ERROR", "encoder": {"format": "console"}}}},
        "storage": {"module": "file_system", "root": str(data)},
        "apps": {
            "http": {"servers": {"https": server}, "grace_period": "1s"},
            "tls": {"automation": {"policies": [_certificates(subjects)]}},
        },
    }


def _certificates(subjects: list[str]) -> dict[str, Any]:
    """On demand: who comes before a certificate is made waits for it, instead of being refused."""
    return {"subjects": subjects, "issuers": [{"module": "internal"}], "on_demand": True}


_NO_ANSWER = "The server behind this name does not answer ({http.error.status_code}). `rxlaunch status` shows why.\n"


def _authority(stack: str) -> dict[str, Any]:
    """Its names tell whose it is, wherever somebody comes across it."""
    whose = f"rxlaunch local authority of {stack}"
    names = {"name": whose, "root_common_name": whose, "intermediate_common_name": f"{whose}, intermediate"}
    return {"certificate_authorities": {"local": {"install_trust": False, **names}}}


def _names(context: StepContext) -> dict[str, str]:
    """Every name with the named port behind it. Raises StepFailed when there is none."""
    pairs = [pair.split("=") for pair in str(context.options.get("https_names", "")).split(",") if pair]
    found = {name: port for name, port in pairs if port in context.ports}
    if not found:
        raise StepFailed(
            "HTTPS has nothing to stand in front of", remedy="[https.names] leads names to ports of the stack"
        )
    return found


def _sites(context: StepContext, names: Mapping[str, str]) -> Sites:
    """The names, and the hosts of tenants, which lead to the storefront."""
    found = {_host(name): context.ports[port] for name, port in names.items()}
    shop = context.ports["storefront"] if "storefront" in names.values() else None
    if shop is None:
        return Sites(found)
    tenants = [host for host in str(context.options.get("https_hosts", "")).split(",") if host]
    return Sites({**dict.fromkeys(tenants, shop), **found}, shop)


def _route(hosts: list[str], upstream: int, port: int) -> dict[str, Any]:
    """A reverse proxy that keeps the visitor's host.

    A server that redirects to its own address means the one it was asked by; one that doesn't know of HTTPS says http.
    """
    asked = "https://{http.request.hostport}$1"
    redirects = [
        {"search_regexp": rf"^https?://{_OWN}:{upstream}(/.*|\?.*|)$", "replace": asked},
        {"search_regexp": rf"^http://[^/]*:{port}(/.*|\?.*|)$", "replace": asked},
    ]
    proxy = {
        "handler": "reverse_proxy",
        "upstreams": [{"dial": f"127.0.0.1:{upstream}"}],
        "headers": {"response": {"replace": {"Location": redirects}}},
    }
    return {"match": [{"host": hosts}], "handle": [proxy], "terminal": True}


def _answer(status: int | str, text: str) -> dict[str, Any]:
    return {
        "handle": [
            {
                "handler": "static_response",
                "status_code": status,
                "headers": {"Content-Type": ["text/plain; charset=utf-8"]},
                "body": text,
            }
        ]
    }


def _host(name: str) -> str:
    return f"{name}{BELOW}"


def _loopback() -> list[str]:
    """This machine's own addresses; browsers try the newer one first, where there is one."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return ["127.0.0.1"]
    return ["127.0.0.1", "[::1]"]
