"""The tables of what was recorded: medians, extremes, and ratios to the floor and to the best peer. Pure."""

import statistics
from typing import Any

from scripts.bench.record import Results, Sample

LEGEND = {  # in the order in which they are shown
    "cli_status_ms": "status command, 3 children, ms",
    "up_ms": "launch until the last of 3 children has started, ms",
    "up_returned_ms": "launch until a command that detaches has returned, ms",
    "gate_latency_ms": "A's port opens 1.000 s after its start; until B starts, ms",
    "gate_latency_any_phase_ms": "the same, port opening at a random 1-2 s, ms",
    "restart_latency_ms": "kill -9 of a child until its replacement has started, ms",
    "idle_cpu_pct_3": "CPU of the supervisor alone over 20 s, 3 sleeping children, %",
    "idle_cpu_pct_100": "the same with 100 children, %",
    "idle_rss_mb_3": "RSS of the supervisor alone, 3 sleeping children, MB",
    "idle_rss_mb_100": "the same with 100 children, MB",
    "log_1x1M_s": "1,000,000 lines of 100 bytes from one child, until all delivered, s",
    "log_4x250k_s": "250,000 lines from each of 4 children at once, until all delivered, s",
    "stop_down_ms": "the peer's own stop until the last of 3 children is gone, ms",
    "stop_sigterm_ms": "SIGTERM to the supervisor until the last of 3 children is gone, ms",
    "stop_stubborn_ms": "the peer's own stop, one child ignoring SIGTERM, grace 2 s, ms",
    "orphans_kill9": "alive 3 s after kill -9 of the supervisor, of 3 shells + 3 servers",
    "left_after_down_wrapper": "alive after the peer's own stop, of 3 `sh -c` + 3 servers",
    "left_after_down_setsid": "alive after the peer's own stop, of 3 shells + 3 servers with a session of their own",
    "scale_300_s": "launch until the last of 300 children has started, s",
    "scale_300_rss_mb": "RSS of the supervisor alone with 300 children, MB",
}
NO_PEER = ("sh &", "floor")
OURS = "rxlaunch"
FLOORS = {"up_ms": "sh &", "scale_300_s": "sh &", "cli_status_ms": "floor: python3 -c pass"}


def short(value: float) -> str:
    """A figure, to what such measurements can tell apart."""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def extras(samples: list[Sample]) -> str:
    """The extra fields of the samples: one value where they agree, else their range."""
    parts = []
    keys = dict.fromkeys(key for sample in samples for key in sample if key != "value")
    for key in keys:
        values = [sample[key] for sample in samples if sample.get(key) is not None]
        if not values:
            continue
        if all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values):
            low, high = min(values), max(values)
            parts.append(f"{key} {low:g}" if low == high else f"{key} {low:g}-{high:g}")
        else:
            parts.append(f"{key} {'/'.join(sorted({str(value).lower() for value in values}))}")
    return ", ".join(parts)


def middle(samples: list[Sample]) -> float | None:
    """The median of those that worked; None where most failed."""
    values = [sample["value"] for sample in samples if sample["value"] is not None]
    return statistics.median(values) if 2 * len(values) > len(samples) else None


def summary(results: Results) -> list[str]:
    """One row a peer, one column a metric: medians; '-' where most samples failed."""
    metrics = [metric for metric in LEGEND if metric in results]
    names = dict.fromkeys(peer for metric in metrics for peer in results[metric])
    out = ["| peer | " + " | ".join(metrics) + " |", "|---|" + "--:|" * len(metrics)]
    for name in names:
        cells = []
        for metric in metrics:
            samples = results[metric].get(name)
            value = middle(samples) if samples else None
            cell = "" if not samples else "-" if value is None else short(value)
            if samples and any(sample.get("torn") or sample.get("lost") for sample in samples):
                cell += " (torn)" if any(sample.get("torn") for sample in samples) else " (lost)"
            cells.append(cell)
        out.append(f"| {name} | " + " | ".join(cells) + " |")
    return out


def best(peers: dict[str, list[Sample]]) -> float | None:
    """The lowest median of those that are neither a floor nor rxlaunch."""
    others = [samples for name, samples in peers.items() if not name.startswith((*NO_PEER, OURS))]
    return min((median for samples in others if (median := middle(samples)) is not None), default=None)


def times(value: float, base: float | None) -> str:
    """How many times the base; empty where there is none."""
    return f"{value / base:.1f}" if base else ""


def detail(metric: str, peers: dict[str, list[Sample]]) -> list[str]:
    """One metric's table, fastest first."""
    floor = FLOORS.get(metric, "")
    base = middle(peers[floor]) if floor in peers else None
    first = best(peers)
    out = [
        "| peer | median | min | max | n | failed | x floor | x best peer | more |",
        "|---|--:|--:|--:|--:|--:|--:|--:|---|",
    ]
    rows = []
    for peer, samples in peers.items():
        values = [sample["value"] for sample in samples if sample["value"] is not None]
        counts = [str(len(values)), str(len(samples) - len(values))]
        if values:
            median = statistics.median(values)
            ratios = [times(median, base), times(median, first)]
            cells = [peer, short(median), short(min(values)), short(max(values)), *counts, *ratios]
        else:
            median, cells = float("inf"), [peer, "-", "-", "-", *counts, "", ""]
        rows.append((median, [*cells, extras(samples)]))
    return out + ["| " + " | ".join(cells) + " |" for _, cells in sorted(rows, key=lambda row: row[0])]


def table(results: Results, meta: dict[str, Any]) -> str:
    """Everything that was recorded, as Markdown."""
    out = ["# Process supervisors side by side", ""]
    out += [f"- {key}: {meta[key]}" for key in ("machine", "python", "finished") if key in meta]
    loads = ", ".join(f"{metric} {load:.1f}" for metric, load in meta.get("load_average", {}).items())
    out += [f"- load average at the start of each metric: {loads}"]
    versions = ", ".join(f"{name} {version}" for name, version in meta["versions"].items() if version != "-")
    out += [f"- versions: {versions}"]
    out += ["", "## Medians", "", *summary(results), ""]
    for metric, legend in LEGEND.items():
        if metric in results:
            out += [f"## {metric}", "", legend, "", *detail(metric, results[metric]), ""]
    out += ["## Commands", ""]
    for name, lines in meta.get("commands", {}).items():
        out += [f"- {name}"] + [f"  - {verb}: `{line}`" for verb, line in lines.items()]
    return "\n".join(out) + "\n"
