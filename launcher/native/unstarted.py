"""The child that could not be started, and the sentences that say why. Nothing is started here."""

import errno
import os
from pathlib import Path

from launcher.events import Exit


class Unstarted:
    """Stands for a child that never came to be: it has ended already, with the reason."""

    pid = 0

    def __init__(self, reason: str) -> None:
        self._exit = Exit(error=reason)

    async def wait(self) -> Exit:
        """Why it could not be started."""
        return self._exit

    def interrupt(self) -> None:
        """Nothing to stop."""

    def kill(self) -> None:
        """Nothing to kill."""

    def forced(self) -> bool:
        """Nothing had to be killed."""
        return False

    def family(self) -> set[int]:
        """There is none."""
        return set()

    def owns(self, pid: int) -> bool:
        """No process belongs to it."""
        del pid
        return False


def explain_cwd(cwd: str) -> str | None:
    """Why this cannot be a working directory, or None."""
    try:
        if Path(cwd).is_dir():
            return None
        Path(cwd).stat()
    except (FileNotFoundError, NotADirectoryError):
        return f"the working directory {cwd} does not exist; create it or correct cwd"
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        return f"the working directory {cwd} cannot be looked at: {reason}; correct cwd or its permissions"
    return f"the working directory {cwd} is not a directory; correct cwd"


def explain_missing(name: str) -> str:
    """Why no program answers to this name."""
    if Path(name).name != name:
        return f"{name} does not exist; correct the command or install what it belongs to"
    return f"the command {name} was not found in PATH; install it, or write its full path"


def explain(path: str, cwd: str, step: str, number: int) -> str:
    """One sentence for why a program that was found could not be started: at which step, with which errno."""
    reason = os.strerror(number) if number else "unknown error"
    if step == "cwd":
        return explain_cwd(cwd) or f"the working directory {cwd} cannot be entered: {reason}"
    if step == "user":
        return (
            f"{path} must not run as root, and becoming an ordinary user failed: {reason}; "
            "run rxlaunch without root rights"
        )
    if step == "exec":
        return _explain_exec(path, number) or f"{path} could not be run: {reason}"
    return f"{path} could not be started: {reason}; the machine or a limit (see ulimit -a) is exhausted"


def _explain_exec(path: str, number: int) -> str | None:
    """Why the kernel refused to run this file."""
    interpreter = _interpreter(path)
    forbidden = path if not os.access(path, os.X_OK) else interpreter or path
    cases = (
        (not os.access(path, os.F_OK) and number != errno.EACCES, explain_missing(path)),
        (
            os.access(path, os.F_OK) and Path(path).is_dir(),
            f"{path} is a directory, not a program; correct the command",
        ),
        (number == errno.E2BIG, f"{path} was given too long arguments or variables; shorten them"),
        (
            number == errno.EINVAL,
            f"{path} was given an argument or variable with a zero byte, or a variable name with '='; correct it",
        ),
        (
            number == errno.ENOENT and interpreter,
            f"{path} wants the interpreter {interpreter}, which does not exist; correct its first line or install it",
        ),
        (
            number == errno.ENOEXEC,
            f"{path} is no program this machine can run; a script needs a first line such as #!/bin/sh",
        ),
        (number == errno.EACCES, f"{forbidden} is not executable; try chmod +x {forbidden}"),
    )
    return next((sentence for applies, sentence in cases if applies), None)


def _interpreter(path: str) -> str:
    """What the first line of a script names; empty for other files."""
    try:
        with Path(path).open("rb") as file:
            line = file.readline(256)
    except OSError:
        return ""
    words = line[2:].decode("utf-8", "replace").split() if line.startswith(b"#!") else []
    return words[0] if words else ""
