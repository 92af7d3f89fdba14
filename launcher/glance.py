"""`rxlaunch status` of a running stack at a glance: from the state file to the words, before anything else is loaded.

Whatever is unusual (nothing runs, other options, odd characters, no /proc) is left to `app/queries.py`, which says the
same words by the functions here. Standard library only, and little of it; nothing is written.
"""

import os
import sys
import time
from collections.abc import Mapping
from typing import Any

from launcher import where

VERSION = 2  # of the state file: `state/snapshot.py` takes it from here
ENDED_PHASES = frozenset({"stopped", "failed"})  # of a stack; told only once nothing of it is left
_MARKS = {"ready": "●", "done": "✔", "skipped": "✔", "failed": "✘", "unready": "!", "backoff": "!"}
_STARTED = 19  # field of /proc/PID/stat, counted after the name: when the process began
_PLAIN = {(): False, ("-o", "json"): True, ("-ojson",): True, ("--output", "json"): True, ("--output=json",): True}


def shown(arguments: list[str]) -> bool:
    """Print the status if that is what was asked for, and all is as usual; else print nothing and say False."""
    if not arguments or arguments[0] not in ("status", "ps") or tuple(arguments[1:]) not in _PLAIN:
        return False
    if os.environ.keys() & {"RXLAUNCH_OUTPUT", "RXLAUNCH_DIRECTORY"} or sys.stdout is None or sys.stderr is None:
        return False
    try:
        told = _told(as_json=_PLAIN[tuple(arguments[1:])])
        if told is None:
            return False
        sys.stdout.write(told)
        sys.stdout.flush()
    except Exception:  # noqa: BLE001 - whatever it is, the careful way knows a sentence for it
        return False
    return True


def _told(*, as_json: bool) -> str | None:
    import json

    root = where.find_root(".")
    home = _user_home()
    if home is None:
        return None
    with open(os.path.join(home, "stacks", where.folder(root), "state.json"), "rb") as file:
        document = json.load(file)
    if document["version"] != VERSION or document["phase"] in ENDED_PHASES or not _lives(document["supervisor"]):
        return None
    if as_json:
        return json.dumps({"version": 1, **data(document, root)}, indent=2) + "\n"
    lines = text(document)
    told = "\n".join(lines) + "\n"
    told.encode(sys.stdout.encoding)  # a console that cannot show it gets replacements, elsewhere
    return told if all(line.isprintable() for line in lines) else None


def _user_home() -> str | None:
    """As `paths.user_home` says on Linux; None elsewhere."""
    override = os.environ.get("RXLAUNCH_HOME")
    if override:
        return os.path.abspath(override)
    if not os.path.isdir("/proc/self"):
        return None
    given = os.environ.get("XDG_STATE_HOME", "")
    return os.path.join(given if given.strip() else os.path.expanduser("~/.local/state"), "rxlaunch")


def _lives(supervisor: Mapping[str, Any]) -> bool:
    """Whether it is that process still, and no other with its number: by its start and the kernel's run."""
    with open(f"/proc/{int(supervisor['pid'])}/stat", "rb") as file:
        fields = file.read().rpartition(b")")[2].split()
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        boot = file.read().strip()
    alive = fields[0] not in (b"Z", b"X") and int(fields[_STARTED]) == supervisor["started"]
    return bool(alive and boot == supervisor["boot"])


# --- the words, for both ways ---------------------------------------------------------------------------------------


def data(document: Mapping[str, Any], root: str, *, running: bool = True) -> dict[str, Any]:
    """What programs are told of a snapshot's JSON."""
    whole = {key: value for key, value in document.items() if key not in ("version", "supervisor")}
    return {**whole, **({} if running else {"ports": {}}), "running": running, "root": root}


def text(document: Mapping[str, Any]) -> list[str]:
    """The lines that people are told of a running stack, from its snapshot's JSON."""
    units, ports = document["units"], document["ports"]
    age = _age(document["started_at"])
    width = max((len(name) for name in units), default=0)
    lines = [f"{document['name']}: {document['phase']} ({document['mode']}, pid {document['pid']}, {age})"]
    lines += [_unit_line(unit, ports.get(name), width) for name, unit in units.items()]
    lines += [f"{label:<{width + 2}}  {value}" for label, value in document["facts"].items()]
    return lines


def _unit_line(unit: Mapping[str, Any], port: int | None, width: int) -> str:
    parts = (
        f"port {port}" if port is not None else "",
        f"pid {unit['pid']}" if unit["pid"] else "",
        f"{unit['restarts']} restarts" if unit["restarts"] else "",
        unit["note"] or "",
        unit["log_trouble"] or "",
    )
    mark = _MARKS.get(unit["phase"], "·")
    return f"{mark} {unit['name']:<{width}}  {unit['phase']:<8}  {', '.join(filter(None, parts))}".rstrip()


def _age(started_at: float) -> str:
    seconds = max(0, int(time.time() - started_at))
    hours, rest = divmod(seconds, 3600)
    return f"up {hours} h {rest // 60} min" if hours else f"up {rest // 60} min {rest % 60} s"
