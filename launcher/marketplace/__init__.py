"""What rxlaunch knows about Medusa and Next.js: built-in actions, the environment contract, detection.

Nothing is imported before it is asked for: `action("publishable-key")` loads that module alone. SQL lives in
`database.py` only, HTTP in `medusa.py` only.
"""

from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from launcher.plan.step import Action

_TABLE = {
    "node-packages": ("packages", "NodePackages"),
    "medusa-migrate": ("migrations", "MedusaMigrate"),
    "medusa-seed": ("seed", "MedusaSeed"),
    "medusa-build": ("admin_build", "MedusaBuild"),
    "next-build": ("next_build", "NextBuild"),
    "publishable-key": ("publishable_key", "PublishableKey"),
    "runtime-config": ("runtime_config", "WriteRuntimeConfig"),
    "verify-backend": ("verify", "VerifyBackend"),
    "verify-admin": ("verify", "VerifyAdmin"),
    "verify-storefront": ("verify", "VerifyStorefront"),
    "verify-https": ("verify_https", "VerifyHttps"),
}
ACTION_NAMES = tuple(sorted(_TABLE))


def action(name: str) -> "Action":
    """The built-in action called `name`; KeyError lists the names there are."""
    if name not in _TABLE:
        raise KeyError(f"no built-in action {name!r}; there are {', '.join(ACTION_NAMES)}")
    module, kind = _TABLE[name]
    made = getattr(import_module(f"launcher.marketplace.{module}"), kind)()
    return cast("Action", made)
