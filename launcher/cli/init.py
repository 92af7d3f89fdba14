"""`rxlaunch init`."""

from pathlib import Path

import click

from launcher.cli import options, render


@click.command()
@click.option("--sample", type=click.Path(path_type=Path), metavar="DIR", help="Write the sample marketplace to DIR.")
@options.directory
@options.output
def init(sample: Path | None, directory: Path, output: str) -> None:
    """Write a stack file for the project in this directory, or a whole sample marketplace."""
    from launcher.app import inspecting

    render.finish(inspecting.init(directory, sample), output)
