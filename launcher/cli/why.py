"""`rxlaunch why`."""

from pathlib import Path

import click

from launcher.cli import options, render


@click.command()
@click.argument("unit")
@options.directory
@options.output
def why(unit: str, directory: Path, output: str) -> None:
    """Explain a unit: why it waits, was skipped, restarted or failed."""
    from launcher.app import queries

    render.finish(queries.why(directory, unit), output)
