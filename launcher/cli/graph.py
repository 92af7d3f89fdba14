"""`rxlaunch graph`."""

from pathlib import Path

import click

from launcher.cli import options, render


@click.command()
@options.units
@click.option("--format", "style", type=click.Choice(["text", "dot", "mermaid"]), default="text")
@options.mode
@options.directory
@options.output
def graph(units: tuple[str, ...], style: str, mode: str | None, directory: Path, output: str) -> None:
    """Print the units by stage and what each depends on."""
    from launcher.app import inspecting

    render.finish(inspecting.graph(directory, mode, units, style), output)
