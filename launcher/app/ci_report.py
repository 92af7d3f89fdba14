"""What `rxlaunch ci` leaves behind of a run: a JUnit file, a summary for the CI system, one redacted archive."""

import json
import os
import shlex
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from launcher import events as e
from launcher import paths
from launcher.app import secrecy, timeline
from launcher.app.ci_command import Command
from launcher.app.opening import Opened
from launcher.errors import LauncherError
from launcher.findings import Finding, Report, Round, Verdict
from launcher.values import Value

if TYPE_CHECKING:
    from launcher.logs.redact import Redactor

_SUMMARY = "GITHUB_STEP_SUMMARY"
_VERDICTS: dict[str, Verdict] = {"ready": "passed", "done": "passed", "skipped": "passed", "failed": "failed"}
_LOG_LINES = 200


class Run(Value, frozen=True):
    """One run that has ended, its state still there."""

    opened: Opened
    command: Command
    code: int
    began: float  # wall clock
    failure: LauncherError | None  # what ended it before the stack could


def write(run: Run, junit: Path | None, archive: Path, *, always: bool) -> Iterator[str]:
    """Write everything that was asked for; a line for the user about each file, or about what went wrong with it."""
    redactor = _redactor(run.opened)
    report = _report(run, redactor)
    if junit is not None:
        from launcher.app.checking import render

        yield _written(junit, render("junit", report))
    if os.environ.get(_SUMMARY):
        from launcher.report import summary

        yield _appended(Path(os.environ[_SUMMARY]), redactor.text(summary.render(report)))
    if run.code != 0 or always:
        yield _archived(archive, run, report, redactor)


# --- the report ---------------------------------------------------------------------------------------------


def _report(run: Run, redactor: "Redactor") -> Report:
    from launcher.app.checking import redacted
    from launcher.state import store

    happened = store.read_events(run.opened.paths.events)
    rows = [{**row, "note": redactor.text(row["note"]) if row["note"] else None} for row in timeline.rows(happened)]
    failures = {event.unit: event.failure for event in happened if isinstance(event, e.UnitFailed)}
    findings = [_of_unit(row, failures.get(str(row["unit"]))) for row in rows]
    if run.failure is not None:
        findings.append(Finding("boot", "stack", "failed", run.failure.message, remedy=run.failure.remedy))
    findings.append(_of_command(run, redactor))
    logs = {unit: redactor.text(text) for unit, text in _ends(run.opened.paths.logs)}
    told = tuple(redacted(finding, redactor.text) for finding in findings)
    whole = Round(told, seconds=time.time() - run.began, timeline=rows, logs=logs)
    return Report("rxlaunch ci", run.opened.plan.name, (whole,), _environment(run.opened, redactor), run.began)


def _of_unit(row: Mapping[str, Any], failure: e.Failure | None) -> Finding:
    name, phase = str(row["unit"]), str(row["phase"])
    verdict = _VERDICTS.get(phase, "left out")
    evidence = str(row["note"] or phase) if row["begun"] is not None else "never began"
    if failure is not None:
        return Finding(
            "boot", name, "failed", failure.reason, float(row["seconds"] or 0), failure.remedy,
            details="\n".join(failure.tail),
        )  # fmt: skip
    return Finding("boot", name, verdict, evidence, float(row["seconds"] or 0))


def _of_command(run: Run, redactor: "Redactor") -> Finding:
    ended = run.command.ended
    name = redactor.text(shlex.join(run.command.argv))
    if ended.code is None:
        return Finding("command", name, "left out", "the stack did not become ready")
    verdict: Verdict = "passed" if ended.code == 0 else "failed"
    return Finding("command", name, verdict, ended.reason, ended.seconds, details=redactor.text("\n".join(ended.tail)))


def _environment(opened: Opened, redactor: "Redactor") -> dict[str, str]:
    """The variables that the units got, secrets masked."""
    from launcher.app import environment

    try:
        told = environment.show(opened.root, opened.plan.mode, None, reveal=False).data
    except LauncherError:
        return {}
    units: Mapping[str, Mapping[str, Mapping[str, Any]]] = told["units"]
    return {
        f"{unit}: {name}": redactor.text(str(row["value"]))
        for unit, variables in units.items()
        for name, row in variables.items()
        if row["value"] is not None
    }


def _ends(logs: Path) -> Iterator[tuple[str, str]]:
    from launcher.logs.read import last_lines

    for path in sorted(logs.glob("*.log")):
        yield path.stem, "\n".join(last_lines(path, _LOG_LINES))


# --- the archive --------------------------------------------------------------------------------------------


def _archived(target: Path, run: Run, report: Report, redactor: "Redactor") -> str:
    from launcher.report import archive

    try:
        archive.write(target, dict(_entries(run, report)), redactor.all_of)
    except LauncherError as error:
        return f"artifacts: {error.message}"
    return f"artifacts: {target}"


def _entries(run: Run, report: Report) -> Iterator[tuple[str, bytes]]:
    """Every file of the archive; the archive itself redacts them."""
    from launcher.app.checking import render
    from launcher.report import summary
    from launcher.state import store

    where = run.opened.paths
    yield "report.html", render("html", report).encode()
    yield "summary.md", summary.render(report).encode()
    yield "report.json", _json({"version": 1, "exit_code": run.code, **report.to_json()})
    yield "timeline.json", _json([dict(row) for each in report.rounds for row in each.timeline])
    yield "environment.json", _json(dict(report.environment))
    last = store.load(where)
    yield "status.json", _json(last.to_json() if last else {})
    yield from _file("events.ndjson", where.events)
    for log in sorted([*where.logs.glob("*.log"), *where.logs.glob("*.log.1")]):
        yield from _file(f"logs/{log.name}", log)
    crash = paths.user_home() / "crash.log"
    if crash.is_file() and crash.stat().st_mtime >= run.began:
        yield from _file("crash.log", crash)
    if run.opened.loaded.file is not None:
        yield from _file(run.opened.loaded.file.name, run.opened.loaded.file)


def _file(name: str, path: Path) -> Iterator[tuple[str, bytes]]:
    try:
        yield name, path.read_bytes()
    except OSError as error:
        yield f"{name}.missing", (error.strerror or "cannot be read").encode()


def _json(value: object) -> bytes:
    return json.dumps(value, indent=1, ensure_ascii=False, default=str).encode("utf-8", "backslashreplace")


def _redactor(opened: Opened) -> "Redactor":
    """A redactor of everything secret that this run can have seen, and of what only sounds like it."""
    from launcher.app.crash import likely_secrets
    from launcher.state.secrets import Secrets

    redactor = secrecy.given_redactor(opened)
    for value in (*Secrets(opened.paths.secrets).values(), *likely_secrets(secrecy.given_environment(opened))):
        redactor.add(value)
    return redactor


# --- files of the user's ------------------------------------------------------------------------------------


def _written(path: Path, text: str) -> str:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        return f"{path} cannot be written: {error.strerror}"
    return f"test cases: {path}"


def _appended(path: Path, text: str) -> str:
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        return f"{path} cannot be written: {error.strerror}"
    return f"summary: {path}"
