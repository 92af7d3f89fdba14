"""The environment contract (runbook R6, R7): what must be set, what we can supply, every problem at once.

Pure: takes an interpolated environment, returns a new one. Values never appear in a message.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from launcher.errors import Problem
from launcher.stack.model import VariableSpec
from launcher.values import Value

_KEY_SOURCES = ("JWT_SECRET", "COOKIE_SECRET")
_SHORTEST_PASSWORD_TO_HIDE = 8  # hiding "root" or "test" alone would black out half of every log


@dataclass(frozen=True, slots=True)
class Resolved:
    """The completed environment, what in it is secret, where each value came from, and what is wrong."""

    env: dict[str, str] = field(repr=False)
    secrets: set[str] = field(repr=False)
    origins: dict[str, str]
    problems: list[Problem]


class _Rules(Value, frozen=True):
    """Where we are, which decides what may be invented."""

    mode: str
    ci: bool
    secret: Callable[[str, int], str]


def resolve(
    spec: Mapping[str, VariableSpec],
    env: Mapping[str, str],
    *,
    mode: str,
    ci: bool,
    secret: Callable[[str, int], str],
) -> Resolved:
    """Complete `env` by the contract `spec` (its `add` lists interpolated already) and check it.

    An empty value counts as absent. What the user gave is checked and never replaced. Values are generated anywhere,
    because this boots a stack on the machine at hand; only an encryption key is not derived from a secret that the
    user gave to a production run in CI: that one may be about real data.
    """
    done = Resolved(env=dict(env), secrets=set(), origins={}, problems=[])
    rules = _Rules(mode, ci, secret)
    for name, variable in sorted(spec.items(), key=lambda item: item[1].derive is not None):
        _supply(done, name, variable, rules)
    for name, variable in spec.items():
        done.problems.extend(Problem(name, what) for what in _check(name, variable, done.env))
        value = done.env.get(name, "")
        if value and (variable.secret or variable.generate or variable.derive):
            done.secrets.update({value, *_password(value)})
    return done


def encryption_key(source: str) -> str:
    """R6: 64 hexadecimal characters are a key as they are, anything else is hashed into one."""
    if re.fullmatch(r"[0-9a-fA-F]{64}", source):
        return source
    return hashlib.sha256(source.encode()).hexdigest()


def joined(given: str, added: tuple[str, ...]) -> str:
    """The user's comma-separated list, then what is missing of ours."""
    items = [item.strip() for item in given.split(",")]
    return ",".join(dict.fromkeys(item for item in (*items, *added) if item))


def _supply(done: Resolved, name: str, variable: VariableSpec, rules: _Rules) -> None:
    """Add a value where there is none, and our items to a list."""
    given = done.env.get(name, "").strip()
    if given:
        done.origins[name] = "given"
    elif variable.unless and done.env.get(variable.unless, "").strip():
        done.origins[name] = f"not needed, {variable.unless} is set"
    elif variable.generate:
        done.env[name] = rules.secret(name, variable.generate)
        done.origins[name] = "generated, kept in the state directory"
    elif variable.derive:
        _derive(done, name, rules)
    if variable.add:
        done.env[name] = joined(given, variable.add)
        done.origins[name] = "given, completed by our ports" if given else "from our ports"


def _derive(done: Resolved, name: str, rules: _Rules) -> None:
    source = next((source for source in _KEY_SOURCES if done.env.get(source, "").strip()), None)
    if source is None:
        return
    if rules.ci and rules.mode == "production" and done.origins.get(source, "given") == "given":
        return
    done.env[name] = encryption_key(done.env[source])
    done.origins[name] = f"derived from {source}"


def _check(name: str, variable: VariableSpec, env: Mapping[str, str]) -> list[str]:
    """Everything wrong with one variable, in words that never contain its value."""
    value = env.get(name, "")
    if not value.strip():
        excused = not variable.required or bool(variable.unless and env.get(variable.unless, "").strip())
        return [] if excused else [_hinted("is required and not set", variable)]
    if any(character in value for character in "\0\r\n"):
        return ["contains a line break or a NUL character"]
    if value.strip().lower() in {placeholder.lower() for placeholder in variable.forbidden}:
        return [_hinted("still has the placeholder of a template", variable)]
    wrong = []
    if variable.min_length and len(value) < variable.min_length:
        wrong.append(f"must be at least {variable.min_length} characters long, is {len(value)}")
    if variable.pattern:
        wrong.extend(_mismatch(variable.pattern, value))
    return [_hinted(what, variable) for what in wrong]


def _mismatch(pattern: str, value: str) -> list[str]:
    try:
        return [] if re.fullmatch(pattern, value) else [f"must look like {pattern} ({len(value)} characters given)"]
    except re.error as error:
        return [f"the pattern of its contract is no regular expression: {error}"]


def _hinted(what: str, variable: VariableSpec) -> str:
    return f"{what}; {variable.hint}" if variable.hint else what


def _password(value: str) -> set[str]:
    """The password inside a URL: a log may print it alone."""
    try:
        parts = urlsplit(value)
        password, user = parts.password or "", parts.username or ""
    except ValueError:
        return set()
    if len(password) < _SHORTEST_PASSWORD_TO_HIDE or password == user:
        return set()
    return {password, unquote(password)}
