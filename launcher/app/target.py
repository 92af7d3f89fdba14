"""What is judged by checks: the running stack, or a deployment by its addresses. Reads only, apart from keys it makes.

The publishable key and the login of a deployment come from the environment, never from a command line.
"""

import os
import re
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from launcher.app import preflight, secrecy
from launcher.app.known import still_world
from launcher.app.opening import Opened, locate, open_stack
from launcher.app.request import Request
from launcher.checks.contract import Here, Target
from launcher.errors import NotRunning, Problem, UsageError
from launcher.plan.build import Plan, PlanUnit
from launcher.plan.interpolate import references
from launcher.run.steps import Context
from launcher.run.world import World
from launcher.stack.checks import ChecksSpec
from launcher.stack.model import TaskSpec
from launcher.stack.tenants import TenancySpec
from launcher.state import lock
from launcher.state.snapshot import Snapshot
from launcher.values import Value

if TYPE_CHECKING:
    from launcher.logs.redact import Redactor
    from launcher.marketplace.medusa import Site

KEY = "NEXT_PUBLIC_MEDUSA_PUBLISHABLE_KEY"
EMAIL = "RXLAUNCH_ADMIN_EMAIL"
PASSWORD = "RXLAUNCH_ADMIN_PASSWORD"  # noqa: S105 - the name of a variable
_TOLD = {"backend": "MEDUSA_BACKEND_URL", "storefront": "NEXT_PUBLIC_BASE_URL"}  # the variable with its address
_URL_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")


def target(request: Request, urls: Mapping[str, str], *, stopped: bool = False) -> Target:
    """The running stack; with `urls`, what answers there. Raises NotRunning, unless `stopped` will do."""
    if urls:
        return _elsewhere(request, {name: checked_url(name, url) for name, url in urls.items()})
    where = locate(request.directory)
    snapshot = lock.running(where)
    if snapshot is None and not stopped:
        raise NotRunning(f"nothing runs for {where.root}", remedy="rxlaunch up, or name a deployment: --url backend=…")
    mode = snapshot.mode if snapshot and snapshot.mode else request.mode
    opened = open_stack(Request(request.directory, mode))
    return _local(opened, snapshot or Snapshot())


def checked_url(name: str, url: str) -> str:
    """An address as browsers name a site, without its last slash. Raises UsageError."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
        parts = urlsplit("")
    if not _URL_NAME.fullmatch(name) or not usable or parts.query or parts.fragment:
        raise UsageError(f"--url {name}: not an address", remedy="--url backend=https://… --url storefront=https://…")
    if parts.username or parts.password:
        raise UsageError(f"--url {name}: an address with a user or password would be seen by everybody")
    return url.rstrip("/")


def _elsewhere(request: Request, urls: Mapping[str, str]) -> Target:
    try:
        opened = open_stack(Request(request.directory, request.mode))
    except UsageError:
        opened = None  # a deployment can be judged from anywhere
    redactor = _redactor(opened)
    market = opened.loaded.stack.marketplace if opened else None
    return Target(
        urls=urls,
        open_site=_opener(urls, None),
        key=os.environ.get(KEY, "").strip() or None,
        login=_login(os.environ),
        admin_path=_admin_path(opened),
        checks=opened.loaded.stack.checks if opened else ChecksSpec(),
        tenants=opened.loaded.stack.tenants if opened else {},
        tenancy=opened.loaded.stack.tenancy if opened else TenancySpec(),
        expect_text=market.expect_text if market else None,
        redact=redactor.text,
    )


def _local(opened: Opened, snapshot: Snapshot) -> Target:
    redactor = _redactor(opened)
    world = still_world(opened, redactor, with_node=True)
    outputs = dict(world.outputs)
    _hide_outputs(outputs, redactor)
    environments = {name: world.known_environment(unit) for name, unit in opened.plan.units.items()}
    market = opened.loaded.stack.marketplace
    urls = _addresses(world, environments, https="https_authority" in outputs)
    here = Here(
        paths=opened.paths,
        plan=opened.plan,
        snapshot=snapshot,
        environments=environments,
        outputs=outputs,
        directories={name: Path(path) for name, path in preflight.directories(opened).items()},
        problems=_problems(world, opened.plan),
        why_again=_Again(world, opened.plan).why,
    )
    given = {EMAIL: outputs.get("admin_email", ""), PASSWORD: outputs.get("admin_password", "")}
    authority = outputs.get("https_authority")
    return Target(
        urls=urls,
        open_site=_opener(urls, Path(authority) if authority else None),
        key=environments.get("storefront", {}).get(KEY) or outputs.get("publishable_key"),
        login=_login(given) or _login(os.environ),
        admin_path=_admin_path(opened),
        checks=opened.loaded.stack.checks,
        tenants=opened.loaded.stack.tenants,
        tenancy=opened.loaded.stack.tenancy,
        expect_text=market.expect_text if market else None,
        here=here,
        redact=redactor.text,
    )


def _addresses(world: World, environments: Mapping[str, Mapping[str, str]], *, https: bool) -> dict[str, str]:
    """Backend and storefront as browsers name them; with HTTPS by the names that their units were told."""
    ports = world.tools.ports.chosen
    found = {name: f"http://127.0.0.1:{ports[name]}" for name in _TOLD if name in world.plan.units and name in ports}
    for name in found if https else ():
        told = environments[name].get(_TOLD[name], "")
        if told.startswith("https://"):
            found[name] = told.rstrip("/")
    return found


def _login(given: Mapping[str, str]) -> tuple[str, str] | None:
    email, password = given.get(EMAIL, "").strip(), given.get(PASSWORD, "")
    return (email, password) if email and password else None


def _admin_path(opened: Opened | None) -> str:
    market = opened.loaded.stack.marketplace if opened else None
    return market.runtime_config.admin_path if market and market.runtime_config else "/app"


def _opener(urls: Mapping[str, str], authority: Path | None) -> Callable[[str], AbstractAsyncContextManager["Site"]]:
    """Opens a site by its name, or by its whole address."""

    def open_named(name: str) -> AbstractAsyncContextManager["Site"]:
        from launcher.marketplace.medusa import open_site

        url = urls.get(name, name)
        return open_site(url, authority if url.startswith("https:") else None)

    return open_named


# --- secrets --------------------------------------------------------------------------------------------------


def _redactor(opened: Opened | None) -> "Redactor":
    """Knows what the user gave, what was generated, and the password for the deployment."""
    from launcher.logs.redact import Redactor
    from launcher.state.secrets import Secrets

    redactor = secrecy.given_redactor(opened) if opened else Redactor()
    for value in Secrets(opened.paths.secrets).values() if opened else ():
        redactor.add(value)
    redactor.add(os.environ.get(PASSWORD, ""))
    return redactor


def _hide_outputs(outputs: Mapping[str, str], redactor: "Redactor") -> None:
    from launcher.services.asking import password_of

    redactor.add(outputs.get("admin_password", ""))
    for value in outputs.values():
        for password in password_of(value) if "://" in value else ():
            redactor.add(password)


# --- the units' environments, without starting any ---------------------------------------------------------------


def _problems(world: World, plan: Plan) -> dict[str, tuple[Problem, ...]]:
    """What the contract of each unit lacks; what another unit will give is taken as given."""
    found: dict[str, tuple[Problem, ...]] = {}
    for name, unit in plan.units.items():
        if unit.spec.contract is not None:
            later = {
                variable
                for variable, text in unit.spec.env.items()
                if any(space == "output" and given not in world.outputs for space, given in references(text))
            }
            found[name] = tuple(world.contract_problems(unit, leave_out=later))
    return found


class _Again(Value, frozen=True):
    """Asks built-in actions what a boot would make them do."""

    world: World
    plan: Plan

    async def why(self, action: str) -> str | None:
        """Why the action would do its work again; None when it would skip it, or when nobody asks for it."""
        from launcher.plan.step import Run

        unit = next((unit for unit in self.plan.units.values() if _action_of(unit) == action), None)
        if unit is None:
            return None
        context = Context(self.world, unit, _NoLog(), set())
        answer = await self.world.tools.action(action).check(context)
        return answer.reason if isinstance(answer, Run) else None


def _action_of(unit: PlanUnit) -> str | None:
    return unit.spec.action if isinstance(unit.spec, TaskSpec) else None


class _NoLog:
    """Keeps nothing but the last lines of `node --version`."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def write(self, chunk: bytes) -> None:
        """Keep the lines."""
        self._lines += chunk.decode("utf-8", "replace").splitlines()

    def tail(self, count: int) -> list[str]:
        """The last lines."""
        return self._lines[-count:]

    def seen(self, pattern: str) -> bool:
        """Whether a line matches."""
        return any(re.search(pattern, line) for line in self._lines)

    def reset(self) -> None:
        """Begin anew."""
        self._lines.clear()

    def close(self) -> None:
        """Nothing is open."""
