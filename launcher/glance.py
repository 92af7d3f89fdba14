"""`rxlaunch status` and `down` of a running stack, before anything else is loaded: from the state file to the words.

Whatever is unusual (nothing runs, other options, odd characters, no /proc, a supervisor that stands still or doesn't
answer) is left to `app/queries.py` and `app/commands.py`, which say the same words. Standard library only, and little.
"""

import os
import sys
import time

from launcher import where

TYPE_CHECKING = False  # of `typing`, which takes longer to load than all this
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    Document = Mapping[str, Any]

VERSION = 2  # of the state file: `state/snapshot.py` takes it from here
ENDED_PHASES = frozenset({"stopped", "failed"})  # of a stack; told only once nothing of it is left
_MARKS = {"ready": "●", "done": "✔", "skipped": "✔", "failed": "✘", "unready": "!", "backoff": "!"}
_STARTED = 19  # field of /proc/PID/stat, counted after the name: when the process began
_PLAIN = {(): False, ("-o", "json"): True, ("-ojson",): True, ("--output", "json"): True, ("--output=json",): True}
_ASIDE = {"RXLAUNCH_OUTPUT", "RXLAUNCH_DIRECTORY"}  # options in the environment
_PATIENCE = 10.0  # seconds for a stack to stop; then the careful way waits, and insists
_STOP = b'{"type": "StopStack", "reason": "rxlaunch down"}'
_SECONDS = 5.0  # for the supervisor to answer
_ENOUGH = 4096  # bytes of an answer: its first line is what counts


def shown(arguments: list[str]) -> bool:
    """Do what was asked for and tell it, if all is as usual; else print nothing and say False."""
    if os.environ.keys() & _ASIDE or sys.stdout is None or sys.stderr is None:
        return False
    verb, options = (arguments or [""])[0], tuple(arguments[1:])
    try:
        if verb in ("status", "ps") and options in _PLAIN:
            told = _status(as_json=_PLAIN[options])
        elif verb == "down" and not options:
            told = _stopped()
        else:
            return False
        if told is None:
            return False
        sys.stdout.write(told)
        sys.stdout.flush()
    except Exception:  # noqa: BLE001 - whatever it is, the careful way knows a sentence for it
        return False
    return True


def _found() -> "tuple[str, str, Document] | None":
    """Root, state directory and state of the stack that runs here; None when none does, as far as this can see."""
    import json

    root, home = where.find_root("."), _user_home()
    if home is None:
        return None
    directory = os.path.join(home, "stacks", where.folder(root))
    with open(os.path.join(directory, "state.json"), "rb") as file:
        document = json.load(file)
    if document["version"] != VERSION or document["phase"] in ENDED_PHASES or not _lives(document["supervisor"]):
        return None
    return root, directory, document


def _status(*, as_json: bool) -> str | None:
    import json

    found = _found()
    if found is None:
        return None
    root, _, document = found
    if as_json:
        return json.dumps({"version": 1, **data(document, root)}, indent=2) + "\n"
    return _printable(text(document))


def _printable(lines: list[str]) -> str | None:
    told = "\n".join(lines) + "\n"
    told.encode(sys.stdout.encoding)  # a console that cannot show it gets replacements, elsewhere
    return told if all(line.isprintable() for line in lines) else None


def _stopped() -> str | None:
    """Have the stack stopped, and wait until its supervisor, and so all of it, is gone."""
    import json
    import select

    found = _found()
    if found is None:
        return None
    _, directory, document = found
    told = _printable([f"stopped {document['name']}"])
    supervisor = os.pidfd_open(document["supervisor"]["pid"])
    with open(os.path.join(directory, "control.json"), "rb") as file:
        address = json.load(file)
    if told is None or not _lives(document["supervisor"], awake=True) or not _asked(address):
        return None
    waiting = select.poll()
    waiting.register(supervisor, select.POLLIN)
    if not _waited(waiting):
        return None
    with open(os.path.join(directory, "state.json"), "rb") as file:
        clean = (
            json.load(file)["phase"] in ENDED_PHASES
        )  # told only once nothing of it is left: there is nothing to sweep
    return told if clean else None


def _waited(waiting: "Any") -> bool:
    """Wait for what is to end; Ctrl-C ends only us, as it does in the careful way."""
    import signal

    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return bool(waiting.poll(_PATIENCE * 1000))
    except KeyboardInterrupt:
        sys.exit(130)


def _asked(address: "Document") -> bool:
    """Ask for the end, as `control/client.py` does; whether the supervisor agreed."""
    import _socket as socket  # the module around it takes longer to load than all this

    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(_SECONDS)
        connection.connect(address["socket"])
        owner = int.from_bytes(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)[4:8], sys.byteorder)
        if owner != os.getuid():
            return False
        head = (
            f"POST /v1/commands HTTP/1.1\r\nHost: rxlaunch\r\nX-Rxlaunch-Token: {address['token']}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(_STOP)}\r\nConnection: close\r\n\r\n"
        )
        connection.sendall(head.encode("ascii") + _STOP)
        return connection.recv(_ENOUGH).startswith(b"HTTP/1.1 200 ")
    finally:
        connection.close()


def _user_home() -> str | None:
    """As `paths.user_home` says on Linux; None elsewhere."""
    override = os.environ.get("RXLAUNCH_HOME")
    if override:
        return os.path.abspath(override)
    if not os.path.isdir("/proc/self"):
        return None
    given = os.environ.get("XDG_STATE_HOME", "")
    return os.path.join(given if given.strip() else os.path.expanduser("~/.local/state"), "rxlaunch")


def _lives(supervisor: "Document", *, awake: bool = False) -> bool:
    """Whether it is that process still, and no other with its number: by its start and the kernel's run.

    `awake`: and is not stopped, in which case it would hear nothing.
    """
    with open(f"/proc/{int(supervisor['pid'])}/stat", "rb") as file:
        fields = file.read().rpartition(b")")[2].split()
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        boot = file.read().strip()
    alive = (
        fields[0] not in ((b"Z", b"X", b"T", b"t") if awake else (b"Z", b"X"))
        and int(fields[_STARTED]) == supervisor["started"]
    )
    return bool(alive and boot == supervisor["boot"])


# --- the words, for both ways ---------------------------------------------------------------------------------------


def data(document: "Document", root: str, *, running: bool = True) -> "dict[str, Any]":
    """What programs are told of a snapshot's JSON."""
    whole = {key: value for key, value in document.items() if key not in ("version", "supervisor")}
    return {**whole, **({} if running else {"ports": {}}), "running": running, "root": root}


def text(document: "Document") -> list[str]:
    """The lines that people are told of a running stack, from its snapshot's JSON."""
    units, ports = document["units"], document["ports"]
    age = _age(document["started_at"])
    width = max((len(name) for name in units), default=0)
    lines = [f"{document['name']}: {document['phase']} ({document['mode']}, pid {document['pid']}, {age})"]
    lines += [_unit_line(unit, ports.get(name), width) for name, unit in units.items()]
    lines += [f"{label:<{width + 2}}  {value}" for label, value in document["facts"].items()]
    return lines


def _unit_line(unit: "Document", port: int | None, width: int) -> str:
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
