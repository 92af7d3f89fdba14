"""`rxlaunch gate`."""

from pathlib import Path

import click

from launcher.cli import check, options, render


@click.command()
@click.option(
    "--repeat", type=click.IntRange(min=1, max=100), default=2, envvar="RXLAUNCH_REPEAT", help="Rounds (default 2)."
)
@click.option("--relaunch", is_flag=True, envvar="RXLAUNCH_RELAUNCH", help="Stop the stack first if it runs.")
@check.url
@check.junit
@check.html
@options.mode
@click.option("--https/--no-https", default=None, envvar="RXLAUNCH_HTTPS", help="Boot with named hosts over HTTPS.")
@options.directory
@options.output
def gate(
    *, repeat: int, relaunch: bool, urls: dict[str, str], junit: Path | None, html: Path | None,
    mode: str | None, https: bool | None, directory: Path, output: str,
) -> None:  # fmt: skip
    """Prove a release: boot, check, sign in and look with a real browser, stop; twice, on clean processes.

    Exit code 0 when every round passed, 16 otherwise, 4 when the stack runs already. With --url a deployment is judged
    instead, and nothing is booted.
    """
    from launcher.app import gating
    from launcher.app.request import Request

    wish = gating.Wish(repeat, relaunch, urls, junit, html)
    tell = _line if output == "text" else _nothing
    render.finish(gating.gate(Request(directory, mode, https=https), wish, tell), output)


def _line(text: str) -> None:
    """Each line as it comes: a gate takes minutes."""
    from launcher.dashboard.printable import printable

    render.write(printable(text))


def _nothing(text: str) -> None:
    """One JSON document is all that is printed."""
