"""Value: the base of everything that is only data here: frozen, compared by what it holds, cheap to define and make.

A msgspec struct and not a dataclass: defining one costs a fortieth, and a hundred are defined before a stack's first
child starts. Secrets are not held in one: its repr shows every field. Subclasses say `frozen=True` once more, for the
type checker. The only module besides `stack/` that knows msgspec.
"""

from typing import Any, Self, TypeVar

import msgspec
from msgspec import field

__all__ = ["Value", "field", "field_names", "made"]

_Of = TypeVar("_Of")


class Value(msgspec.Struct, frozen=True):
    """Frozen data. `dataclasses.replace` doesn't take it: say `value.replaced(name=...)`."""

    def replaced(self, **changes: Any) -> Self:
        """The same with other values in these fields. Raises TypeError for a field it doesn't have."""
        return msgspec.structs.replace(self, **changes)

    def as_data(self) -> dict[str, Any]:
        """Its fields as plain data, to any depth; tuples stay tuples."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found


def made(kind: type[_Of], data: Any) -> _Of:
    """A value made from plain data. Raises ValueError for what doesn't fit."""
    return msgspec.convert(data, kind)


def field_names(value: type[Value] | Value) -> tuple[str, ...]:
    """The names of a value's fields, in order."""
    return value.__struct_fields__
