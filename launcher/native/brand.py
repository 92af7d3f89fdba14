"""A brand that every descendant inherits and none sheds: a limit of realtime CPU seconds that nobody ever reaches.

An environment can be cleared, a session and a process group left, a parent outlived; resource limits are inherited
through all of it, and the kernel shows them (`/proc/PID/limits`). RLIMIT_RTTIME counts microseconds of a realtime
task that never sleeps; ours is beyond seventy thousand years, so it limits nothing, and its lower bits say whose child
it is on. Where the limit cannot be set (a hard limit already there), the marks in the environment must do.
"""

import sys

if sys.platform == "win32":
    raise ImportError("not for Windows")

import hashlib
from collections.abc import Mapping

from launcher.native.contract import INSTANCE_MARK, UNIT_MARK

_OURS = 1 << 61  # set in every brand; no administrator limits realtime tasks to so much
_INSTANCE_BITS, _UNIT_BITS = 31, 30
_LINE = b"Max realtime timeout"


def brand(marks: Mapping[str, str]) -> int:
    """The limit for a unit of an instance; without a unit, what all brands of the instance have in common."""
    whole = _digest(marks.get(INSTANCE_MARK, ""), _INSTANCE_BITS) << _UNIT_BITS
    return _OURS | whole | (_digest(marks[UNIT_MARK], _UNIT_BITS) if UNIT_MARK in marks else 0)


def carries(pid: int, marks: Mapping[str, str]) -> bool:
    """Whether a process was born below a child with these marks."""
    found = read(pid)
    if UNIT_MARK not in marks:
        found = found >> _UNIT_BITS << _UNIT_BITS
    return found == brand(marks)


def read(pid: int) -> int:
    """The brand of a process; 0 when it has none, or is gone."""
    try:
        with open(f"/proc/{pid}/limits", "rb") as file:  # noqa: PTH123 - thousands of them
            text = file.read()
    except OSError:
        return 0
    soft = text[text.find(_LINE) + len(_LINE) :].split(maxsplit=1)[0] if _LINE in text else b""
    return int(soft) if soft.isdigit() and int(soft) & _OURS else 0


def _digest(text: str, bits: int) -> int:
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()[:8], "big") >> (64 - bits)
