"""`rxlaunch timeline`."""

import sys
from pathlib import Path

import click

from launcher.cli import check, options, render


@click.command()
@check.html
@options.directory
@click.option(
    "-o",
    "--output",
    type=click.Choice(["text", "json", "html"]),
    default="text",
    envvar="RXLAUNCH_OUTPUT",
    help="A drawing for people, one JSON document, or one page of HTML.",
)
def timeline(html: Path | None, directory: Path, output: str) -> None:
    """Draw the boot of the running stack, or the last one: what waited, worked, probed, and the critical path.

    Beside it stand the usual times of this checkout. rxlaunch's own is the time in which no unit's process worked.
    Exit code 3 when no boot is recorded.
    """
    from launcher.app import timelining

    result = timelining.timeline(directory, html)
    if output == "json":
        render.finish(result, output)
    elif output == "html":
        render.write(timelining.page(result.data).encode("ascii", "xmlcharrefreplace").decode("ascii"))
    else:
        from launcher.dashboard.waterfall import canvas_of

        render.write(timelining.drawn(result.data, canvas_of(sys.stdout)))
        render.finish(result, output)
