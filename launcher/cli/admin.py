"""`rxlaunch admin`: what a deployment of the admin behind a CDN needs."""

import click

from launcher.cli import options, render


@click.group()
def admin() -> None:
    """Builds of the admin, for deployments behind a CDN (docs/admin-cdn.md)."""


@admin.command()
@click.argument("build", metavar="BUILD")
@options.output
def manifest(build: str, output: str) -> None:
    """List the files of BUILD: a directory, a saved manifest, or an address. Save it with -o json."""
    from launcher.app import admin as app

    render.finish(app.manifest(build), output)


@admin.command("purge-list")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@options.output
def purge_list(old: str, new: str, output: str) -> None:
    """Tell what a CDN must purge, and what it must keep, when NEW is deployed over OLD.

    Each is a directory of a build, a saved manifest, or an address.
    """
    from launcher.app import admin as app

    render.finish(app.purge_list(old, new), output)
