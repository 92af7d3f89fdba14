"""The hidden command that `up -d` runs: a supervisor without a terminal."""

from pathlib import Path

import click

from launcher.app.request import Request
from launcher.cli import options, render


@click.command(hidden=True)
@options.boot
def supervise(
    directory: Path, *, units: tuple[str, ...], ports: dict[str, int], mode: str | None,
    strict_ports: bool, fresh: bool, wait_timeout: float | None,
    https: bool | None,
) -> None:  # fmt: skip
    """Supervise the stack in the background."""
    from launcher.app import boot

    request = Request(directory, mode, units, ports, fresh, strict_ports, wait_timeout, detached=True, https=https)
    render.finish(boot.supervise(request), "text")
