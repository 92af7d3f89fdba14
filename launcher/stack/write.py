"""Files written for a user, once: the stack file of `init`, the sample marketplace. Never overwrites anything."""

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from launcher import paths
from launcher.errors import LauncherError, UsageError
from launcher.stack.kinds import DEVICE_NAMES

_BUILT = ("node_modules", ".next", ".medusa", "dist", "__pycache__")

_HEADER = """\
# What `rxlaunch up` starts. `rxlaunch config` shows the whole stack and where each value comes from.

extends = {preset}
name = {name}
"""

_MEDUSA = """
# Preferred ports; the next free one is taken when somebody else has it. Use {{ fixed = 9001 }} to insist.
# [ports]
# backend = 9001
# storefront = 8000

[marketplace]
{marketplace}
# A service of your own, started with the rest:
# [services.mail]
# command = "npx maildev --smtp 1025"
# readiness = {{ tcp = "127.0.0.1:1025" }}
"""

_SAMPLE = """
# What must hold of this marketplace: `rxlaunch check` and `rxlaunch gate` ask for it.
[checks]
columns = [
  "audit_log.created_at", "audit_log.updated_at", "business.slug", "business.status",
  "business_domain.domain", "business_domain.is_verified",
]
routes = ["/admin/custom/businesses", "/admin/custom/stats", "/admin/custom/audit-logs"]
pages = [
  { path = "/businesses", heading = "Businesses", rows = true },
  { path = "/orders", heading = "Orders" },
  { path = "/products", heading = "Products", rows = true },
]

# How this marketplace lets tenants administer themselves; everything else of [tenancy] is as the preset has it.
[tenancy]
admin_login = "/auth/tenant/emailpass"
admin_route = "/tenant/{slug}"

# Tenants to try: `rxlaunch tenants apply` makes them, `rxlaunch tenants remove` takes them away again;
# `rxlaunch check tenants --with-fixtures` does both around its questions.
[tenants.northwind]
domain = "northwind.localhost"
display_name = "Northwind Clinic"
tagline = "The doctor is in"
primary_color = "#7c3aed"
admin = "owner@northwind.localhost"

[tenants.contoso]
domain = "contoso.localhost"
display_name = "Contoso Care"
primary_color = "#b45309"
admin = "owner@contoso.localhost"

[tenants.fabrikam]
domain = "fabrikam.localhost"
display_name = "Fabrikam Health"
status = "suspended"

[tenants.woodgrove]
domain = "woodgrove.localhost"
display_name = "Woodgrove Pharmacy"
verified = false
"""

_MINIMAL = """
[ports]
# web = 8080

# [services.web]
# command = "node server.js"
# env = {{ PORT = "${{port.web}}" }}
# readiness = {{ http = "${{url.web}}/health" }}
# depends_on = ["prepare"]

# [tasks.prepare]
# command = "npm install"
"""


def stack_name(directory: str) -> str:
    """A directory's name as the name of a stack."""
    plain = re.sub(r"[^a-z0-9_-]+", "-", directory.lower()).strip("-_")[:32].strip("-_")
    usable = plain[:1].isalpha() and plain not in DEVICE_NAMES
    return plain if usable else f"stack-{plain}"[:32].strip("-_")


def render_init(detected: Mapping[str, Any], name: str) -> str:
    """A small stack file for people to read on from; `detected` as `load` takes it."""
    marketplace = detected.get("marketplace")
    preset = detected.get("extends") or ("medusa-next" if marketplace else "minimal")
    header = _HEADER.format(preset=_value(preset), name=_value(stack_name(name)))
    body = _MEDUSA.format(marketplace=_table(marketplace)) if marketplace else _MINIMAL.format()
    return header + body


def write_init(root: Path, detected: Mapping[str, Any]) -> Path:
    """Write the stack file of a checkout. Raises when there is one already."""
    file = root / paths.STACK_FILE
    try:
        with file.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(render_init(detected, root.resolve().name))
    except FileExistsError as error:
        raise UsageError(
            f"{file} exists already", remedy="edit it, or move it away and run `rxlaunch init` again"
        ) from error
    except OSError as error:
        raise LauncherError(f"{file} cannot be written: {error.strerror}") from error
    return file


def write_sample(target: Path) -> Path:
    """Copy the sample marketplace into a new or empty directory, with its stack file; gives that file."""
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UsageError(f"{target} is not an empty directory", remedy="name a directory that does not exist yet")
    source = paths.assets() / "sample"
    if not source.is_dir():
        raise LauncherError("the sample marketplace is not part of this installation", remedy="reinstall rxlaunch")
    try:
        shutil.copytree(source, target, ignore=shutil.ignore_patterns(*_BUILT, ".env"), dirs_exist_ok=True)
    except (OSError, shutil.Error) as error:
        raise LauncherError(f"the sample cannot be copied to {target}: {error}") from error
    file = target / paths.STACK_FILE
    if file.exists():
        return file
    write_init(target, {"marketplace": {"backend": ".", "storefront": "storefront"}})
    with file.open("a", encoding="utf-8", newline="\n") as stream:
        stream.write(_SAMPLE)
    return file


def _value(value: Any) -> str:
    """One value as TOML spells it."""
    import tomli_w

    return tomli_w.dumps({"x": value}).removeprefix("x = ").rstrip("\n")


def _table(values: Mapping[str, Any]) -> str:
    import tomli_w

    return tomli_w.dumps({key: value for key, value in values.items() if value is not None})
