"""Builds that end well and built nothing, or not everything: Medusa leaves out what it cannot parse."""

import asyncio
from pathlib import Path

import pytest

from launcher.marketplace.admin_build import MedusaBuild, _nothing_compiled
from launcher.plan.step import CommandResult, StepFailed
from tests.support.marketplace import write

BACKEND = {
    "package.json": {},
    "medusa-config.ts": "config",
    "src/admin/page.tsx": "page",
    "node_modules/@medusajs/cli/cli.js": "",
}
PRINTED = (
    "11:35:51 AM [@medusajs/admin-vite-plugin] An error occurred while parsing the file. /shop/src/admin/my page.tsx",
    "SyntaxError: Unterminated JSX contents. (1:45)",
    "    at toParseError (/shop/node_modules/@babel/parser/src/parse-error.ts:95:45)",
    '{"level":"info","message":"Frontend build completed successfully (21.12s)"}',
)


@pytest.fixture
def backend(context):
    write(context.root, BACKEND)
    return context


def failure(context, printed):
    context.does = lambda _argv, _env: CommandResult(0, printed, 9.0)
    with pytest.raises(StepFailed) as raised:
        asyncio.run(MedusaBuild().run(context))
    assert raised.value.tail == printed
    assert context.fingerprints.get("medusa-build") is None
    return raised.value


def test_a_page_that_was_left_out_of_the_admin_fails_the_build(backend):
    told = failure(backend, PRINTED)
    assert told.message == (
        "the admin would lack /shop/src/admin/my page.tsx: SyntaxError: Unterminated JSX contents. (1:45)"
    )
    assert "correct that file" in told.remedy


def test_a_build_that_compiled_nothing_is_told(backend):
    assert "no compiled medusa-config" in failure(backend, ()).message


@pytest.mark.parametrize(("place", "remedy"), [("/srv/latest/shop", "move the checkout"), ("/srv/shop", "outDir")])
def test_a_path_that_makes_medusa_skip_everything_is_told(place, remedy):
    assert remedy in _nothing_compiled(Path(place))
