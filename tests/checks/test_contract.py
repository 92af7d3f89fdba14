"""How attempts become findings, and that every failure that a check names is in the catalogue."""

import asyncio
import re
from pathlib import Path

import launcher.checks
from launcher import diagnosis
from launcher.checks import health, shop
from launcher.checks.contract import Asking, LeftOut, Wrong, ask, ask_whole
from launcher.errors import LauncherError
from launcher.findings import Finding
from launcher.plan.step import StepFailed


def run(attempt):
    return asyncio.run(ask("group", "name", attempt))


def raising(error):
    async def attempt():
        raise error

    return attempt


def test_evidence_passes_and_says_how_long_it_took():
    async def attempt():
        await asyncio.sleep(0.02)
        return "seen"

    found = run(attempt)
    assert (found.id, found.verdict, found.evidence) == ("group.name", "passed", "seen")
    assert found.seconds >= 0.02


def test_what_cannot_be_asked_is_left_out_and_what_is_wrong_fails():
    assert run(raising(LeftOut("not here"))).verdict == "left out"
    found = run(raising(Wrong("broken", remedy="mend it", details="a\nb")))
    assert (found.verdict, found.remedy, found.details) == ("failed", "mend it", "a\nb")
    assert run(raising(StepFailed("no", tail=("x", "y")))).details == "x\ny"


def test_a_failure_without_a_remedy_gets_that_of_the_catalogue():
    found = run(raising(Wrong("gone", failure="asset-missing")))
    assert found.remedy == diagnosis.known("asset-missing").remedy


def test_a_question_that_needs_a_failed_one_is_left_out_and_so_is_what_needs_that():
    async def whole():
        ask = Asking("g")
        return [
            await ask("a", raising(Wrong("broken"))),
            await ask("b", raising(Wrong("never asked")), ("a",)),
            await ask("c", raising(Wrong("never asked")), ("b",)),
            await ask("d", raising(LeftOut("no")), ()),
            await ask("e", raising(Wrong("asked")), ("d",)),
        ]

    found = asyncio.run(whole())
    assert [one.verdict for one in found] == ["failed", "left out", "left out", "left out", "failed"]
    assert found[1].evidence == "says nothing while g.a fails"


def test_a_group_that_breaks_off_keeps_what_it_found():
    async def group():
        yield Finding("g", "a", "passed", "x")
        raise LauncherError("the floor is gone", remedy="run")

    async def whole():
        return [finding async for finding in ask_whole("g", group())]

    found = asyncio.run(whole())
    assert [one.verdict for one in found] == ["passed", "failed"]
    assert "the floor is gone" in found[1].evidence


def test_every_failure_that_is_named_is_in_the_catalogue():
    folder = Path(launcher.checks.__file__).parent
    texts = [path.read_text(encoding="utf-8") for path in folder.glob("*.py")]
    named = {name for text in texts for name in re.findall(r'failure="([a-z0-9-]+)"', text)}
    named |= {state[1] for state in shop._STATES.values()} | set(health._FAILURES.values())
    assert {"asset-missing", "key-revoked", "missing-column", "redis-unreachable"} <= named
    assert {name for name in named if diagnosis.known(name) is None} == set()
