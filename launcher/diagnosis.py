"""Known failures, as data: what a log says → what to do. Pure; measured causes are in the design page.

Used when a unit fails and brings no remedy of its own.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Symptom:
    """A pattern in the reason or the last log lines, and the remedy that heals its cause."""

    pattern: str
    remedy: str


SYMPTOMS = (
    Symptom(r"relation \"[^\"]+\" does not exist|42P01", "the schema is behind: `rxlaunch up --fresh` migrates again"),
    Symptom(
        r"column [\w.\"]+ does not exist|42703",
        "the schema is behind the code: `rxlaunch up --fresh` migrates again; then look for a missing migration",
    ),
    Symptom(r"EADDRINUSE", "another process has the port: `rxlaunch up` chooses another unless you fixed it"),
    Symptom(r"ECONNREFUSED.*6379|\[ioredis\]", "Redis is not reachable: `rxlaunch why redis`"),
    Symptom(r"KnexTimeoutError|Timeout acquiring a connection", "Postgres is not reachable: `rxlaunch why postgres`"),
    Symptom(r"JWT_SECRET|COOKIE_SECRET", "set both to at least 64 characters in .env, or leave them out"),
    Symptom(r"ENCRYPTION_KEY", "set ENCRYPTION_KEY_CURRENT in .env (64 hex characters)"),
    Symptom(r"index\.html in the admin build", "the admin is not built: `rxlaunch up --fresh`"),
    Symptom(r"PUBLISHABLE_KEY|publishable (API )?key", "check the key: `rxlaunch why publishable-key`"),
    Symptom(r"npm (ERR!|error) code EUSAGE|lock file.*sync", "run `npm install` once, so that the lock file fits"),
    Symptom(r"npm (ERR!|error).*(ENOTFOUND|ETIMEDOUT|ECONNRESET|EAI_AGAIN)", "the npm registry is not reachable"),
    Symptom(r"ENOSPC|No space left on device", "the disk is full: make room and run `rxlaunch up` again"),
    Symptom(r"Cannot find module|ERR_MODULE_NOT_FOUND", "packages are missing: `rxlaunch up --fresh` installs again"),
    Symptom(r"heap out of memory|signal 9", "out of memory: close something, or give node more (NODE_OPTIONS)"),
)


def remedy(reason: str, tail: Sequence[str]) -> str | None:
    """The remedy of the first known symptom; the reason counts before the log's last lines."""
    for text in (reason, "\n".join(tail)):
        for symptom in SYMPTOMS:
            if re.search(symptom.pattern, text):
                return symptom.remedy
    return None
