"""What checks find: frozen values, and their JSON form. `checks/` finds, `report/` shows; neither is here."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from launcher.values import Value, field

Verdict = Literal["passed", "failed", "left out"]


class Finding(Value, frozen=True):
    """One thing that was asked. `check` and `name` identify it for ever ("admin", "assets"); all text is redacted."""

    check: str  # the group: env, baseline, schema, admin, smoke, tenants, browser, …
    name: str  # within the group; a subject may follow: "route /admin/custom/stats"
    verdict: Verdict
    evidence: str  # what was seen, in one sentence; of what was left out, why
    seconds: float = 0.0
    remedy: str | None = None  # what to do, of what failed
    failure: str | None = None  # the name of a known failure in the catalogue (`diagnosis/`)
    details: str = ""  # more lines: the end of an output, a diff
    screenshots: tuple[Path, ...] = ()

    @property
    def id(self) -> str:
        """Its name for programs."""
        return f"{self.check}.{self.name}"

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        found: dict[str, Any] = {
            "id": self.id, "check": self.check, "name": self.name, "verdict": self.verdict.replace(" ", "-"),
            "evidence": self.evidence, "seconds": round(self.seconds, 3), "remedy": self.remedy,
            "failure": self.failure,
        }  # fmt: skip
        if self.details:
            found["details"] = self.details
        if self.screenshots:
            found["screenshots"] = [str(path) for path in self.screenshots]
        return found


class Round(Value, frozen=True):
    """One round of findings: `check` has one, `gate` one a repetition. `timeline` are the events of its boot."""

    findings: tuple[Finding, ...]
    title: str = ""
    seconds: float = 0.0
    timeline: Sequence[Mapping[str, Any]] = ()  # per unit: name, stage, phase, begun, seconds, note
    logs: Mapping[str, str] = field(default_factory=dict)  # unit → the end of its output
    notes: tuple[str, ...] = ()  # outliers against this checkout's history, …

    @property
    def failed(self) -> tuple[Finding, ...]:
        """What is wrong."""
        return tuple(found for found in self.findings if found.verdict == "failed")


class Report(Value, frozen=True):
    """Everything that a report shows."""

    title: str  # "rxlaunch check", "rxlaunch gate --repeat 2"
    subject: str  # the stack's name, or the addresses
    rounds: tuple[Round, ...]
    environment: Mapping[str, str] = field(default_factory=dict)  # redacted
    began: float = 0.0  # wall clock

    @property
    def passed(self) -> bool:
        """Whether nothing failed, and something was asked."""
        return not any(each.failed for each in self.rounds) and any(each.findings for each in self.rounds)

    def to_json(self) -> dict[str, Any]:
        """A JSON object; the versioned document around it is made by `app/result.py`."""
        return {
            "title": self.title,
            "subject": self.subject,
            "passed": self.passed,
            "rounds": [
                {
                    "title": each.title,
                    "seconds": round(each.seconds, 3),
                    "findings": [found.to_json() for found in each.findings],
                    "timeline": list(each.timeline),
                    "notes": list(each.notes),
                }
                for each in self.rounds
            ],
        }
