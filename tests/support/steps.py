"""A StepContext for tests of actions and providers: a value whose commands are played, or really run, by `does`."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from launcher.plan.step import CommandResult


class FakeFingerprints:
    """state/fingerprints.py in memory."""

    def __init__(self):
        self.kept: dict[str, dict[str, str]] = {}

    def get(self, key):
        return self.kept.get(key)

    def put(self, key, value):
        self.kept[key] = dict(value)

    def forget(self, key):
        self.kept.pop(key, None)


@dataclass(frozen=True)
class Ran:
    """One command that a step ran, and how."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: Path
    stdin: bytes | None
    unprivileged: bool


Does = Callable[[Ran], CommandResult | Awaitable[CommandResult | None] | None]


@dataclass
class FakeContext:
    """Implements StepContext. `ran`, `reports` and `hidden` tell what the step did; None from `does` is success."""

    root: Path
    unit: str = "unit"
    state_dir: Path = None
    cwd: Path = None
    env: dict[str, str] = field(default_factory=lambda: {"PATH": os.environ["PATH"]})
    given: dict[str, str] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    mode: str = "dev"
    fresh: bool = False
    source: str = "auto"
    fingerprints: FakeFingerprints = field(default_factory=FakeFingerprints)
    does: Does = lambda ran: None
    secrets: dict[str, str] = field(default_factory=dict)
    ran: list[Ran] = field(default_factory=list)
    reports: list[str] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)

    def __post_init__(self):
        self.cwd = self.cwd or self.root
        self.state_dir = self.state_dir or self.root / "state"
        self.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)

    def report(self, text):
        self.reports.append(text)

    def secret(self, name, hex_characters):
        value = self.secrets.setdefault(name, os.urandom(hex_characters).hex()[:hex_characters])
        self.hide(value)
        return value

    def hide(self, value):
        self.hidden.add(value)

    async def run(self, argv, *, env=None, cwd=None, stdin=None, unprivileged=False):
        self.ran.append(Ran(tuple(argv), {**self.env, **(env or {})}, cwd or self.cwd, stdin, unprivileged))
        result = self.does(self.ran[-1])
        if asyncio.iscoroutine(result):
            result = await result
        return result or CommandResult(0, (), 0.0)


async def really(ran: Ran) -> CommandResult:
    """For `does`: run the command, contained, as the supervisor would."""
    from launcher import native
    from launcher.native.contract import LaunchSpec

    printed: list[bytes] = []
    spec = LaunchSpec(argv=ran.argv, cwd=str(ran.cwd), env=ran.env, stdin=ran.stdin, unprivileged=ran.unprivileged)
    child = await native.spawn(spec, printed.append)
    ended = await child.wait()
    lines = b"".join(printed).decode("utf-8", "replace").splitlines()
    code = ended.code if ended.code is not None else 128 + (ended.signal or 0)
    return CommandResult(code, tuple(lines[-20:]), 0.0)
