"""What is secret of what the user gave, and who would see it: known before anything is started."""

import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from launcher.app.opening import Opened
from launcher.events import Note

if TYPE_CHECKING:
    from launcher.logs.redact import Redactor

_PASSWORDS = (  # in a URL, whatever characters its user forgot to escape; in a query, or a libpq string
    re.compile(r"^[\w.+-]+://[^/@:\s]*:([^@/\s]+)@"),
    re.compile(r"^[\w.+-]+://[^/@:\s]*:(\S+)@"),
    re.compile(r"(?:^|[?&\s])(?:ssl)?password\s*=\s*([^&'\s]+)", re.IGNORECASE),
    re.compile(r"(?:^|\s)(?:ssl)?password\s*=\s*'([^']+)'", re.IGNORECASE),
)
_SHORTEST_SECRET = 5
_PUBLIC = "NEXT_PUBLIC_"  # names of what Next.js puts into its pages
_LIKE_A_SECRET = re.compile(r"SECRET|PASSWORD|PRIVATE|TOKEN")


def given_environment(opened: Opened) -> dict[str, str]:
    """What the user gave: .env files under the environment of this process."""
    return {**opened.loaded.dotenv, **os.environ}


def given_redactor(opened: Opened) -> "Redactor":
    """A redactor that knows the secrets that the user gave."""
    from launcher.logs.redact import Redactor

    redactor = Redactor()
    for value in secret_values(opened, given_environment(opened)):
        redactor.add(value)
    return redactor


def secret_values(opened: Opened, given: Mapping[str, str]) -> list[str]:
    """Values that must never be shown: secret variables, and of URLs their passwords."""
    names = opened.loaded.stack.secret_names()
    found: list[str] = []
    for name in names & given.keys():
        passwords = [match for pattern in _PASSWORDS for match in pattern.findall(given[name])]
        if not passwords and "://" not in given[name]:
            passwords = [given[name]]
        found += [value for value in passwords if len(value) >= _SHORTEST_SECRET]
    return found


def exposed_secrets(opened: Opened) -> Iterator[Note]:
    """A warning for each secret that a stack of the user's own writing shows to others."""
    secret = opened.loaded.stack.secret_names()
    for unit in opened.plan.units.values():
        for name in _named(secret, [part for argv in unit.commands() for part in argv]):
            yield Note(
                f"its command holds ${{env.{name}}}, a secret, and every user of this machine can read command lines; "
                "let it read the variable itself",
                unit.name,
            )
        public = {name: text for name, text in unit.spec.env.items() if name.startswith(_PUBLIC)}
        for name in _named(secret, public.values()):
            yield Note(f"a {_PUBLIC} variable of it holds ${{env.{name}}}, a secret: browsers would get it", unit.name)
    for name in sorted(given_environment(opened)):
        if name.startswith(_PUBLIC) and _LIKE_A_SECRET.search(name):
            yield Note(f"{name} goes into pages that everybody can read; is it really public?")


def _named(secret: Collection[str], templates: Iterable[str]) -> list[str]:
    """The secret variables that templates refer to."""
    from launcher.plan.interpolate import references

    return sorted({name for text in templates for space, name in references(text) if space == "env" and name in secret})
