"""A boot's document in words, the same in every drawing: how it ended, what rxlaunch itself took, what grew. Pure."""

from collections.abc import Mapping
from typing import Any

from launcher.app import history

Document = Mapping[str, Any]


def summary(document: Document) -> dict[str, Any]:
    """outcome, own (None while it isn't known), grew (a sentence each)."""
    return {"outcome": outcome(document), "own": own(document["own"]), "grew": grown(document)}


def outcome(document: Document) -> str:
    """How the boot ended."""
    after = seconds(document["seconds"])
    reason = str(document["reason"] or "no reason is told").split("\n")[0]
    return {
        "ready": f"ready in {after}",
        "failed": f"failed after {after}: {reason}",
        "stopped": f"stopped after {after}, before it was ready: {reason}",
        "booting": f"still booting, {after} so far",
    }.get(document["outcome"], f"its supervisor ended after {after}, before it was ready")


def own(found: Mapping[str, Any]) -> str | None:
    """What rxlaunch itself took; None while that isn't known."""
    if found["seconds"] is None:
        return None
    return f"{seconds(found['seconds'])}" + (f" + {seconds(found['loading'])} loading" if found["loading"] else "")


def grown(document: Document) -> list[str]:
    """What took unusually long, a sentence each, with its stage."""
    stages = {row["unit"]: row["stage"] for row in document["units"]}
    found = []
    for each in document["history"]:
        if each["grew"]:
            stage = stages.get(each["name"], "")
            name = f"{each['name']} (stage {stage})" if stage and stage != each["name"] else each["name"]
            found.append(str(history.Outlier(name, each["seconds"], each["p50"], each["boots"])))
    return found


def seconds(number: float) -> str:
    """A time as the drawings have it."""
    return f"{number:.2f} s" if number < 99.995 else f"{number:.0f} s"
