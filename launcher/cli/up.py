"""`rxlaunch up`."""

from pathlib import Path

import click

from launcher.app.request import Request
from launcher.cli import options, plain, render


@click.command()
@options.boot
@click.option("-d", "--detach", is_flag=True, envvar="RXLAUNCH_DETACH", help="Return when the stack is ready.")
@click.option("--dry-run", is_flag=True, help="Print the plan, what would be skipped and why; start nothing.")
@click.option("--timeline", is_flag=True, envvar="RXLAUNCH_TIMELINE", help="Draw the boot once it is over.")
@options.output
def up(
    directory: Path, output: str, *, detach: bool, dry_run: bool, units: tuple[str, ...], ports: dict[str, int],
    mode: str | None, strict_ports: bool, fresh: bool, wait_timeout: float | None,
    https: bool | None, timeline: bool,
) -> None:  # fmt: skip
    """Boot the stack, or UNITs with what they depend on, and stay with it until Ctrl-C."""
    request = Request(directory, mode, units, ports, fresh, strict_ports, wait_timeout, https=https, timeline=timeline)
    if dry_run:
        from launcher.app import dry

        render.finish(dry.run(request), output)
        return
    plain.boot(request, output, detach=detach)
