"""`rxlaunch logs`."""

from pathlib import Path

import click

from launcher.cli import options, render


@click.command()
@options.units
@click.option("-f", "--follow", is_flag=True, help="Go on as lines come.")
@click.option("-n", "--lines", type=click.IntRange(min=0), default=200, help="How many last lines a unit.")
@click.option("--since", metavar="TIME", help="Only what came since: 90s, 10m, 2h, or a time as 2026-01-31T12:00.")
@options.directory
@options.output
def logs(units: tuple[str, ...], *, follow: bool, lines: int, since: str | None, directory: Path, output: str) -> None:
    """Print the output of the stack's units, running or not."""
    from launcher.app import logs as app_logs

    query = app_logs.LogQuery(directory, units, lines, since, follow=follow)
    for line in app_logs.lines(query, output):
        render.write(line)
