"""What a check is, what it may ask of, and how an attempt becomes a finding. No check lives here."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from launcher.errors import LauncherError
from launcher.findings import Finding, Verdict
from launcher.marketplace.medusa import Site
from launcher.paths import StackPaths
from launcher.plan.build import Plan
from launcher.state.snapshot import Snapshot


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


@dataclass(frozen=True, slots=True)
class Here:
    """What only a stack on this machine has: its files, processes and database."""

    paths: StackPaths
    plan: Plan
    snapshot: Snapshot
    environments: Mapping[str, Mapping[str, str]]  # unit → the variables it gets, unredacted
    outputs: Mapping[str, str]  # unredacted: database_url, redis_url, publishable_key
    directories: Mapping[str, Path]  # backend, storefront


@dataclass(frozen=True, slots=True)
class Target:
    """The marketplace that is judged: on this machine (`here`), or somewhere else by its addresses."""

    urls: Mapping[str, str]  # backend, storefront: as browsers name them
    open_site: Callable[[str], AbstractAsyncContextManager[Site]]  # by "backend" or "storefront", or a whole URL
    key: str | None  # the publishable key
    login: tuple[str, str] | None  # the administrator's address and password
    admin_path: str = "/app"
    here: Here | None = None
    redact: Callable[[str], str] = field(default=str)

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


async def ask(check: str, name: str, attempt: Callable[[], Awaitable[str]]) -> Finding:
    """Make an attempt. It returns evidence, or raises Wrong (any LauncherError) or LeftOut."""
    began = time.monotonic()

    def finding(verdict: Verdict, evidence: str, error: LauncherError | None = None) -> Finding:
        return Finding(
            check, name, verdict, evidence, time.monotonic() - began,
            remedy=error.remedy if error else None,
            failure=getattr(error, "failure", None),
            details=getattr(error, "details", "") or "\n".join(getattr(error, "tail", ())),
        )  # fmt: skip

    try:
        return finding("passed", await attempt())
    except LeftOut as reason:
        return finding("left out", str(reason))
    except LauncherError as error:
        return finding("failed", error.message, error)
