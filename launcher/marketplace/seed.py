"""Action medusa-seed: the project's own seed script, once, when the database has no region yet.

The local administrator's password reaches the script by its environment; a command line would show it to every user
of the machine. A seed that doesn't name RXLAUNCH_ADMIN_EMAIL never runs on a database with data.
"""

import re
from pathlib import Path

from launcher.marketplace import database
from launcher.marketplace.project import (
    database_url,
    find_project,
    find_tool,
    manifest,
    medusa_cli,
    npm_command,
    services_env,
)
from launcher.plan.step import Outcome, Run, Skip, StepContext, StepFailed
from launcher.values import Value

KEY = "medusa-seed"
ADMIN_EMAIL = "RXLAUNCH_ADMIN_EMAIL"
ADMIN_PASSWORD = "RXLAUNCH_ADMIN_PASSWORD"  # noqa: S105 - the name of a variable
_DEFAULT_EMAIL = "admin@rxlaunch.local"
_MEDUSA_EXEC = re.compile(r"(?:npx\s+)?medusa\s+exec\s+(\S+)\s*")


class _Script(Value, frozen=True):
    """The seed of package.json: its text, and the file that `medusa exec` would run."""

    text: str
    file: Path | None

    @property
    def makes_admin(self) -> bool:
        """Whether it reads the administrator from the environment, and so may run on a database with data."""
        try:
            return self.file is not None and ADMIN_EMAIL in self.file.read_text(encoding="utf-8")
        except OSError:
            return False


class MedusaSeed:
    """Regions, a sales channel, products and a local administrator."""

    async def check(self, context: StepContext) -> Skip | Run:
        """Skip when there is data already, or nothing to seed with."""
        script = _script(context)
        url = database_url(context)
        if url is None:
            return Run("the database is not known yet")
        try:
            have = await database.contents(url, _email(context))
        except database.Unreachable as error:
            return Run(f"its contents are not known yet: {error.message}")
        if have.regions == 0:
            return Run("the database has no region") if script else Skip("package.json has no seed script")
        if have.users or not _email(context):
            return Skip(
                f"{have.regions} region{'s' * (have.regions > 1)} in the database already",
                await _known_admin(context, url, have),
            )
        if script is None or not script.makes_admin or await _was_seeded(context, url):
            return Skip("regions exist already; there is no administrator, and the seed script doesn't make one")
        return Run("regions exist, but no administrator does")

    async def run(self, context: StepContext) -> Outcome:
        """Run the script, with the administrator it may create in its environment."""
        script, url, email = _script(context), database_url(context), _email(context)
        if script is None:
            return Outcome(note="package.json has no seed script")
        if url is None:
            raise StepFailed("no database to seed: DATABASE_URL is not set", remedy="set DATABASE_URL in .env")
        password = context.secret("admin_password", 24)
        env = {**services_env(context), ADMIN_EMAIL: email, ADMIN_PASSWORD: password}
        result = await context.run(_command(context, script), env=env)
        if result.code != 0:
            raise StepFailed(
                f"the seed script ({script.text}) ended with exit code {result.code}",
                remedy="a half-seeded database may refuse a second run: rxlaunch down, then start with an empty one",
                tail=result.tail,
            )
        have = await database.contents(url, email)
        made = have.admin_exists and script.makes_admin
        found = await database.identity(url)
        context.fingerprints.put(KEY, {"database": found.cluster, "admin": email if made else ""})
        if made:
            return Outcome({"admin_email": email, "admin_password": password}, frozenset({password}), "seeded")
        missing = "" if have.users else "; it made no administrator: `npx medusa user --email …` creates one"
        return Outcome(note=f"seeded{missing}")


def _email(context: StepContext) -> str:
    return str(context.options.get("admin_email", _DEFAULT_EMAIL))


def _script(context: StepContext) -> _Script | None:
    scripts = manifest(context.cwd).get("scripts")
    text = scripts.get("seed") if isinstance(scripts, dict) else None
    if not isinstance(text, str) or not text.strip():
        return None
    named = _MEDUSA_EXEC.fullmatch(text.strip())
    return _Script(text.strip(), context.cwd / named[1] if named else None)


def _command(context: StepContext, script: _Script) -> list[str]:
    """`medusa exec FILE` without npm and shell between; anything else as the package manager runs it."""
    if script.file is not None:
        named = _MEDUSA_EXEC.fullmatch(script.text)
        return ["node", medusa_cli(context.cwd), "exec", named[1] if named else str(script.file)]
    manager = find_project(context.cwd, context.root).manager
    tool = find_tool(context, manager) if manager != "npm" else None
    return [str(tool), "run", "seed"] if tool else [*npm_command(context), "run", "seed"]


async def _was_seeded(context: StepContext, url: str) -> bool:
    stored = context.fingerprints.get(KEY)
    return stored is not None and stored.get("database") == (await database.identity(url)).cluster


async def _known_admin(context: StepContext, url: str, have: database.Contents) -> dict[str, str]:
    """The administrator that our seed made in this very database, as running would have given it."""
    stored, email = context.fingerprints.get(KEY), _email(context)
    if not have.admin_exists or stored is None or stored.get("admin") != email or not await _was_seeded(context, url):
        return {}
    return {"admin_email": email, "admin_password": context.secret("admin_password", 24)}
