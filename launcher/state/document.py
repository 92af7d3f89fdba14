"""Reading a snapshot's JSON back, trusting nothing: whatever is not exactly a snapshot is refused."""

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from launcher.events import Exit, Failure
from launcher.glance import VERSION
from launcher.native.contract import Identity
from launcher.state.snapshot import Snapshot, UnitView
from launcher.values import Value

T = TypeVar("T")
Check = Callable[[Any], bool]

STACK_PHASES = frozenset({"starting", "ready", "stopping", "stopped", "failed"})
UNIT_PHASES = frozenset(
    {
        "pending", "waiting", "starting", "ready", "done", "skipped", "unready", "backoff", "stopping", "stopped",
        "failed",
    }
)  # fmt: skip
_LARGEST = 2**63  # beyond it numbers overflow in calls to the system


class NotASnapshot(ValueError):
    """The document is no snapshot that this version understands."""


class Keeper(Value, frozen=True):
    """Who wrote a state file. Every version, past and future, writes these fields, so that none is ever ignored."""

    instance: str
    supervisor: Identity
    phase: str
    program: str
    version: Any


def keeper(data: bytes) -> Keeper | None:
    """Who wrote these bytes, of whatever version; None when they say nothing of the kind."""
    try:
        document = json.loads(data)
        supervisor = Identity(**_checked(document["supervisor"], _IDENTITY_FIELDS))
        checked = _checked(document, {"instance": _text, "phase": _text})
    except (ValueError, RecursionError, TypeError, KeyError):
        return None
    return Keeper(
        **checked, supervisor=supervisor, program=str(document.get("program", "")), version=document.get("version")
    )


def parse(data: bytes) -> Snapshot:
    """The snapshot of a state file's bytes. Raises NotASnapshot."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise NotASnapshot(f"no JSON: {error}") from error
    return from_json(document)


def from_json(document: Any) -> Snapshot:
    """The snapshot of a JSON object as `Snapshot.to_json` made it. Raises NotASnapshot."""
    _require(isinstance(document, dict), "not an object")
    _require(document.get("version") == VERSION, f"of version {document.get('version')!r}")
    checked = _checked(document, _SNAPSHOT_FIELDS)
    units = {name: _unit(name, unit) for name, unit in _object(document, "units").items()}
    supervisor = Identity(**_checked(_object(document, "supervisor"), _IDENTITY_FIELDS))
    return Snapshot(**checked, units=units, supervisor=supervisor)


def _unit(name: str, document: Any) -> UnitView:
    _require(isinstance(document, dict) and document.get("name") == name, f"unit {name!r}")
    _require(_pairs(document.get("waiting_on")), "waiting_on")
    return UnitView(
        **_checked(document, _UNIT_FIELDS),
        waiting_on=tuple((on, what) for on, what in document["waiting_on"]),
        exit=_optional(document.get("exit"), _EXIT_FIELDS, Exit),
        failure=_optional(document.get("failure"), _FAILURE_FIELDS, Failure),
    )


def _optional(document: Any, fields: Mapping[str, Check], kind: Callable[..., T]) -> T | None:
    if document is None:
        return None
    _require(isinstance(document, dict), "not an object")
    values = _checked(document, fields)
    return kind(**{key: tuple(value) if isinstance(value, list) else value for key, value in values.items()})


def _object(document: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = document.get(key)
    _require(isinstance(value, dict), key)
    return dict(value) if isinstance(value, dict) else {}


def _checked(document: Mapping[str, Any], fields: Mapping[str, Check]) -> dict[str, Any]:
    for key, check in fields.items():
        _require(key in document and check(document[key]), key)
    return {key: document[key] for key in fields}


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise NotASnapshot(what)


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _LARGEST


def _number(value: Any) -> bool:
    return isinstance(value, float | int) and not isinstance(value, bool) and 0 <= value < 1e11  # no NaN either


def _maybe(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _texts(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(map(_text, value))


def _pairs(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(_texts(pair) and len(pair) == 2 for pair in value)


def _mapping(check: Check) -> Check:
    return lambda value: isinstance(value, dict) and all(map(check, value.values()))


_IDENTITY_FIELDS: Mapping[str, Check] = {"pid": _whole, "started": _whole, "boot": _text}
_EXIT_FIELDS: Mapping[str, Check] = {
    "code": _maybe(lambda code: isinstance(code, int) and abs(code) < _LARGEST),
    "signal": _maybe(_whole),
    "error": _maybe(_text),
    "leftovers": _texts,
}
_FAILURE_FIELDS: Mapping[str, Check] = {
    "reason": _text,
    "last_probe": _maybe(_text),
    "tail": _texts,
    "remedy": _maybe(_text),
}
_UNIT_FIELDS: Mapping[str, Check] = {
    "name": _text,
    "phase": lambda phase: _text(phase) and phase in UNIT_PHASES,
    "stage": _text,
    "pid": _maybe(_whole),
    "generation": _whole,
    "restarts": _whole,
    "since": _number,
    "seconds": _maybe(_number),
    "note": _maybe(_text),
    "last_probe": _maybe(_text),
    "log_trouble": _maybe(_text),
}
_SNAPSHOT_FIELDS: Mapping[str, Check] = {
    "instance": _text,
    "name": _text,
    "root": _text,
    "pid": _whole,
    "started_at": _number,
    "mode": _text,
    "program": _text,
    "phase": lambda phase: _text(phase) and phase in STACK_PHASES,
    "ports": _mapping(_whole),
    "facts": _mapping(_text),
    "exit_code": _maybe(_whole),
    "reason": _maybe(_text),
}
