"""`rxlaunch ports`."""

from pathlib import Path

import click

from launcher.cli import options, render


@click.command()
@options.directory
@options.output
def ports(directory: Path, output: str) -> None:
    """Print the ports of the running stack."""
    from launcher.app import queries

    render.finish(queries.ports(directory), output)
