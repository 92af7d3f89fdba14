"""What is wrong with a value, in plain words and with its TOML path: the data walked beside the models' annotations.

msgspec says whether data is a stack, and of a wrong one the first fault alone; here is what else is wrong, all of it.
Values are shown only where they cannot be secrets. Where a value came from is added by `stack/load.py`.
"""

import re
import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from msgspec import Meta, structs

from launcher.stack.kinds import DEVICE_NAMES, Model
from launcher.stack.layers import Path
from launcher.stack.model import Stack
from launcher.stack.suggest import closest, did_you_mean
from launcher.values import Value

_PRIVATE = frozenset({"env", "headers", "options", "http", "postgres", "redis", "forbidden"})  # may hold secrets
_PLAIN_WORDS = {str: "text in quotes", int: "a whole number", float: "a number", bool: "true or false"}
_PYTHON_KINDS: Mapping[Any, Any] = {Any: object, float: int | float}  # where an annotation wants more than itself
_LONGEST_SHOWN = 40


class Complaint(Value, frozen=True):
    """Something wrong at a path of the merged data."""

    path: Path
    what: str


def of(data: Mapping[str, Any]) -> list[Complaint]:
    """One complaint for every wrong value, in the order of the model."""
    return list(_faults(Stack, data, ()))


def _faults(annotation: Any, value: Any, path: Path) -> Iterator[Complaint]:
    """What is wrong at the path and below it."""
    members = [part for part in _members(annotation) if _is(part, value)]
    if value is None and type(None) in get_args(annotation):
        return
    if not members:
        yield Complaint(path, _wrong(annotation, value, path))
        return
    kind = _bare(members[0])
    if get_origin(kind) is dict:
        yield from _faults_of_table(get_args(kind), value, path)
    elif get_origin(kind) is tuple:
        for position, item in enumerate(value):
            yield from _faults(get_args(kind)[0], item, (*path, position))
    elif isinstance(kind, type) and issubclass(kind, Model):
        yield from _faults_of_model(kind, value, path)


def _faults_of_table(kinds: tuple[Any, ...], table: Mapping[str, Any], path: Path) -> Iterator[Complaint]:
    for key, value in table.items():
        if not _is(kinds[0], key):  # what is below a bad name hardly matters
            yield Complaint((*path, key), _bad_name(kinds[0], key))
        else:
            yield from _faults(kinds[1], value, (*path, key))


def _faults_of_model(kind: type[Model], table: Mapping[str, Any], path: Path) -> Iterator[Complaint]:
    known = fields(kind)
    for name, annotation in known.items():
        if name in table:
            yield from _faults(annotation, table[name], (*path, name))
    for field in structs.fields(kind):
        if field.required and field.name not in table:
            yield Complaint(path, f"lacks `{field.name}`, {_expected(known[field.name])}")
    for name in table:
        if name not in known:
            yield Complaint((*path, name), _unknown_key((*path, name), known))


def _is(annotation: Any, value: Any) -> bool:
    """Whether the value itself, whatever is in it, is what the annotation wants."""
    if get_origin(annotation) is Annotated:
        kind, *rest = get_args(annotation)
        return _is(kind, value) and all(_within(meta, value) for meta in rest if isinstance(meta, Meta))
    if get_origin(annotation) is Literal:
        return isinstance(value, str) and value in get_args(annotation)
    if get_origin(annotation) is tuple:
        return isinstance(value, list | tuple)
    if get_origin(annotation) is dict or (isinstance(annotation, type) and issubclass(annotation, Model)):
        return isinstance(value, dict)
    kind = _PYTHON_KINDS.get(annotation, annotation)
    return isinstance(value, kind) and (kind is object or isinstance(value, bool) == (kind is bool))


def _within(meta: Meta, value: Any) -> bool:
    """Whether the value keeps to the bounds: comparisons with nan are false, so it never does."""
    return (
        (meta.ge is None or value >= meta.ge)
        and (meta.gt is None or value > meta.gt)
        and (meta.le is None or value <= meta.le)
        and (meta.pattern is None or re.search(meta.pattern, value) is not None)
        and (meta.min_length is None or len(value) >= meta.min_length)
        and (meta.max_length is None or len(value) <= meta.max_length)
    )


def _wrong(annotation: Any, value: Any, path: Path) -> str:
    hint = ""
    if isinstance(value, str):
        choices = [choice for part in _members(annotation) for choice in _choices(part)]
        hint = did_you_mean(value, choices) if choices else ""
    return f"must be {_expected(annotation)}, not {_shown(value, path)}{hint}"


def _bad_name(annotation: Any, name: Any) -> str:
    if name in DEVICE_NAMES:
        return "is a device name on Windows, where no file can be called so; choose another name"
    return f"must be {_expected(annotation)}"


def _unknown_key(path: Path, known: Mapping[str, Any]) -> str:
    name = str(path[-1])
    what = "unknown section" if len(path) == 1 else "unknown key"
    meant = closest(name, known)
    if meant is None:
        nested = {key: field for field, inner in known.items() for key in fields(inner) if key == name}
        meant = f"{nested[name]}.{name}" if name in nested else None
    return f"{what}; did you mean `{meant}`?" if meant else f"{what}; known are {', '.join(sorted(known))}"


# --- walking the models -------------------------------------------------------------------------------------


def fields(annotation: Any) -> dict[str, Any]:
    """The keys of the model that an annotation stands for, with their annotations; none when it is no model."""
    for member in _members(annotation):
        if isinstance(member, type) and issubclass(member, Model):
            hints = get_type_hints(member, include_extras=True)
            known = {name: hints[name] for name in member.__struct_fields__}
            return known | {"modes": dict[str, Any]} if member is Stack else known
    return {}


def _members(annotation: Any) -> Iterator[Any]:
    """The alternatives of a union (without None), or the annotation itself."""
    if get_origin(annotation) in (Union, types.UnionType):
        yield from (member for member in get_args(annotation) if member is not type(None))
    else:
        yield annotation


def _bare(annotation: Any) -> Any:
    """Without what is annotated."""
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def _choices(annotation: Any) -> tuple[str, ...]:
    return get_args(annotation) if get_origin(annotation) is Literal else ()


def _expected(annotation: Any) -> str:
    return " or ".join(dict.fromkeys(_expected_one(member) for member in _members(annotation)))


def _expected_one(annotation: Any) -> str:
    if get_origin(annotation) is Annotated:
        described = [m.description for m in get_args(annotation) if isinstance(m, Meta) and m.description]
        return described[0] if described else _expected(get_args(annotation)[0])
    if get_origin(annotation) is Literal:
        return " or ".join(f'"{choice}"' for choice in get_args(annotation))
    if get_origin(annotation) is tuple:
        return "a list of text in quotes" if get_args(annotation)[0] is str else "a list"
    if get_origin(annotation) is dict or (isinstance(annotation, type) and issubclass(annotation, Model)):
        return "a table"
    return _PLAIN_WORDS.get(annotation, "something else")


# --- values -------------------------------------------------------------------------------------------------


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
