"""A marketplace without a storefront: what a preset says about one is left out. Works on merged plain data."""

from typing import Any

from launcher.stack.template import Reference, references

_ITS_DIRECTORY = frozenset({("dir", "storefront")})
_ABOUT = frozenset({("port", "storefront"), ("url", "storefront"), *_ITS_DIRECTORY})
_UNITS = ("storefront", "storefront-install", "storefront-build", "verify-storefront")


def leave_out(data: dict[str, Any]) -> tuple[str, ...]:
    """Remove what needs a storefront when the marketplace has none; gives a note for the user."""
    marketplace = data.get("marketplace")
    if not isinstance(marketplace, dict) or marketplace.get("storefront") is not None:
        return ()
    gone = [name for section in ("services", "tasks") for name in _pop_units(data.get(section))]
    if not gone:
        return ()
    if not _mentions(data.get("services")) and not _mentions(data.get("tasks")):
        _table(data, "ports").pop("storefront", None)
        _forget(data)
    return (f"no storefront was found or configured; left out: {', '.join(gone)}",)


def _pop_units(units: Any) -> list[str]:
    """Units of the preset's names that still point at the storefront's directory (the user's own don't)."""
    if not isinstance(units, dict):
        return []
    gone = [name for name in _UNITS if name in units and _needs_storefront(units[name])]
    for name in gone:
        del units[name]
    return gone


def _needs_storefront(unit: Any) -> bool:
    return isinstance(unit, dict) and (_mentions(unit, _ITS_DIRECTORY) or unit.get("action") == "verify-storefront")


def _forget(data: dict[str, Any]) -> None:
    """Drop what is shown about it, and its URL from lists of origins."""
    show = _table(data, "show")
    for label in [label for label, text in show.items() if _mentions(text)]:
        del show[label]
    for contract in _table(data, "contracts").values():
        for variable in contract.values() if isinstance(contract, dict) else ():
            if isinstance(variable, dict) and isinstance(variable.get("add"), list):
                variable["add"] = [item for item in variable["add"] if not _mentions(item)]


def _table(data: dict[str, Any], name: str) -> dict[str, Any]:
    found = data.get(name)
    return found if isinstance(found, dict) else {}


def _mentions(value: Any, about: frozenset[Reference] = _ABOUT) -> bool:
    if isinstance(value, dict):
        return any(_mentions(item, about) for item in value.values())
    if isinstance(value, list):
        return any(_mentions(item, about) for item in value)
    return isinstance(value, str) and bool(about & set(references(value)))
