"""The consultation: examine, repair what may be repaired, examine again. Everything that leaves here is redacted."""

import asyncio
from collections.abc import Callable, Iterator

from launcher import diagnosis
from launcher.app import checking
from launcher.app.doctor import built, data, machine
from launcher.app.doctor.past import forgiven
from launcher.app.doctor.patient import Patient, meet
from launcher.app.doctor.repairs import REPAIRS
from launcher.app.request import Request
from launcher.app.result import Result
from launcher.checks.contract import ask_whole
from launcher.errors import STAGE_EXIT_CODES, LauncherError
from launcher.findings import Finding
from launcher.values import Value

WRONG = STAGE_EXIT_CODES["verify"]
_EXAMINATIONS = {
    "machine": machine.examine,
    "data": data.examine,
    "admin-build": built.examine,
}
_LIVE = ("smoke", "admin")  # groups of `rxlaunch check` that are asked of what runs

Tell = Callable[[str], None]
Consent = Callable[[str], bool]


class Done(Value, frozen=True):
    """One repair: what it did, or why it was not done."""

    name: str
    done: bool
    told: str


def consult(request: Request, *, fix: bool, consent: Consent, tell: Tell) -> Result:
    """Examine; with `fix`, repair and examine again. Exit code 0 when nothing is wrong (any more), else 16."""
    found = examine(request)
    repaired: list[Done] = []
    told: list[str] = [*_told(found)]
    if fix and failed(found):
        for line in told:
            tell(line)
        told = []
        for one in _repaired(request, found, consent):
            repaired.append(one)
            tell(f"{'✔' if one.done else '✘'} {one.name}: {one.told}")
        if any(one.done for one in repaired):
            found = examine(request)
            told = [*_told(found)]
    wrong = failed(found)
    document = {
        "healthy": not wrong,
        "findings": [{**one.to_json(), "fix": fix_of(one)} for one in found],
        "repairs": [{"name": one.name, "done": one.done, "told": one.told} for one in repaired],
    }
    return Result("\n".join([*told, _summary(found)]), document, exit_code=WRONG if wrong else 0)


def examine(request: Request) -> list[Finding]:
    """Everything that is asked, redacted, each with a remedy where something is wrong."""
    patient = meet(request)
    return asyncio.run(_examined(patient))


async def _examined(patient: Patient) -> list[Finding]:
    groups = {name: examination(patient) for name, examination in _EXAMINATIONS.items()}
    if patient.running and patient.target is not None:
        groups |= {name: checking.GROUPS[name](patient.target) for name in _LIVE if name in checking.GROUPS}
    found = []
    for name, questions in groups.items():
        async for finding in ask_whole(name, questions):
            complete = finding.replaced(remedy=diagnosis.remedy_of(finding))
            found.append(checking.redacted(complete, patient.redact))
    return forgiven(found)


def failed(found: list[Finding]) -> list[Finding]:
    """What is wrong, each thing once: several questions may meet the same failure."""
    wrong = [one for one in found if one.verdict == "failed"]
    return list({(one.failure or one.id, one.evidence): one for one in reversed(wrong)}.values())[::-1]


def fix_of(finding: Finding) -> str | None:
    """The repair that may heal it."""
    known = diagnosis.known(finding.failure)
    return known.fix if known and finding.verdict == "failed" else None


def _repaired(request: Request, found: list[Finding], consent: Consent) -> Iterator[Done]:
    """Each repair that something asks for, once; the patient is met anew before each."""
    wanted = {fix_of(one) for one in failed(found)}
    for name, repair in REPAIRS.items():
        if name not in wanted:
            continue
        patient = meet(request)
        try:
            asked = repair.asks(patient)
            if asked and not consent(asked):
                yield Done(name, False, f"left undone: it would {asked}; --yes allows it")
                continue
            yield Done(name, True, patient.redact(repair.act(patient)))
        except LauncherError as error:
            remedy = f"; try: {error.remedy}" if error.remedy else ""
            yield Done(name, False, patient.redact(f"{error.message}{remedy}"))


def _told(found: list[Finding]) -> Iterator[str]:
    """Each thing that is wrong: what, why, and what to do."""
    for one in failed(found):
        known = diagnosis.known(one.failure)
        yield f"✘ {known.title if known else one.id}" + (f" ({known.name})" if known else "")
        yield from (f"    {line.strip()}" for line in one.evidence.splitlines())
        if known:
            yield f"    why: {known.cause}"
        yield from (f"    | {line}" for line in one.details.splitlines()[-10:])
        if one.remedy:
            yield f"    try: {one.remedy}"
        if fix_of(one):
            yield f"    or:  rxlaunch doctor --fix ({fix_of(one)})"


def _summary(found: list[Finding]) -> str:
    wrong, asked = len(failed(found)), sum(one.verdict == "passed" for one in found)
    out = sum(one.verdict == "left out" for one in found)
    if wrong:
        return f"{wrong} wrong, {asked} in order" + (f", {out} could not be asked" if out else "")
    return f"well: {asked} in order" + (f", {out} could not be asked" if out else "")
