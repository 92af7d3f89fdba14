"""The table of the boots: medians, spread, and ratios to the floor and to the old way. Pure."""

import statistics
from typing import Any

from scripts.bench.record import Results, Sample

CASES = {
    "first": "a fresh clone; the caches of npm are warm",
    "cold": "installed, nothing built",
    "warm": "again, after a stop",
    "moved": "as warm, both preferred ports taken by strangers",
    "adopted": "again, while it runs unchanged",
}
FLOOR, OLD = "floor", "old way"
HEAD = ("contender", "usable", "min-max", "n", "failed", "x floor", "x old way", "returned", "own", "questions")
QUESTIONS = ("health", "regions", "admin", "home")


def median(samples: list[Sample], field: str = "value") -> float | None:
    """Of those that have the field; None where most of them failed."""
    values = [sample[field] for sample in samples if sample.get(field) is not None]
    return statistics.median(values) if 2 * len(values) > len(samples) else None


def row(name: str, case: dict[str, list[Sample]]) -> list[str]:
    """One contender in one case."""
    samples = case[name]
    values = [sample["value"] for sample in samples if sample["value"] is not None]
    middle = median(samples)
    spread = f"{min(values):.2f}-{max(values):.2f}" if values else "-"
    ratios = [ratio(middle, median(case.get(base, [])) if base in case else None) for base in (FLOOR, OLD)]
    parts = [f"{question} {at:.2f}" for question in QUESTIONS if (at := median(samples, question)) is not None]
    own = [median(samples, "own_seconds"), median(samples, "loading_seconds")]
    told = f"{shown(own[0])} ({shown(own[1])} loading)" if own[0] is not None else ""
    counts = [str(len(values)), str(len(samples) - len(values))]
    return [
        name,
        shown(middle),
        spread,
        *counts,
        *ratios,
        shown(median(samples, "returned"), ""),
        told,
        ", ".join(parts),
    ]


def shown(seconds: float | None, absent: str = "-") -> str:
    """Seconds, to what such measurements can tell apart."""
    return absent if seconds is None else f"{seconds:.2f} s"


def ratio(value: float | None, base: float | None) -> str:
    """How many times the base."""
    return f"{value / base:.2f}" if value is not None and base else ""


def table(results: Results, meta: dict[str, Any]) -> str:
    """All cases that were measured."""
    out = ["# Boots of the sample marketplace to verified usable", ""]
    out += [f"- {key}: {meta[key]}" for key in ("machine", "node", "mode", "finished") if key in meta]
    loads = ", ".join(f"{case} {load:.1f}" for case, load in meta.get("load_average", {}).items())
    out += [f"- load average at the start of the last round of each case: {loads}"] if loads else []
    for case, legend in CASES.items():
        if case not in results:
            continue
        rows = sorted((row(name, results[case]) for name in results[case]), key=lambda cells: cells[0])
        out += ["", f"## {case}", "", f"{legend}.", "", "| " + " | ".join(HEAD) + " |"]
        out += ["|---|" + "--:|" * (len(HEAD) - 2) + "---|", *("| " + " | ".join(cells) + " |" for cells in rows)]
        problems = [(n, s["problem"]) for n, samples in results[case].items() for s in samples if s.get("problem")]
        out += ["", *(f"- {name} failed: {problem}" for name, problem in problems)] if problems else []
    return "\n".join(out) + "\n"
