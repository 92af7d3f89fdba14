"""The table `[https]` of a stack file: named hosts with certificates in front of backend and storefront.

What it adds to a stack is in `stack/https_layer.py`; the server is `services/caddy.py`.
"""

from launcher.stack.kinds import Flag, Model, Name, Port

BELOW = ".localhost"  # names below it are this machine (RFC 6761): browsers ask no resolver for them


class HttpsSpec(Model, frozen=True):
    """`[https]`: off unless asked for, here or by `up --https`."""

    enabled: Flag = False
    port: Port = 8443  # preferred; `[ports] https = { fixed = 8443 }` insists
    shop: Name = "shop"  # https://shop.localhost:PORT leads to the storefront
    admin: Name = "admin"  # https://admin.localhost:PORT leads to the backend: admin and API
    names: dict[Name, Name] = {}  # more of them: NAME.localhost → the named port it leads to

    def leads_to(self) -> dict[str, str]:
        """Every name and the named port behind it."""
        return {self.shop: "storefront", self.admin: "backend", **self.names}
