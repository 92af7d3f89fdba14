"""A task of the user's own: skipped when everything that its result depends on is as it was."""

import asyncio
import os
from types import SimpleNamespace

import pytest

from launcher.plan.interpolate import Scope
from launcher.plan.step import CommandResult, Run, Skip
from launcher.run.steps import CommandTask
from launcher.stack.model import TaskSpec
from tests.support.steps import FakeContext


class Made:
    """The task, what is around it, and what it makes."""

    def __init__(self, root, *, inputs=("src/**/*",), outputs=("out/*",)):
        self.ports = {"web": 8000}
        self.context = FakeContext(root / "shop", env={"PATH": os.environ["PATH"], "TITLE": "Shop", "OTHER": "1"})
        self.root = self.context.root
        spec = TaskSpec(command=("make", "${port.web}"), inputs=inputs, outputs=outputs, env={"TITLE": "${env.TITLE}"})
        world = SimpleNamespace(
            plan=SimpleNamespace(stack=SimpleNamespace(env={})),
            scope=lambda env: Scope(self.ports, env, {}, {}, str(self.root), "", "dev"),
        )
        self.task = CommandTask(SimpleNamespace(name="make", spec=spec), world)
        self.write("src/page.ts", "page")
        self.context.does = lambda _ran: self.write("out/page.js", "made") or CommandResult(0, (), 1.0)
        asyncio.run(self.task.run(self.context))

    def write(self, name, text):
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text)

    def check(self):
        return asyncio.run(self.task.check(self.context))


@pytest.fixture
def made(tmp_path):
    return Made(tmp_path)


@pytest.mark.parametrize(
    "edit",
    [
        lambda made: made.write("src/page.ts", "another"),
        lambda made: made.write("src/deep/new.ts", ""),
        lambda made: (made.root / "src/page.ts").unlink(),
        lambda made: made.write("out/page.js", "edited"),
        lambda made: (made.root / "out/page.js").unlink(),
        lambda made: made.context.env.update(TITLE="Other"),
        lambda made: made.ports.update(web=8001),
        lambda made: setattr(made.context, "fresh", True),
    ],
)
def test_what_it_depends_on_leads_to_a_run(made, edit):
    assert made.check() == Skip("inputs and outputs unchanged")
    edit(made)
    assert isinstance(made.check(), Run)


@pytest.mark.parametrize(
    "edit",
    [
        lambda made: made.write("README.md", "read me"),
        lambda made: (made.root / "src/page.ts").touch(),
        lambda made: made.context.env.update(OTHER="2"),
    ],
)
def test_what_it_does_not_depend_on_leads_to_nothing(made, edit):
    edit(made)
    assert made.check() == Skip("inputs and outputs unchanged")


@pytest.mark.parametrize("pattern", ["src", "src/**"])
def test_a_directory_stands_for_all_files_in_it(tmp_path, pattern):
    made = Made(tmp_path, inputs=(pattern,))
    assert isinstance(made.check(), Skip)
    made.write("src/page.ts", "another")
    assert isinstance(made.check(), Run)


def test_inputs_that_match_nothing_never_lead_to_a_skip(tmp_path):
    made = Made(tmp_path, inputs=("scr/**/*.ts",))
    assert made.check() == Run("no file matches its inputs, so nothing tells when to skip it")


@pytest.mark.linux_only("its program is a script")
def test_another_program_of_the_same_name_leads_to_a_run(made, tmp_path):
    (tmp_path / "make").write_text("#!/bin/sh\n")
    (tmp_path / "make").chmod(0o755)
    made.context.env["PATH"] = f"{tmp_path}{os.pathsep}{made.context.env['PATH']}"
    assert isinstance(made.check(), Run)
