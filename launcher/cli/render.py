"""Results and errors made visible: the only printer of the command line."""

import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from launcher.app.result import VERSION, Result
from launcher.dashboard.printable import printable
from launcher.errors import LauncherError


def finish(result: Result, output: str) -> None:
    """Print a result the way the user asked for, and leave with its exit code when that isn't 0."""
    try:
        if output == "json":
            write(json.dumps(result.document(), indent=2))
        elif result.text:
            write(printable(result.text))
    except BrokenPipeError:
        _nobody_reads()
    if result.exit_code:
        sys.exit(result.exit_code)


def write(text: str, *, err: bool = False) -> None:
    """A line for the user; a console that can't show a character gets a replacement. Raises BrokenPipeError."""
    stream = sys.stderr if err else sys.stdout
    encoding = getattr(stream, "encoding", None) or "utf-8"
    stream.write(text.encode(encoding, "replace").decode(encoding) + "\n")
    stream.flush()


def _nobody_reads() -> None:
    """Our output was closed: let nothing complain about it when the interpreter flushes at exit."""
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - stays open as our stdout


def _no_other(_error: Exception) -> int | None:
    return None


def guarded(command: Callable[[], object], told: Callable[[Exception], int | None] = _no_other) -> NoReturn:
    """Run a command; errors become a message with a remedy and an exit code, never a traceback.

    `told` tells errors that it knows, and gives their exit codes.
    """
    _have_streams()
    try:
        _guarded(command, told)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # how it ended is decided: Ctrl-C comes too late to change that


def _guarded(command: Callable[[], object], told: Callable[[Exception], int | None]) -> NoReturn:
    try:
        command()
    except LauncherError as error:
        _show(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        _nobody_reads()
        sys.exit(0)
    except Exception as error:  # noqa: BLE001 - a fault of ours: a sentence, not a traceback with who knows what in it
        code = told(error)
        if code is None:
            from launcher.app import crash

            explained = crash.explained(error)
            _show(explained)
            code = explained.exit_code
        sys.exit(code)
    sys.exit(0)


def _have_streams() -> None:
    """Whoever started us may have closed our streams: what we open must not take their place, nor printing fail."""
    for handle in range(3):
        try:
            os.fstat(handle)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free: this one
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123 - stays open


def _show(error: LauncherError) -> None:
    try:
        _tell(error)
    except BrokenPipeError:
        _nobody_reads()


def _tell(error: LauncherError) -> None:
    if _wants_json():
        document: dict[str, Any] = {"message": error.message, "remedy": error.remedy, "exit_code": error.exit_code}
        problems = getattr(error, "problems", None)
        if problems is not None:
            document["problems"] = [{"where": p.where, "what": p.what} for p in problems]
        write(json.dumps({"version": VERSION, "error": document}, indent=2))
        return
    write(printable(f"error: {error.message}"), err=True)
    if error.remedy:
        write(printable(f"  try: {error.remedy}"), err=True)


def _wants_json() -> bool:
    """Whether the command line asked for JSON; asked of argv, for the parser may not have got that far."""
    arguments = sys.argv[1:]
    return any(
        argument in ("-ojson", "--output=json") or (argument in ("-o", "--output") and following == "json")
        for argument, following in zip(arguments, [*arguments[1:], ""], strict=True)
    )
