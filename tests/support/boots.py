"""Documents of imaginary boots, as `rxlaunch timeline -o json` prints them, for what draws them."""

import copy


def segment(kind, begin, end):
    return {"kind": kind, "from": begin, "to": end}


def unit(name, phase, begun, ready, *segments, **more):
    """A unit of the document; `segments` are (kind, from, to)."""
    row = {
        "unit": name, "stage": f"the {name} stage", "phase": phase, "begun": begun, "ready": ready,
        "seconds": None if begun is None or ready is None else round(ready - begun, 3),
        "note": None, "needs": [], "critical": False, "segments": [segment(*each) for each in segments],
    }  # fmt: skip
    return {**row, **more}


def beside(name, seconds, p50, *, boots=7, grew=False):
    return {"name": name, "seconds": seconds, "p50": p50, "boots": boots, "grew": grew}


UNITS = (
    unit("db", "ready", 0.2, 2.0, ("working", 0.2, 0.3), ("probing", 0.3, 2.0), ("ready", 2.0, 9.0), critical=True),
    unit("migrate", "skipped", 2.0, 2.02, ("waiting", 0.2, 2.0), ("working", 2.0, 2.02),
         note="migrations and database are unchanged", critical=True, needs=["db"]),
    unit("backend", "ready", 2.02, 9.0, ("waiting", 0.2, 2.02), ("working", 2.02, 2.1), ("probing", 2.1, 9.0),
         critical=True, needs=["migrate"]),
    unit("assets", "done", 0.2, 5.0, ("working", 0.2, 5.0)),
)  # fmt: skip


def document(*units, **more):
    """A boot that was ready after nine seconds, unless told otherwise."""
    found = {
        "version": 1, "instance": "i1", "name": "shop", "root": "/shop", "mode": "dev", "at": 1_700_000_000.0,
        "outcome": "ready", "seconds": 9.0, "told": 8.8, "reason": None, "units": copy.deepcopy(list(units or UNITS)),
        "path": [{"unit": name, "from": begin, "to": end}
                 for name, begin, end in (("db", 0.2, 2.0), ("migrate", 2.0, 2.02), ("backend", 2.02, 9.0))],
        "own": {"loading": 0.3, "seconds": 0.3, "gaps": [{"from": 0.0, "to": 0.2}, {"from": 2.0, "to": 2.1}]},
        "history": [beside("db", 1.8, 1.7), beside("migrate", None, None, boots=0),
                    beside("backend", 6.98, 3.0, grew=True), beside("assets", 4.8, 4.9)],
        "summary": {"outcome": "ready in 9.00 s", "own": "0.30 s + 0.30 s loading",
                    "grew": ["backend took 7.0 s; 3.0 s is usual here (median of 7 boots)"]},
    }  # fmt: skip
    return {**found, **more}


def failed():
    """One whose migration failed: a service was ready, another never began."""
    return document(
        UNITS[0],
        unit("migrate", "failed", 2.0, None, ("waiting", 0.2, 2.0), ("working", 2.0, 4.0), seconds=2.0, critical=True,
             note="exited with code 1"),
        unit("backend", "waiting", None, None, ("waiting", 0.2, 4.0), needs=["migrate"]),
        outcome="failed", seconds=4.0, told=None, reason="migrate failed", history=[],
        summary={"outcome": "failed after 4.00 s: migrate failed", "own": None, "grew": []},
        own={"loading": 0.3, "seconds": None, "gaps": None},
    )  # fmt: skip
