"""What is wrong with a value, in plain words: pydantic's errors turned into complaints with a TOML path.

Values are shown only where they cannot be secrets. Where a value came from is added by `stack/load.py`.
"""

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from launcher.stack.kinds import DEVICE_NAMES
from launcher.stack.layers import Path
from launcher.stack.model import Stack
from launcher.stack.suggest import closest, did_you_mean

_PRIVATE = frozenset({"env", "headers", "options", "http", "postgres", "redis", "forbidden"})  # may hold secrets
_PLAIN_WORDS = {str: "text in quotes", int: "a whole number", float: "a number", bool: "true or false"}
_LONGEST_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Complaint:
    """Something wrong at a path of the merged data."""

    path: Path
    what: str


def of(error: ValidationError, data: Mapping[str, Any]) -> list[Complaint]:
    """One complaint for every wrong value, in the order of the model."""
    found: dict[Path, Complaint] = {}
    for detail in error.errors(include_url=False, include_input=False):
        path, rest = _inside(data, detail["loc"])
        bad_key = "[key]" in rest
        if path not in found or bad_key:  # a bad name comes first: what is below it hardly matters
            found[path] = Complaint(path, _words(detail["type"], path, data, bad_key=bad_key))
    return list(found.values())


def _inside(data: Any, loc: tuple[str | int, ...]) -> tuple[Path, tuple[str | int, ...]]:
    """The part of pydantic's location that exists in the data, and what it adds of its own."""
    here = data
    for position, part in enumerate(loc):
        known = here if isinstance(here, dict) else range(len(here)) if isinstance(here, list) else ()
        if part not in known:
            return loc[:position], loc[position:]
        here = here[part]
    return loc, ()


def _words(kind: str, path: Path, data: Mapping[str, Any], *, bad_key: bool) -> str:
    if bad_key:
        return _bad_name(path)
    if kind == "extra_forbidden":
        return _unknown_key(path)
    value = _at(data, path)
    expected, hint = _expected(_annotation(path)), ""
    if isinstance(value, str):
        choices = [choice for part in _members(_annotation(path)) for choice in _choices(part)]
        hint = did_you_mean(value, choices) if choices else ""
    return f"must be {expected}, not {_shown(value, path)}{hint}"


def _bad_name(path: Path) -> str:
    if path[-1] in DEVICE_NAMES:
        return "is a device name on Windows, where no file can be called so; choose another name"
    key, _ = get_args(_plain(_annotation(path[:-1])))
    return f"must be {_expected(key)}"


def _unknown_key(path: Path) -> str:
    *above, name = path
    known = fields(_annotation(tuple(above)))
    what = "unknown section" if len(path) == 1 else "unknown key"
    meant = closest(str(name), known)
    if meant is None:
        nested = {key: field for field, inner in known.items() for key in fields(inner) if key == name}
        meant = f"{nested[str(name)]}.{name}" if name in nested else None
    return f"{what}; did you mean `{meant}`?" if meant else f"{what}; known are {', '.join(sorted(known))}"


# --- walking the models -------------------------------------------------------------------------------------


def fields(annotation: Any) -> dict[str, Any]:
    """The keys of the model that an annotation stands for, with their annotations; none when it is no model."""
    for member in _members(annotation):
        if isinstance(member, type) and issubclass(member, BaseModel):
            hints = get_type_hints(member, include_extras=True)
            known = {name: hints[name] for name in member.model_fields}
            return known | {"modes": dict[str, Any]} if member is Stack else known
    return {}


def _annotation(path: Path) -> Any:
    here: Any = Stack
    for part in path:
        plain = _plain(here)
        arguments = get_args(plain)
        if get_origin(plain) in (dict, tuple):
            here = arguments[1] if get_origin(plain) is dict else arguments[0]
        else:
            here = fields(here).get(str(part), Any)
    return here


def _members(annotation: Any) -> Iterator[Any]:
    """The alternatives of a union (without None), or the annotation itself."""
    if get_origin(annotation) in (Union, types.UnionType):
        yield from (member for member in get_args(annotation) if member is not type(None))
    else:
        yield annotation


def _plain(annotation: Any) -> Any:
    """The first alternative, without its annotations."""
    first = next(_members(annotation))
    return get_args(first)[0] if get_origin(first) is Annotated else first


def _choices(annotation: Any) -> tuple[str, ...]:
    return get_args(annotation) if get_origin(annotation) is Literal else ()


def _expected(annotation: Any) -> str:
    return " or ".join(dict.fromkeys(_expected_one(member) for member in _members(annotation)))


def _expected_one(annotation: Any) -> str:
    if get_origin(annotation) is Annotated:
        described = [m.description for m in get_args(annotation) if isinstance(m, FieldInfo) and m.description]
        return described[0] if described else _expected(get_args(annotation)[0])
    if get_origin(annotation) is Literal:
        return " or ".join(f'"{choice}"' for choice in get_args(annotation))
    if get_origin(annotation) is tuple:
        return "a list of text in quotes" if get_args(annotation)[0] is str else "a list"
    if get_origin(annotation) is dict or (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        return "a table"
    return _PLAIN_WORDS.get(annotation, "something else")


# --- values -------------------------------------------------------------------------------------------------


def _at(data: Any, path: Path) -> Any:
    for part in path:
        data = data[part]
    return data


def _shown(value: Any, path: Path) -> str:
    """The value as TOML spells it, or only its kind where it may be a secret or is long."""
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    if _PRIVATE & set(path):
        return "this"
    text = str(value).lower() if isinstance(value, bool | float) else _spelled(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def _spelled(value: Any) -> str:
    if isinstance(value, str):
        return repr(value) if '"' in value else f'"{value}"'
    if isinstance(value, int) and abs(value) >= 10**_LONGEST_SHOWN:  # str() refuses very long numbers
        return "a number that long"
    return str(value)
