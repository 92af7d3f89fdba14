"""`rxlaunch https trust|untrust|status`."""

from pathlib import Path

import click

from launcher.cli import options, render


@click.group()
def https() -> None:
    """The local authority behind the addresses of `up --https`: whether browsers trust it. Never asks for sudo."""


@https.command()
@options.directory
@options.output
def trust(directory: Path, output: str) -> None:
    """Make this user's browsers trust the authority of this stack."""
    from launcher.app import trust as app

    render.finish(app.trust(directory), output)


@https.command()
@options.directory
@options.output
def untrust(directory: Path, output: str) -> None:
    """Take the authority out of the stores again."""
    from launcher.app import trust as app

    render.finish(app.untrust(directory), output)


@https.command()
@options.directory
@options.output
def status(directory: Path, output: str) -> None:
    """Where the authority's certificate is, and who trusts it."""
    from launcher.app import trust as app

    render.finish(app.status(directory), output)
