"""Whether what the last run failed of is past: the question that finds it was asked again, and passed. Pure."""

from collections.abc import Mapping, Sequence

from launcher.findings import Finding

LAST = "last-run.end"
_ASKED: Mapping[str, tuple[str, ...]] = {  # failure → how the ids of the findings begin that would name it now
    "node-too-old": ("env.node",),
    "packages-missing": ("env.packages",),
    "packages-out-of-step": ("env.packages",),
    "port-taken": ("machine.port",),
    "port-9000": ("env.ports",),
    "next-already-running": ("machine.next",),
    "disk-full": ("machine.disk",),
    "secret-missing": ("env.contract",),
    "secret-short": ("env.contract",),
    "postgres-unreachable": ("data.postgres", "schema.database"),
    "postgres-refuses": ("data.postgres", "schema.database"),
    "redis-unreachable": ("data.redis", "schema.redis"),
    "schema-behind": ("schema.migrations",),
    "missing-column": ("schema.column",),
    "no-regions": ("schema.regions",),
    "key-revoked": ("data.key",),
    "key-unknown": ("data.key",),
    "key-placeholder": ("data.key",),
    "admin-not-built": ("admin-build.", "admin."),
    "asset-missing": ("admin-build.", "admin."),
    "admin-foreign-origin": ("admin-build.", "admin."),
}


def forgiven(found: Sequence[Finding]) -> list[Finding]:
    """The findings; of a last run that failed of what is in order now, that it did."""
    return [_past(one) if one.id == LAST and _is_past(one, found) else one for one in found]


def _is_past(last: Finding, found: Sequence[Finding]) -> bool:
    beginnings = _ASKED.get(last.failure or "", ())
    if last.verdict != "failed":
        return False
    verdicts = [one.verdict for one in found if one.id.startswith(beginnings)]
    return bool(verdicts) and set(verdicts) == {"passed"}


def _past(last: Finding) -> Finding:
    told = f"{last.evidence}; that is in order now, and the next `rxlaunch up` will show"
    return last.replaced(verdict="passed", evidence=told, remedy=None, details="")
