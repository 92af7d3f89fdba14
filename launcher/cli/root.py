"""The root of all verbs, as click has it, and what click's own errors mean. No verb is here."""

from importlib import import_module
from typing import NoReturn

import click

from launcher import __version__
from launcher.cli import render
from launcher.errors import Interrupted

VERBS = (
    "admin", "cache-key", "check", "ci", "config", "doctor", "down", "env", "gate", "graph", "https", "init", "logs",
    "open", "ports", "ps", "restart", "start", "status", "stop", "tenants", "timeline", "up", "why",
)  # fmt: skip
# Those that no function in the module of their name is.
_ELSEWHERE = {"cache-key": "cache_key.cache_key", "open": "open_.open_", "ps": "status.ps"}


class Verbs(click.Group):
    """The verbs, each loaded when it is asked for: most of them would only cost the others time."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all verbs."""
        return sorted({*super().list_commands(ctx), *VERBS})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb of this name."""
        if cmd_name in VERBS and cmd_name not in self.commands:
            module, _, function = _ELSEWHERE.get(cmd_name, f"{cmd_name}.{cmd_name}").partition(".")
            self.add_command(getattr(import_module(f"launcher.cli.{module}"), function))
        return super().get_command(ctx, cmd_name)


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="rxlaunch")
def root() -> None:
    """Boot, supervise and health-gate a Medusa + Next.js stack.

    \b
    rxlaunch up          boot everything, stay with it; Ctrl-C stops it
    rxlaunch up -d       boot in the background, return when ready
    rxlaunch status      what runs, on which ports
    rxlaunch down        stop everything

    Exit codes: 0 ok, 1 internal error or a unit of your own failed, 2 usage or configuration,
    3 not running, 4 port or lock taken, 10 dependencies, 11 schema, 12 build, 13 backend, 14 key,
    15 storefront, 16 verification, 17 timed out, 130/143 interrupted.
    """  # noqa: D301 - click reads the backspace: keep these lines as they are


def main() -> NoReturn:
    """Run the command line; errors become messages and exit codes."""
    render.guarded(lambda: root.main(standalone_mode=False), _told)


def _told(error: Exception) -> int | None:
    """The exit code for an error of click's own, which is shown; None for any other."""
    if isinstance(error, click.exceptions.Abort):
        return Interrupted.exit_code
    if isinstance(error, click.ClickException):
        error.show()
        return error.exit_code
    return None
