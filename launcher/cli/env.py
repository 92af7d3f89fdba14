"""`rxlaunch env`."""

from pathlib import Path

import click

from launcher.cli import options, render


@click.command()
@click.argument("unit", required=False)
@click.option("--reveal", is_flag=True, help="Print secret values too. Mind who can see your screen.")
@options.mode
@options.directory
@options.output
def env(unit: str | None, *, reveal: bool, mode: str | None, directory: Path, output: str) -> None:
    """Print the variables rxlaunch gives a UNIT (default: all that have a contract), and where each comes from."""
    from launcher.app import environment

    render.finish(environment.show(directory, mode, unit, reveal=reveal), output)
