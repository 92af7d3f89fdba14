"""`rxlaunch check`: groups of questions are asked of a target, told as they are answered, and written as reports.

Everything that leaves here is redacted. A new group is one line in GROUPS.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from launcher.app import admin as admin_builds
from launcher.app import tenancy, timeline
from launcher.app.request import Request
from launcher.app.result import Result
from launcher.app.target import target
from launcher.app.writing import write
from launcher.checks import admin, baseline, browser, env, schema, smoke, tenants
from launcher.checks.contract import Check, Target, ask_whole
from launcher.errors import STAGE_EXIT_CODES, UsageError
from launcher.findings import Finding, Report, Round
from launcher.report import text
from launcher.values import Value

__all__ = ["GROUPS", "Wanted", "ask", "check", "render", "target", "write_reports"]

GROUPS: Mapping[str, Check] = {
    "env": env.check,
    "schema": schema.check,
    "smoke": smoke.check,
    "admin": admin.check,
    "browser": browser.browser,
    "baseline": baseline.check,
    "tenants": tenants.check,
}
WITHOUT_A_STACK = frozenset({"env", "baseline"})  # they ask files only
FAILED = STAGE_EXIT_CODES["verify"]
_LOG_LINES = 40

Heard = Callable[[Finding], None]


class Wanted(Value, frozen=True):
    """What the command line asked for."""

    names: tuple[str, ...] = ()  # of groups; none: all
    urls: Mapping[str, str] | None = None
    junit: Path | None = None
    html: Path | None = None
    with_fixtures: bool = False  # of [tenants], made for the occasion
    admin_before: str | None = None  # the admin's build before this one: a directory, a manifest, an address


def check(request: Request, wanted: Wanted, heard: Heard | None = None) -> Result:
    """Ask the groups and report; exit code 16 when anything fails. `heard` is told each finding as it comes."""
    names = chosen(wanted.names)
    judged = target(request, wanted.urls or {}, stopped=set(names) <= WITHOUT_A_STACK)
    if wanted.admin_before is not None:
        judged = judged.replaced(admin_before=tuple(admin_builds.load(wanted.admin_before).files))
    began = time.time()
    done = asyncio.run(_with_fixtures(judged, names, heard) if wanted.with_fixtures else ask(judged, names, heard))
    report = Report("rxlaunch check", subject(judged), (done,), environment(judged), began)
    written = write_reports(report, junit=wanted.junit, html=wanted.html)
    data = {**report.to_json(), "counts": text.counts(done.findings)}
    return Result("\n".join([text.summary(report), *written]), data, exit_code=0 if report.passed else FAILED)


def chosen(names: Sequence[str]) -> tuple[str, ...]:
    """The groups in the order in which they are asked. Raises UsageError for one that does not exist."""
    unknown = [name for name in names if name not in GROUPS]
    if unknown:
        raise UsageError(
            f"no group of checks named {', '.join(map(repr, unknown))}", remedy=f"there are {', '.join(GROUPS)}"
        )
    return tuple(name for name in GROUPS if not names or name in names)


async def ask(
    judged: Target, names: Iterable[str], heard: Heard | None = None, groups: Mapping[str, Check] = GROUPS
) -> Round:
    """One round: every question of these groups, redacted, with the timeline of the boot and the ends of the logs."""
    began, found = time.monotonic(), list[Finding]()
    for name in names:
        async for finding in ask_whole(name, groups[name](judged)):
            clean = redacted(finding, judged.redact)
            found.append(clean)
            if heard is not None:
                heard(clean)
    rows = timeline.read(judged.here.paths) if judged.here and judged.here.running else []
    return Round(
        tuple(found), seconds=time.monotonic() - began, timeline=_redacted_rows(rows, judged), logs=logs(judged)
    )


async def _with_fixtures(judged: Target, names: Iterable[str], heard: Heard | None) -> Round:
    """One round while the tenants of the stack file are there; of a deployment they are left out, by name."""
    if judged.here is None:
        return await ask(judged, names, heard)
    async with tenancy.fixtures(judged):
        return await ask(judged, names, heard)


def redacted(finding: Finding, redact: Callable[[str], str]) -> Finding:
    """The finding without a secret in any of its texts."""
    return finding.replaced(
        name=redact(finding.name),
        evidence=redact(finding.evidence),
        remedy=redact(finding.remedy) if finding.remedy else finding.remedy,
        details=redact(finding.details),
    )


def _redacted_rows(rows: list[timeline.Row], judged: Target) -> list[timeline.Row]:
    return [{**row, "note": judged.redact(row["note"]) if row["note"] else None} for row in rows]


def logs(judged: Target) -> dict[str, str]:
    """The ends of the units' logs."""
    if judged.here is None or not judged.here.running:
        return {}
    from launcher.logs import lines, read

    found = {}
    for unit in judged.here.plan.units:
        last = read.last_lines(judged.here.paths.logs / f"{unit}.log", _LOG_LINES)
        if last:
            found[unit] = judged.redact("\n".join(map(lines.plain, last)))
    return found


def subject(judged: Target) -> str:
    """What is judged, in a few words."""
    if judged.here is not None:
        return f"{judged.here.plan.name} in {judged.here.paths.root}"
    return ", ".join(f"{name} {url}" for name, url in judged.urls.items())


def environment(judged: Target) -> dict[str, str]:
    """The surroundings, and what rxlaunch sets for each unit; values of secrets are not among it."""
    import platform

    from launcher import __version__

    found = {"rxlaunch": __version__, "Python": platform.python_version(), "system": platform.platform()}
    found |= {f"address of {name}": url for name, url in judged.urls.items()}
    here = judged.here
    if here is not None:
        found |= {"checkout": str(here.paths.root), "mode": here.plan.mode}
        found |= {f"port of {name}": str(port) for name, port in here.snapshot.ports.items()}
        secret = here.plan.stack.secret_names()
        for unit, variables in here.environments.items():
            spec = here.plan.units[unit].spec
            told = {*here.plan.stack.env, *spec.env, *here.plan.stack.contracts.get(spec.contract or "", {})}
            found |= {f"{unit}: {n}": "***" if n in secret else variables[n] for n in sorted(told & variables.keys())}
    return {name: judged.redact(value) for name, value in found.items()}


def write_reports(report: Report, *, junit: Path | None = None, html: Path | None = None) -> list[str]:
    """Write the files that were asked for; a line for each. Raises LauncherError when one cannot be written."""
    wanted = [(path, kind) for path, kind in ((junit, "junit"), (html, "html")) if path]
    for path, kind in wanted:
        write(path, render(kind, report))
    return [f"wrote {path}" for path, _ in wanted]


def render(kind: str, report: Report) -> str:
    """The report as text, junit or html."""
    from importlib import import_module

    module = import_module(f"launcher.report.{kind}")
    return str(getattr(module, kind)(report))
