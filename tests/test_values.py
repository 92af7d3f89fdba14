"""Values: frozen, changed by making another, and never with a default that belongs to a dataclass."""

import dataclasses
import importlib
import pkgutil

import pytest

import launcher
from launcher.values import Value, field, field_names, made


class Inner(Value, frozen=True):
    names: tuple[str, ...] = ()


class Outer(Value, frozen=True):
    number: int
    inner: Inner = Inner()
    more: dict[str, int] = field(default_factory=dict)


def test_a_value_cannot_be_changed_but_replaced():
    value = Outer(1)
    with pytest.raises(AttributeError):
        value.number = 2  # type: ignore[misc]
    assert value.replaced(number=2) == Outer(2)
    assert value == Outer(1)
    with pytest.raises(TypeError):
        value.replaced(nothing=1)


def test_two_values_share_no_default():
    assert Outer(1).more is not Outer(1).more


def test_plain_data_goes_both_ways():
    value = Outer(1, Inner(("a", "b")), {"x": 1})
    assert value.as_data() == {"number": 1, "inner": {"names": ("a", "b")}, "more": {"x": 1}}
    assert made(Outer, value.as_data()) == value
    assert field_names(value) == ("number", "inner", "more")
    with pytest.raises(ValueError, match="number"):
        made(Outer, {"number": "1"})


def values(kind=Value):
    for found in kind.__subclasses__():
        yield found
        yield from values(found)


def test_no_default_of_a_value_is_a_dataclass_field():
    for module in pkgutil.walk_packages(launcher.__path__, "launcher."):
        if not any(part in module.name for part in (".windows", ".posix", "__main__", ".shim", ".playwright")):
            importlib.import_module(module.name)
    wrong = [
        f"{kind.__module__}.{kind.__name__}"
        for kind in values()
        if any(isinstance(each, dataclasses.Field) for each in kind.__struct_defaults__)
    ]
    assert wrong == []
