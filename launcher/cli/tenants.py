"""`rxlaunch tenants`: fixtures in the running stack's database."""

from pathlib import Path

import click

from launcher.cli import options, render

_names = click.argument("names", nargs=-1, metavar="[NAME]...")
_remote = click.option(
    "--remote-ok", is_flag=True, envvar="RXLAUNCH_REMOTE_OK", help="Even in a database that is not on this machine."
)


@click.group()
def tenants() -> None:
    """Make the tenants of the stack file, show tenants, take those made away again."""


@tenants.command("apply")
@_names
@_remote
@options.directory
@options.output
def apply_(names: tuple[str, ...], remote_ok: bool, directory: Path, output: str) -> None:
    """Make NAMEs, or every tenant of the stack file, as it describes them. Doing it again changes nothing."""
    from launcher.app import tenancy

    render.finish(tenancy.apply(directory, names, remote_ok=remote_ok), output)


@tenants.command("list")
@options.directory
@options.output
def list_(directory: Path, output: str) -> None:
    """Show every tenant, and which of them rxlaunch made."""
    from launcher.app import tenancy

    render.finish(tenancy.show(directory), output)


@tenants.command()
@_names
@_remote
@options.directory
@options.output
def remove(names: tuple[str, ...], remote_ok: bool, directory: Path, output: str) -> None:
    """Take away what rxlaunch made for NAMEs, or everything it made. Nothing else is touched."""
    from launcher.app import tenancy

    render.finish(tenancy.remove(directory, names, remote_ok=remote_ok), output)
