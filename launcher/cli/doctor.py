"""`rxlaunch doctor`."""

import os
import sys
from pathlib import Path

import click

from launcher.cli import options, render


@click.command()
@click.option("--fix", is_flag=True, help="Do the repairs that are allowed, and examine again.")
@click.option("--yes", is_flag=True, help="Allow repairs that edit your .env files or your own database.")
@options.mode
@options.directory
@options.output
def doctor(*, fix: bool, yes: bool, mode: str | None, directory: Path, output: str) -> None:
    """Find out what is wrong, running or not, and say what heals it. Exit code 16 when anything is wrong."""
    from launcher.app.doctor import verb
    from launcher.app.request import Request
    from launcher.dashboard.printable import printable

    asking = output == "text" and sys.stdin.isatty() and sys.stdout.isatty() and not os.environ.get("CI")

    def consent(what: str) -> bool:
        return yes or (asking and click.confirm(f"{printable(what)}?"))

    def tell(line: str) -> None:
        if output == "text":
            render.write(printable(line))

    render.finish(verb.consult(Request(directory, mode), fix=fix, consent=consent, tell=tell), output)
