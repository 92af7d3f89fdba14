"""The JSON Schema of rxlaunch.toml, for editors: the models' own, widened by the short forms of `stack/short.py`."""

import inspect
from typing import Any

import msgspec

from launcher.stack.model import Stack

_TEXT_OR_LIST = {"type": ["string", "array"], "items": {"type": "string"}}
_ENV_VALUE = {"type": ["string", "number", "boolean"], "description": "text, a number, true or false"}


def json_schema() -> dict[str, Any]:
    """A JSON Schema (draft 2020-12) of a stack file."""
    _, definitions = msgspec.json.schema_components([Stack], ref_template="#/$defs/{name}")
    schema: dict[str, Any] = definitions.pop("Stack")
    port = {"type": "integer", "minimum": 1, "maximum": 65535, "description": "short for { prefer = … }"}
    ports = schema["properties"]["ports"]
    ports["additionalProperties"] = {"anyOf": [port, ports["additionalProperties"]]}
    _environment(schema["properties"])
    for name in ("ServiceSpec", "TaskSpec", "ProbeSpec"):
        properties = definitions[name]["properties"]
        properties["command"] = _TEXT_OR_LIST
        if "depends_on" in properties:
            _environment(properties)
            _dependencies(properties)
    schema["properties"]["modes"] = {
        "type": "object",
        "description": "what is different in a mode",
        "properties": {"dev": {"$ref": "#"}, "production": {"$ref": "#"}},
        "additionalProperties": False,
    }
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "rxlaunch.toml"}
    whole["$defs"] = dict(sorted(definitions.items()))
    _without_nulls(whole)
    tidied: dict[str, Any] = _tidied(whole)
    return tidied


def _environment(properties: dict[str, Any]) -> None:
    properties["env"]["additionalProperties"] = _ENV_VALUE


def _dependencies(properties: dict[str, Any]) -> None:
    table = dict(properties["depends_on"])
    names = {"type": "array", "items": {"type": "string"}, "uniqueItems": True}
    default = table.pop("default")
    properties["depends_on"] = {"default": default, "anyOf": [names, table]}


def _tidied(node: Any) -> Any:
    r"""As editors know it: their $ is Python's \Z, and descriptions without our indentation."""
    if isinstance(node, list | tuple):
        return [_tidied(item) for item in node]
    if not isinstance(node, dict):
        return node
    found = {key: _tidied(value) for key, value in node.items()}
    if isinstance(found.get("pattern"), str):
        found["pattern"] = found["pattern"].replace(r"\Z", "$")
    if isinstance(found.get("description"), str):
        found["description"] = inspect.cleandoc(found["description"])
    return found


def _without_nulls(node: Any) -> None:
    """TOML has no null: a key that may be left out is simply left out."""
    if isinstance(node, list):
        for item in node:
            _without_nulls(item)
    if not isinstance(node, dict):
        return
    if "default" in node and node["default"] is None:
        del node["default"]
    choices = node.get("anyOf")
    if isinstance(choices, list):
        kept = [choice for choice in choices if choice != {"type": "null"}]
        del node["anyOf"]
        node.update(kept[0] if len(kept) == 1 else {"anyOf": kept})
    for value in node.values():
        _without_nulls(value)
