"""`rxlaunch cache-key`."""

from pathlib import Path

import click

from launcher.cli import options, render


@click.command("cache-key")
@options.mode
@options.directory
@click.option(
    "-o",
    "--output",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    envvar="RXLAUNCH_OUTPUT",
    help="Text for people, one JSON document, or lines for $GITHUB_OUTPUT.",
)
def cache_key(directory: Path, output: str, *, mode: str | None) -> None:
    """Print what a CI system should cache for `rxlaunch ci --save-builds`: keys and paths, never the database."""
    from launcher.app import caching

    result = caching.keys(directory, mode, github=output == "github")
    render.finish(result, "text" if output == "github" else output)
