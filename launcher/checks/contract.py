"""What a check is, what it may ask of, and how an attempt becomes a finding. No check lives here."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

from launcher.diagnosis import known
from launcher.errors import LauncherError, Problem
from launcher.findings import Finding, Verdict
from launcher.marketplace.medusa import Site
from launcher.paths import StackPaths
from launcher.plan.build import Plan
from launcher.stack.checks import ChecksSpec
from launcher.stack.tenants import TenancySpec, TenantSpec
from launcher.state.snapshot import Snapshot
from launcher.values import Value, field


class Wrong(LauncherError):
    """What was asked does not hold. `failure` names an entry of the catalogue, whose remedy counts if none is given."""

    def __init__(
        self, evidence: str, *, remedy: str | None = None, failure: str | None = None, details: str = ""
    ) -> None:
        super().__init__(evidence, remedy=remedy)
        self.failure = failure
        self.details = details


class LeftOut(Exception):
    """It could not be asked, and why: told by name, never silently."""


async def nothing_to_do(_action: str) -> None:
    """Nobody knows of work that is left to do."""


class Here(Value, frozen=True):
    """What only a stack on this machine has: its files, processes and database."""

    paths: StackPaths
    plan: Plan
    snapshot: Snapshot
    environments: Mapping[str, Mapping[str, str]]  # unit → the variables it gets, unredacted
    outputs: Mapping[str, str]  # unredacted: database_url, redis_url, publishable_key
    directories: Mapping[str, Path]  # backend, storefront
    problems: Mapping[str, Sequence[Problem]] = field(default_factory=dict)  # unit → what its contract lacks
    why_again: Callable[[str], Awaitable[str | None]] = field(default=nothing_to_do)
    """Why a boot would do the work of a built-in action again, by the action's name; None: it would skip it."""

    @property
    def running(self) -> bool:
        """Whether a supervisor runs the stack now; otherwise only files can be asked."""
        return bool(self.snapshot.instance)

    def address(self, output: str, variable: str) -> str | None:
        """The URL of a server: as a boot found it, else as a unit's environment names it."""
        named = (env[variable] for env in self.environments.values() if env.get(variable))
        return self.outputs.get(output) or next(named, None)


class Target(Value, frozen=True):
    """The marketplace that is judged: on this machine (`here`), or somewhere else by its addresses."""

    urls: Mapping[str, str]  # backend, storefront: as browsers name them
    open_site: Callable[[str], AbstractAsyncContextManager[Site]]  # by "backend" or "storefront", or a whole URL
    key: str | None  # the publishable key
    login: tuple[str, str] | None  # the administrator's address and password
    admin_path: str = "/app"
    checks: ChecksSpec = field(default_factory=ChecksSpec)  # of the stack file, if there is one
    tenants: Mapping[str, TenantSpec] = field(default_factory=dict)  # of the stack file: the fixtures
    tenancy: TenancySpec = field(default_factory=TenancySpec)
    expect_text: str | None = None  # what the storefront's home page must contain
    here: Here | None = None
    redact: Callable[[str], str] = field(default=str)
    admin_before: Sequence[str] = ()  # the files of the admin's build before this one, below its path

    def url(self, name: str) -> str:
        """An address. Raises LeftOut when none was given."""
        if name not in self.urls:
            raise LeftOut(f"no address of the {name} was given (--url {name}=https://…)")
        return self.urls[name]

    def on_this_machine(self) -> Here:
        """What only a local stack has. Raises LeftOut."""
        if self.here is None:
            raise LeftOut("asks processes and files, which only a stack on this machine has")
        return self.here


class Check(Protocol):
    """A group of questions, asked in order; whatever is wrong, the others are still asked."""

    def __call__(self, target: Target) -> AsyncIterator[Finding]: ...


async def unasked(check: str, names: Sequence[str], reason: LeftOut) -> AsyncIterator[Finding]:
    """Questions that cannot be asked at all, each by its name."""
    for name in names:
        yield Finding(check, name, "left out", str(reason))


async def ask(check: str, name: str, attempt: Callable[[], Awaitable[str]]) -> Finding:
    """Make an attempt. It returns evidence, or raises Wrong (any LauncherError) or LeftOut."""
    began = time.monotonic()

    def finding(verdict: Verdict, evidence: str, error: LauncherError | None = None) -> Finding:
        return Finding(
            check, name, verdict, evidence, time.monotonic() - began,
            remedy=error.remedy or _of_catalogue(error) if error else None,
            failure=getattr(error, "failure", None),
            details=getattr(error, "details", "") or "\n".join(getattr(error, "tail", ())),
        )  # fmt: skip

    try:
        return finding("passed", await attempt())
    except LeftOut as reason:
        return finding("left out", str(reason))
    except LauncherError as error:
        return finding("failed", error.message, error)


def _of_catalogue(error: LauncherError) -> str | None:
    failure = known(getattr(error, "failure", None))
    return failure.remedy if failure else None


async def ask_whole(check: str, findings: AsyncIterator[Finding]) -> AsyncIterator[Finding]:
    """What a group finds; when it cannot go on, that is a finding too."""
    began = time.monotonic()
    try:
        async for finding in findings:
            yield finding
    except LeftOut as reason:
        yield Finding(check, "questions", "left out", str(reason), time.monotonic() - began)
    except LauncherError as error:
        seconds = time.monotonic() - began
        yield Finding(check, "questions", "failed", f"broken off: {error.message}", seconds, remedy=error.remedy)


class Asking:
    """The questions of one group. A question that needs the answer of one that failed is left out, by name."""

    def __init__(self, check: str) -> None:
        self._check = check
        self._failed: set[str] = set()

    async def __call__(self, name: str, attempt: Callable[[], Awaitable[str]], needs: Sequence[str] = ()) -> Finding:
        """Ask, unless something it needs is missing."""
        broken = next((need for need in needs if need in self._failed), None)
        if broken is not None:
            self._failed.add(name)
            return Finding(self._check, name, "left out", f"says nothing while {self._check}.{broken} fails")
        found = await ask(self._check, name, attempt)
        if found.verdict == "failed":
            self._failed.add(name)
        return found
