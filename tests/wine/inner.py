"""An inner pytest, run by the Windows Python under Wine, and its results as the outer tests use them."""

import asyncio
import contextlib
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from scripts.wine import Wine, windows_path
from tests.support import platforms, servers
from tests.support.windows_stacks import Command

REPOSITORY = Path(__file__).resolve().parents[2]
PORTABLE = ("stack", "plan", "state", "logs", "run", "probes", "control", "dashboard", "marketplace", "test_ports.py")
WITH_SERVERS = ("probes", "marketplace")
SECONDS = 400  # a busy machine is slow; what hangs is ended much earlier, by the inner time limit


@dataclass(frozen=True)
class Result:
    """How one inner test ended."""

    module: str
    name: str
    outcome: str  # passed, failed, skipped
    text: str


def modules(group: str = "") -> list[str]:
    """The inner test modules, from the top of the repository; all, or those of one entry of PORTABLE."""
    tests = REPOSITORY / "tests"
    names = [group] if group else PORTABLE
    found = [file for name in names for file in tests.glob(name if "." in name else f"{name}/test_*.py")]
    return sorted(file.relative_to(REPOSITORY).as_posix() for file in found)


def group_of(module: str) -> str:
    """The entry of PORTABLE that a module belongs to; its modules run together: one that hangs ends only those."""
    return module.split("/")[1]


def run(wine: Wine, group: str, directory: Path) -> list[Result]:
    """Run the modules of a group."""
    report, log = directory / "report.xml", directory / "log"
    files = (f"--basetemp={windows_path(directory / 'inner')}", f"--junitxml={windows_path(report)}")
    options = ("-p", "no:cacheprovider", "-v", "--tb=short", "--timeout=90", "--durations=15")
    command = wine.command(["-m", "pytest", *options, *files, *modules(group)])

    def inner(urls: Mapping[str, str]) -> None:
        running = Command(command, wine.environment(**urls, WINEPATH=_a_node(directory)), REPOSITORY)
        try:
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.wait(SECONDS)
        finally:
            log.write_text(running.printed())
            running.close()

    if group in WITH_SERVERS:
        asyncio.run(_beside_servers(directory, inner))
    else:
        inner({})
    if not report.exists():
        end = f"the run did not end well; its last words:\n{log.read_text()[-6000:]}"
        return [Result(module, "all", "failed", end) for module in modules(group)]
    return list(_results(report))


async def _beside_servers(directory: Path, work: Callable[[Mapping[str, str]], None]) -> None:
    """Do it beside Postgres and Redis, which run on the Linux side."""
    data = await servers.make_postgres_data(directory)
    async with servers.postgres(data) as postgres, servers.valkey(directory) as redis:
        await asyncio.to_thread(work, {platforms.POSTGRES: postgres.url(), platforms.REDIS: redis.url("redis")})


def _results(report: Path) -> Iterator[Result]:
    for case in ET.parse(report).iter("testcase"):
        outcome, text = "passed", ""
        for kind, means in (("failure", "failed"), ("error", "failed"), ("skipped", "skipped")):
            for found in case.findall(kind):
                outcome, text = means, f"{found.get('message', '')}\n{found.text or ''}".strip()
        yield Result(_module_of(case.get("classname", "") or case.get("name", "")), case.get("name", ""), outcome, text)


def _module_of(dotted: str) -> str:
    """The module of a test's class, or of one that could not even be imported."""
    parts = dotted.split(".")
    module = next((at for at, part in enumerate(parts) if part.startswith("test_")), len(parts) - 1)
    return "/".join(parts[: module + 1]) + ".py"


def _a_node(directory: Path) -> str:
    """A directory for the PATH, with a Node that can be found; the tests never run it."""
    place = directory / "node"
    npm = place / "node_modules" / "npm" / "bin" / "npm-cli.js"
    npm.parent.mkdir(parents=True)
    for file in (npm, npm.with_name("npx-cli.js"), *(place / name for name in ("node.exe", "npm.cmd", "npx.cmd"))):
        file.touch()
    return windows_path(place)
