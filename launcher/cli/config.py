"""`rxlaunch config`."""

from pathlib import Path

import click

from launcher.cli import options, render


@click.command()
@options.mode
@options.directory
@options.output
def config(mode: str | None, directory: Path, output: str) -> None:
    """Print the stack as it was resolved, with the origin of each value."""
    from launcher.app import inspecting

    render.finish(inspecting.config(directory, mode), output)
