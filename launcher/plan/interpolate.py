"""What `${…}` stands for, once ports are chosen and other units have given their outputs. Pure.

The syntax is `stack/template.py`'s: one pass, no shell, and a value is never looked at again.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from launcher.errors import LauncherError
from launcher.stack.model import ProbeSpec
from launcher.stack.template import references, substitute

__all__ = ["Scope", "Unresolved", "expand", "expand_model", "references"]

_PROBE_TEXTS = ("http", "tcp", "postgres", "redis", "contains")


class Unresolved(LauncherError):
    """A reference that nothing stands for (yet): `name` is what was written between the braces."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"${{{name}}} has no value",
            remedy="an output exists once the unit that gives it is done or ready; a port must be named in [ports]",
        )
        self.name = name


@dataclass(frozen=True, slots=True)
class Scope:
    """Everything a template may refer to."""

    ports: Mapping[str, int] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    outputs: Mapping[str, str] = field(default_factory=dict, repr=False)
    dirs: Mapping[str, str] = field(default_factory=dict)
    root: str = ""
    state: str = ""
    mode: str = "dev"

    def value_of(self, namespace: str, name: str) -> str:
        """The value of one reference. Raises Unresolved."""
        if not name and namespace in ("root", "state", "mode"):
            return str(getattr(self, namespace))
        if namespace == "url" and name in self.ports:
            return f"http://127.0.0.1:{self.ports[name]}"
        tables: dict[str, Mapping[str, Any]] = {
            "port": self.ports,
            "env": self.env,
            "output": self.outputs,
            "dir": self.dirs,
        }
        if name not in tables.get(namespace, {}):
            raise Unresolved(f"{namespace}.{name}" if name else namespace)
        return str(tables[namespace][name])


def expand(text: str, scope: Scope) -> str:
    """The text with every reference replaced. Raises Unresolved."""
    return substitute(text, scope.value_of)


def expand_model(spec: ProbeSpec, scope: Scope) -> ProbeSpec:
    """The probe with every reference replaced; in a regular expression, values stand for themselves."""

    def escaped(namespace: str, name: str) -> str:
        return re.escape(scope.value_of(namespace, name))

    changes: dict[str, Any] = {
        key: expand(text, scope) for key in _PROBE_TEXTS if (text := getattr(spec, key)) is not None
    }
    if spec.command is not None:
        changes["command"] = tuple(expand(part, scope) for part in spec.command)
    if spec.log_line is not None:
        changes["log_line"] = substitute(spec.log_line, escaped)
    changes["headers"] = {name: expand(text, scope) for name, text in spec.headers.items()}
    return spec.replaced(**changes)
