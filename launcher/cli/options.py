"""Options shared by several verbs. Every flag has an RXLAUNCH_* twin in the environment."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

Decorated = Callable[..., Any]

output = click.option(
    "-o",
    "--output",
    type=click.Choice(["text", "json"]),
    default="text",
    envvar="RXLAUNCH_OUTPUT",
    help="Text for people, or one JSON document.",
)
directory = click.option(
    "-C",
    "--directory",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=".",
    envvar="RXLAUNCH_DIRECTORY",
    help="Act as if started in this directory.",
)
mode = click.option(
    "--mode",
    type=click.Choice(["dev", "production"]),
    envvar="RXLAUNCH_MODE",
    help="dev: the storefront compiles as you edit; production: it is built once and served as built.",
)
units = click.argument("units", nargs=-1, metavar="[UNIT]...")
some_units = click.argument("units", nargs=-1, required=True, metavar="UNIT...")


def port_numbers(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> dict[str, int]:
    """`--port NAME=NUMBER`, repeated; the range is checked here so that the message names the flag."""
    chosen: dict[str, int] = {}
    for value in values:
        name, _, number = value.partition("=")
        if not name or not number.isdecimal() or not 1 <= int(number) <= 65535:
            raise click.BadParameter(f"{value!r} is not NAME=NUMBER with a number from 1 to 65535")
        chosen[name] = int(number)
    return chosen


def boot(function: Decorated) -> Decorated:
    """The options of whatever boots a stack: `up`, and the supervisor that `up -d` starts."""
    decorators = (
        units,
        mode,
        click.option(
            "--port",
            "ports",
            multiple=True,
            callback=port_numbers,
            metavar="NAME=NUMBER",
            envvar="RXLAUNCH_PORT",
            help="Insist on this port (repeatable).",
        ),
        click.option(
            "--strict-ports",
            is_flag=True,
            envvar="RXLAUNCH_STRICT_PORTS",
            help="Fail when a preferred port is taken.",
        ),
        click.option(
            "--https/--no-https",
            default=None,
            envvar="RXLAUNCH_HTTPS",
            help="Named hosts with certificates: https://shop.localhost:8443 and so on.",
        ),
        click.option(
            "--fresh", is_flag=True, envvar="RXLAUNCH_FRESH", help="Do all work again, whatever was done before."
        ),
        click.option(
            "--wait-timeout",
            type=click.FloatRange(min=1),
            envvar="RXLAUNCH_WAIT_TIMEOUT",
            metavar="SECONDS",
            help="Give up when the stack is not ready by then (exit code 17).",
        ),
        directory,
    )
    for decorator in reversed(decorators):
        function = decorator(function)
    return function
