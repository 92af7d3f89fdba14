"""`rxlaunch ci`."""

from pathlib import Path

import click

from launcher.cli import options, render


@click.command(context_settings={"ignore_unknown_options": False})
@options.mode
@click.option(
    "--external",
    is_flag=True,
    envvar="RXLAUNCH_EXTERNAL",
    help="Use what DATABASE_URL and REDIS_URL name, as `up` does; default: servers of this run alone.",
)
@click.option("--fresh", is_flag=True, envvar="RXLAUNCH_FRESH", help="Build again, whatever was built before.")
@click.option("--https/--no-https", default=None, envvar="RXLAUNCH_HTTPS", help="Named hosts with certificates.")
@click.option(
    "--wait-timeout",
    type=click.FloatRange(min=1),
    envvar="RXLAUNCH_WAIT_TIMEOUT",
    metavar="SECONDS",
    help="Give up when the stack is not ready by then (exit code 17).",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=1),
    envvar="RXLAUNCH_TIMEOUT",
    metavar="SECONDS",
    help="Stop CMD when it has not ended by then (exit code 17).",
)
@click.option("--keep", is_flag=True, envvar="RXLAUNCH_KEEP", help="Leave copy, state and logs where they are.")
@click.option(
    "--junit",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="RXLAUNCH_JUNIT",
    metavar="FILE",
    help="Write the units of the boot, and CMD, as test cases.",
)
@click.option(
    "--artifacts",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="RXLAUNCH_ARTIFACTS",
    metavar="FILE.zip",
    help="Where logs, timeline and report go on failure; default: the state directory.",
)
@click.option("--always", is_flag=True, envvar="RXLAUNCH_ALWAYS", help="Write them on success too.")
@click.option(
    "--save-builds",
    is_flag=True,
    envvar="RXLAUNCH_SAVE_BUILDS",
    help="Leave the builds in the checkout, for the caches that `cache-key` names.",
)
@options.directory
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- CMD [ARG]...")
def ci(
    directory: Path, command: tuple[str, ...], *, mode: str | None, external: bool, fresh: bool, https: bool | None,
    wait_timeout: float | None, timeout: float | None, keep: bool, junit: Path | None, artifacts: Path | None,
    always: bool, save_builds: bool,
) -> None:  # fmt: skip
    """Boot this checkout on a throwaway database, run CMD against it, take everything down; exit with CMD's code.

    CMD finds the stack by BASE_URL, MEDUSA_BACKEND_URL, RXLAUNCH_URL_BACKEND, RXLAUNCH_URL_STOREFRONT,
    RXLAUNCH_URL_ADMIN, RXLAUNCH_PORT_…, NEXT_PUBLIC_MEDUSA_PUBLISHABLE_KEY, DATABASE_URL and REDIS_URL.
    """
    from launcher.app.ci import Wish, run

    wish = Wish(
        directory, command, mode, external, fresh, https, wait_timeout, timeout, keep, junit, artifacts, always,
        save_builds,
    )  # fmt: skip
    render.finish(run(wish), "text")
