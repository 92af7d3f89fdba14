"""`rxlaunch down`."""

from pathlib import Path

import click

from launcher.cli import options, render


@click.command()
@options.directory
@click.option("--timeout", type=click.FloatRange(min=1), default=60.0, help="Seconds before everything is killed.")
@options.output
def down(directory: Path, timeout: float, output: str) -> None:
    """Stop the stack and everything it started. Does nothing, successfully, when nothing runs."""
    from launcher.app import commands

    render.finish(commands.down(directory, timeout), output)
