"""A fault of our own: one sentence for the user, and the traceback, without secrets, in a private file."""

import contextlib
import re
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from launcher import paths
from launcher.errors import LauncherError

_LIKE_A_SECRET = re.compile(r"SECRET|PASS|TOKEN|KEY|CREDENTIAL|DSN|_URL$", re.IGNORECASE)
_LONGEST = 300


def explained(error: BaseException, redact: Callable[[str], str] | None = None) -> LauncherError:
    """What the user reads of an exception that nobody expected; of one that somebody did, itself."""
    cause = _only_one(error)
    if isinstance(cause, LauncherError):
        return cause
    hide = redact or _careful()
    said = hide(" ".join(str(cause).split()))[:_LONGEST]
    file = paths.user_home() / "crash.log"
    kept = _keep(file, hide("".join(traceback.format_exception(error))))
    where = f"the details are in {file}; please report it with them" if kept else "please report it"
    return LauncherError(f"internal error: {type(cause).__name__}: {said}".rstrip(": "), remedy=where)


def _only_one(error: BaseException) -> BaseException:
    """What a group of one exception is about."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def _keep(file: Path, text: str) -> bool:
    from launcher.state import files

    with contextlib.suppress(OSError, LauncherError):
        files.write(file, text.encode("utf-8", "backslashreplace"))
        return True
    return False


def _careful() -> Callable[[str], str]:
    """A redactor of whatever may be a secret here, when nobody knows what really is one."""
    from launcher.logs.redact import Redactor

    redactor = Redactor()
    with contextlib.suppress(Exception):
        for value in _likely_secrets():
            redactor.add(value)
    return redactor.text


def _likely_secrets() -> Iterator[str]:
    import os

    from launcher.stack.envfiles import IMPLICIT, read_env_files
    from launcher.state.secrets import Secrets

    where = paths.for_root(paths.find_root(Path.cwd()))
    yield from likely_secrets({**read_env_files(where.root, IMPLICIT, required=False).values, **os.environ})
    yield from Secrets(where.secrets).values()


def likely_secrets(given: Mapping[str, str]) -> Iterator[str]:
    """The values of variables whose names sound like a secret, and the passwords of the URLs among them."""
    for name, value in given.items():
        if _LIKE_A_SECRET.search(name):
            yield value
            yield from re.findall(r"://[^/@:\s]*:(\S+)@", value)
