"""Examinations of the admin's build on the disk: fresh, whole, for any origin; and of how the last run ended."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

from launcher import diagnosis
from launcher.app.doctor.patient import Patient
from launcher.checks.contract import LeftOut, Wrong, ask
from launcher.errors import ConfigError
from launcher.findings import Finding
from launcher.logs.lines import plain

_LINES = 200  # of a log, searched for what its unit failed of


async def examine(patient: Patient) -> AsyncIterator[Finding]:
    """Every question, in order; of a backend that answers, `check admin` asks more than the disk can tell."""
    if not patient.answers("backend"):
        yield await ask("admin-build", "fresh", partial(_fresh, patient))
        yield await ask("admin-build", "files", partial(_files, patient))
        yield await ask("admin-build", "origin", partial(_origin, patient))
    yield await ask("last-run", "end", partial(_end, patient))


async def _fresh(patient: Patient) -> str:
    if not patient.units_doing("medusa-build"):
        raise LeftOut("this stack builds no admin")
    page = _admin(patient) / "index.html"
    if not page.is_file() and patient.last is None:
        raise LeftOut("nothing was ever started here: the first `rxlaunch up` builds it")
    if not page.is_file():
        raise Wrong(f"there is no {page}", failure="admin-not-built", remedy=_remedy(patient))
    try:
        again = await patient.here.why_again("medusa-build")
    except ConfigError:
        raise LeftOut("its environment is not complete") from None  # which `check env` tells
    if again is None:
        return "sources, packages and build are those of the last build"
    failure = "asset-missing" if "which is not there" in again else "admin-stale"
    raise Wrong(f"the admin is to be built again: {again}", failure=failure, remedy=_remedy(patient))


def _remedy(patient: Patient) -> str | None:
    """A stopped stack has nothing to restart."""
    return None if patient.running else "`rxlaunch up` builds it"


def _admin(patient: Patient) -> Path:
    from launcher.marketplace.admin_build import ADMIN

    return patient.directory("backend") / ADMIN


async def _files(patient: Patient) -> str:
    """The page names scripts, and those name hundreds of others by their hashes: each must be there."""
    assets = _admin(patient) / "assets"
    if not (assets.parent / "index.html").is_file():
        raise LeftOut("the admin is not built")
    named, absent = await asyncio.to_thread(_absent, assets)
    if absent:
        shown = ", ".join(absent[:3]) + (f" and {len(absent) - 3} more" if len(absent) > 3 else "")
        raise Wrong(
            f"the admin loads {shown}, which is not in {assets}", failure="asset-missing", remedy=_remedy(patient)
        )
    return f"all {named} files that it names are there"


def _absent(assets: Path) -> tuple[int, list[str]]:
    from launcher.marketplace.admin_build import named_files

    named = [name.removeprefix("assets/") for name in named_files(assets.parent)]
    return len(named), sorted(name for name in named if not (assets / name).is_file())


async def _origin(patient: Patient) -> str:
    from launcher.marketplace.admin_build import baked_origins

    found = await asyncio.to_thread(baked_origins, _admin(patient))
    if not found:
        raise LeftOut("the admin is not built, or does not say which backend it calls")
    foreign = sorted(found - {"/", patient.aim.urls.get("backend", "/")})
    if foreign:
        raise Wrong(f"the admin calls {', '.join(foreign)}, wherever it is served from", failure="admin-foreign-origin")
    return "it calls the origin it was loaded from"


async def _end(patient: Patient) -> str:
    last = patient.last
    if last is None:
        raise LeftOut("nothing was ever started here")
    failed = [unit for unit in last.units.values() if unit.failure is not None and unit.phase == "failed"]
    for unit in failed:
        assert unit.failure is not None  # noqa: S101 - of the line above
        known = diagnosis.recognise(unit.failure.reason, unit.failure.tail) or _in_log(patient, unit.name)
        raise Wrong(
            f"{unit.name} failed: {unit.failure.reason}",
            failure=known.name if known else None,
            remedy=unit.failure.remedy or f"rxlaunch why {unit.name}",
            details="\n".join(unit.failure.tail),
        )
    if patient.running:
        return "it runs, and nothing failed"
    if last.phase == "failed":
        reason = last.reason or "the last run failed"
        known = diagnosis.recognise(reason)
        raise Wrong(reason, failure=known.name if known else None, remedy="rxlaunch up")
    return "it was stopped in order" if last.phase == "stopped" else "its supervisor ended without a word"


def _in_log(patient: Patient, unit: str) -> diagnosis.Failure | None:
    """What the unit's log speaks of, when neither its reason nor its last lines do."""
    try:
        text = (patient.paths.logs / f"{unit}.log").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return diagnosis.recognise("", [plain(line) for line in text.splitlines()[-_LINES:]])
