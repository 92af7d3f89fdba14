"""The tables of a stack file about tenants: fixtures, and how this marketplace keeps its tenants. No SQL lives here."""

from launcher.stack.kinds import Model


class TenantSpec(Model):
    """`[tenants.NAME]`: a tenant that `rxlaunch tenants apply` makes."""

    domain: str  # the host that leads to it


class TenancySpec(Model):
    """`[tenancy]`: how this marketplace keeps its tenants."""
