"""`rxlaunch status` and its other name, `rxlaunch ps`."""

from pathlib import Path

import click

from launcher.cli import options, render


@click.command()
@options.directory
@options.output
def status(directory: Path, output: str) -> None:
    """Tell what runs, on which ports, and what is wrong. Exit code 3 when nothing runs."""
    from launcher.app import queries

    render.finish(queries.status(directory), output)


@click.command()
@options.directory
@options.output
def ps(directory: Path, output: str) -> None:
    """Other name of `status`."""
    from launcher.app import queries

    render.finish(queries.status(directory), output)
