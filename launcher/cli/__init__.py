"""The command line. One file a verb: parse, call `app`, render. The only package that imports click."""

import click

from launcher import __version__
from launcher.cli import (
    admin,
    check,
    ci,
    config,
    doctor,
    down,
    env,
    gate,
    graph,
    https,
    init,
    logs,
    open_,
    ports,
    restart,
    start,
    status,
    stop,
    supervise,
    tenants,
    up,
    why,
)
from launcher.cli.render import guarded


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
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


for verb in (
    up.up,
    down.down,
    status.status,
    status.ps,
    check.check,
    ports.ports,
    logs.logs,
    restart.restart,
    stop.stop,
    start.start,
    why.why,
    open_.open_,
    env.env,
    gate.gate,
    config.config,
    graph.graph,
    https.https,
    init.init,
    tenants.tenants,
    doctor.doctor,
    admin.admin,
    ci.ci,
    supervise.supervise,
):
    root.add_command(verb)


def main() -> None:
    """Run the command line; the only place that turns errors into exit codes."""
    guarded(root)
