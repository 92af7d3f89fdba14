"""`rxlaunch up` and `rxlaunch up -d`, without any other option: no parser is loaded for them."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NoReturn

from launcher.app.request import Request
from launcher.cli import render

_DETACHED = {("up",): False, ("up", "-d"): True, ("up", "--detach"): True}
_PREFIX = "RXLAUNCH_"  # of variables that stand for options
_NO_OPTIONS = {"RXLAUNCH_HOME"}


def knows(arguments: Sequence[str], environment: Collection[str]) -> bool:
    """Whether this is all that was asked for, no option in the environment among it."""
    options = (name for name in environment if name.startswith(_PREFIX) and name not in _NO_OPTIONS)
    return tuple(arguments) in _DETACHED and not any(options)


def main(arguments: Sequence[str]) -> NoReturn:
    """Boot what the current directory is about."""
    render.guarded(lambda: boot(Request(Path()), "text", detach=_DETACHED[tuple(arguments)]))


def boot(request: Request, output: str, *, detach: bool) -> None:
    """Boot, and stay or return; what `up` does, however it was asked."""
    if detach:
        from launcher.app import daemon

        result = daemon.up(request, output)
    else:
        from launcher.app import ahead

        ahead.begin()
        from launcher.app import boot as attached

        result = attached.up(request, output)
    render.finish(result, output)
