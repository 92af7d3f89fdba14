"""The JSON Schema of rxlaunch.toml, for editors: the models' own, widened by the short forms of `stack/short.py`."""

from typing import Any

from launcher.stack.model import Stack

_TEXT_OR_LIST = {"type": ["string", "array"], "items": {"type": "string"}}
_ENV_VALUE = {"type": ["string", "number", "boolean"], "description": "text, a number, true or false"}


def json_schema() -> dict[str, Any]:
    """A JSON Schema (draft 2020-12) of a stack file."""
    schema = Stack.model_json_schema()
    definitions = schema["$defs"]
    port = {"type": "integer", "minimum": 1, "maximum": 65535, "description": "short for { prefer = … }"}
    _widen(schema["properties"]["ports"], "#/$defs/PortSpec", port)
    _environment(schema["properties"])
    for name in ("ServiceSpec", "TaskSpec", "ProbeSpec"):
        properties = definitions[name]["properties"]
        properties["command"] |= {"anyOf": [_TEXT_OR_LIST]}
        if "depends_on" in properties:
            _environment(properties)
            _dependencies(properties)
    schema["properties"]["modes"] = {
        "type": "object",
        "description": "what is different in a mode",
        "properties": {"dev": {"$ref": "#"}, "production": {"$ref": "#"}},
        "additionalProperties": False,
    }
    _without_nulls(schema)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "rxlaunch.toml"}


def _widen(table: dict[str, Any], reference: str, short: dict[str, Any]) -> None:
    for pattern, value in table["patternProperties"].items():
        if value == {"$ref": reference}:
            table["patternProperties"][pattern] = {"anyOf": [short, value]}


def _environment(properties: dict[str, Any]) -> None:
    table = properties["env"]
    table["patternProperties"] = dict.fromkeys(table["patternProperties"], _ENV_VALUE)


def _dependencies(properties: dict[str, Any]) -> None:
    table = dict(properties["depends_on"])
    names = {"type": "array", "items": {"type": "string"}, "uniqueItems": True}
    kept = {key: table.pop(key) for key in ("title", "default") if key in table}
    properties["depends_on"] = {**kept, "anyOf": [names, table]}


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
