"""`rxlaunch check`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from launcher.cli import options, render

if TYPE_CHECKING:
    from launcher.findings import Finding


def addresses(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """`--url NAME=ADDRESS`, repeated."""
    found: dict[str, str] = {}
    for value in values:
        name, _, url = value.partition("=")
        if not name or not url:
            raise click.BadParameter(f"{value!r} is not NAME=ADDRESS")
        found[name] = url
    return found


url = click.option(
    "--url",
    "urls",
    multiple=True,
    callback=addresses,
    metavar="NAME=ADDRESS",
    envvar="RXLAUNCH_URL",
    help="Judge a deployment: backend=https://…, storefront=https://…",
)
junit = click.option(
    "--junit",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    envvar="RXLAUNCH_JUNIT",
    help="Also write JUnit XML.",
)
html = click.option(
    "--html",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    envvar="RXLAUNCH_HTML",
    help="Also write one page of HTML.",
)


@click.command()
@click.argument("groups", nargs=-1, metavar="[GROUP]...")
@url
@junit
@html
@click.option(
    "--with-fixtures",
    is_flag=True,
    envvar="RXLAUNCH_WITH_FIXTURES",
    help="Make the tenants of the stack file before, and take them away after.",
)
@click.option(
    "--admin-before",
    metavar="BUILD",
    envvar="RXLAUNCH_ADMIN_BEFORE",
    help="The admin's build before: its files must still be there (a directory, a manifest, an address).",
)
@options.mode
@options.directory
@options.output
def check(
    groups: tuple[str, ...],
    *,
    urls: dict[str, str],
    junit: Path | None,
    html: Path | None,
    with_fixtures: bool,
    admin_before: str | None,
    mode: str | None,
    directory: Path,
    output: str,
) -> None:
    """Check the running stack, or a deployment (--url). Exit code 16 when anything is wrong.

    GROUPs: env, schema, smoke, admin, browser, baseline, tenants; all of them when none is named. Of a deployment,
    what asks files, processes or the database is left out by name; the publishable key is taken from
    NEXT_PUBLIC_MEDUSA_PUBLISHABLE_KEY, the login from RXLAUNCH_ADMIN_EMAIL and RXLAUNCH_ADMIN_PASSWORD.
    """
    from launcher.app import checking
    from launcher.app.request import Request

    wanted = checking.Wanted(groups, urls, junit, html, with_fixtures, admin_before)
    heard = _tell if output == "text" else None
    render.finish(checking.check(Request(directory, mode), wanted, heard), output)


def _tell(finding: "Finding") -> None:
    """Each finding as it comes: a slow one must not look like a hang."""
    from launcher.dashboard.printable import printable
    from launcher.report import text

    render.write(printable(text.line(finding)))
