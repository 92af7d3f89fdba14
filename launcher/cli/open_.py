"""`rxlaunch open`; the module's name ends in an underscore because `open` is taken."""

from pathlib import Path

import click

from launcher.cli import options, render


@click.command("open")
@click.argument("page", required=False)
@click.option("--print", "only_print", is_flag=True, help="Print the address instead of opening a browser.")
@options.directory
@options.output
def open_(page: str | None, *, only_print: bool, directory: Path, output: str) -> None:
    """Open a PAGE of the running stack in the browser: storefront (the default), admin, or backend."""
    from launcher.app import queries

    render.finish(queries.open_page(directory, page, only_print=only_print), output)
