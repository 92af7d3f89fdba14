"""`rxlaunch start`."""

from pathlib import Path

import click

from launcher.cli import options, render


@click.command()
@options.some_units
@options.directory
@click.option("--timeout", type=click.FloatRange(min=1), default=180.0, help="Seconds to wait for the result.")
@options.output
def start(units: tuple[str, ...], directory: Path, timeout: float, output: str) -> None:
    """Start UNITs and what they depend on."""
    from launcher.app import commands

    render.finish(commands.start(directory, units, timeout), output)
