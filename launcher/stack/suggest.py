"""Which known word somebody may have meant. Pure text."""

import difflib
from collections.abc import Iterable

# What docker compose, Kubernetes, process-compose and honcho users type.
_ELSEWHERE = {
    "app": "services",
    "apps": "services",
    "args": "command",
    "attempts": "failure_threshold",
    "cmd": "command",
    "condition": "depends_on",
    "dependencies": "depends_on",
    "dir": "cwd",
    "directory": "cwd",
    "disabled": "enabled",
    "entrypoint": "command",
    "environment": "env",
    "exec": "command",
    "health": "readiness",
    "healthcheck": "readiness",
    "health_check": "readiness",
    "initial_delay_seconds": "initial_delay",
    "interval": "period",
    "jobs": "tasks",
    "needs": "depends_on",
    "path": "http",
    "period_seconds": "period",
    "processes": "services",
    "profiles": "modes",
    "readiness_probe": "readiness",
    "liveness_probe": "liveness",
    "requires": "depends_on",
    "retries": "failure_threshold",
    "run": "command",
    "shutdown": "stop",
    "start_period": "initial_delay",
    "steps": "tasks",
    "timeout_seconds": "timeout",
    "url": "http",
    "variables": "env",
    "working_dir": "cwd",
    "workdir": "cwd",
}


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` most resembles, or what other tools' word for it is here."""
    known = list(known)
    plain = word.lower().replace("-", "_")
    for candidate in known:
        if candidate.lower().replace("-", "_") == plain:
            return candidate
    if _ELSEWHERE.get(plain) in known:
        return _ELSEWHERE[plain]
    found = difflib.get_close_matches(plain[:64], known, n=1, cutoff=0.6)
    return found[0] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of a sentence about an unknown word, or nothing."""
    found = closest(word, known)
    return f"; did you mean `{found}`?" if found else ""
