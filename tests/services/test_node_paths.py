"""A Node that remembers where its modules are loads exactly those that it would find, whatever changed meanwhile."""

import json
import os
import shutil
import stat
import subprocess
import time

import pytest

from launcher import paths
from launcher.run.node_paths import NodePaths

NODE = shutil.which("node")
pytestmark = [
    pytest.mark.skipif(NODE is None, reason="node is not installed; in CI it is"),
    pytest.mark.not_under_wine("Node runs beside Wine, not in it"),
]
PRELOAD = paths.assets() / "node-paths" / "preload.cjs"
# Prints what each request led to; ends once the paths were written down, or will not be.
PROGRAM = """
const packages = ['plain', 'plain/sub', '@scope/pack', 'deep/inner', 'linked']
const wanted = [...packages, './local', './folder', './packed', '../outside']
for (const name of wanted) {
  try { console.log(name, require(name)) } catch (error) { console.log(name, error.code) }
}
console.log('env', process.env.NODE_OPTIONS ?? 'none', process.env.RXLAUNCH_NODE_PATHS ?? 'none')
if (process.env.MEANWHILE) require('fs').writeFileSync(process.env.MEANWHILE, 'module.exports = "meanwhile"')
setTimeout(() => {}, Number(process.env.LINGER))
"""
FILES = {
    "outside.js": "outside",
    "app/main.js": None,
    "app/local.js": "local",
    "app/folder/index.js": "folder",
    "app/packed/lib/main.js": "packed",
    "app/packed/other.js": "packed, the other",
    "app/node_modules/plain/index.js": "plain",
    "app/node_modules/plain/sub/index.js": "sub",
    "app/node_modules/@scope/pack/index.js": "scoped",
    "app/node_modules/deep/inner.js": "inner",
    "node_modules/plain/index.js": "the outer plain",
    "workspace/linked/index.js": "linked",
    "workspace/second/index.js": "linked elsewhere",
}


class App:
    """A program with modules of every kind, and the file of what it remembers."""

    def __init__(self, root):
        self.root = root
        self.kept = root / "state" / "backend.json"
        self.kept.parent.mkdir()
        for name, says in FILES.items():
            self.write(name, PROGRAM if says is None else f"module.exports = {json.dumps(says)}")
        self.write("app/packed/package.json", json.dumps({"main": "lib/main.js"}))
        (root / "app/node_modules/linked").symlink_to(root / "workspace/linked")
        time.sleep(0.01)  # what was written in the moment of a start is not trusted

    def write(self, name, text):
        """Write a file, and the directories above it."""
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def run(self, *, remembering=True, linger=300, **extra):
        """What the program prints."""
        given = {name: value for name, value in os.environ.items() if not name.startswith(("NODE", "RXLAUNCH"))}
        given |= {"LINGER": str(linger if remembering else 0)} | extra
        if remembering:
            made = NodePaths(str(self.kept.parent), PRELOAD.as_posix(), frozenset({"backend"}))
            given |= {"RXLAUNCH_NODE_PATHS_AFTER_MS": "1", **made.environment("backend", given)}
        done = subprocess.run(
            [NODE, "main.js"], cwd=self.root / "app", env=given, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def learn(self):
        """Have the paths written down."""
        self.run()
        assert self.kept.exists()


@pytest.fixture
def app(tmp_path):
    return App(tmp_path)


def test_what_was_remembered_is_used(app):
    app.learn()
    kept = json.loads(app.kept.read_text())
    (key,) = [key for key in kept["paths"] if key.startswith("./local\0")]
    kept["paths"][key] = str(app.root / "app/folder/index.js")
    app.kept.write_text(json.dumps(kept))
    assert "./local folder" in app.run(), "the control: what is written there decides"


def test_nothing_changes_for_the_program(app):
    plain = app.run(remembering=False)
    assert app.run() == plain
    assert app.run() == plain
    assert "env none none" in plain, "and its children know nothing of it"


def test_options_of_the_users_own_are_kept(app):
    printed = app.run(NODE_OPTIONS="--max-old-space-size=512")
    assert "env --max-old-space-size=512 none" in printed


def test_the_file_is_private_and_whole(app):
    app.learn()
    assert stat.S_IMODE(app.kept.stat().st_mode) == 0o600
    assert [file.name for file in app.kept.parent.iterdir()] == ["backend.json"]


CHANGES = {
    "a nearer package of the same name": lambda app: app.write(
        "app/node_modules/@scope/pack/node_modules/plain/index.js", "module.exports = 'not for us'"
    ),
    "a package is gone, and an outer one is found": lambda app: shutil.rmtree(app.root / "app/node_modules/plain"),
    "a package's main is another file": lambda app: app.write("app/packed/package.json", '{"main": "./other.js" }'),
    "a package gets a main": lambda app: (
        app.write("app/node_modules/plain/new.js", "module.exports = 'the new main'"),
        app.write("app/node_modules/plain/package.json", '{"main": "new.js"}'),
    ),
    "a file where a folder was found": lambda app: app.write("app/folder.js", "module.exports = 'a file now'"),
    "a file of a package where its folder was found": lambda app: app.write(
        "app/node_modules/plain/sub.js", "module.exports = 'a file now'"
    ),
    "a link leads elsewhere": lambda app: (
        (app.root / "app/node_modules/linked").unlink(),
        (app.root / "app/node_modules/linked").symlink_to(app.root / "workspace/second"),
    ),
    "a file is gone": lambda app: (app.root / "app/local.js").unlink(),
    "a file is gone, another has its name": lambda app: (
        (app.root / "app/local.js").unlink(),
        app.write("app/local.json", '"data now"'),
    ),
    "a file outside of the program's directory is gone": lambda app: (app.root / "outside.js").unlink(),
    "a scope appears nearer": lambda app: app.write(
        "app/node_modules/@scope/pack/index.cjs", "module.exports = 'never found: not asked for'"
    ),
    "a package that wasn't found is installed": lambda app: app.write(
        "app/node_modules/deep/inner/index.js", "module.exports = 'behind the file'"
    ),
    "all packages were installed anew": lambda app: (
        shutil.move(app.root / "app/node_modules", app.root / "old"),
        shutil.copytree(app.root / "old", app.root / "app/node_modules", symlinks=True),
        app.write("app/node_modules/plain/index.js", "module.exports = 'a new version'"),
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_after_a_change_the_same_is_found_as_without(app, change):
    app.learn()
    CHANGES[change](app)
    expected = app.run(remembering=False)
    assert app.run() == expected
    assert app.run() == expected, "and learned anew"


def test_control_these_changes_matter(app):
    """Most of them change what is found; who goes on believing the file would load something else."""
    before, differ = app.run(remembering=False), 0
    for number, change in enumerate(CHANGES):
        (app.root / str(number)).mkdir()
        other = App(app.root / str(number))
        CHANGES[change](other)
        differ += other.run(remembering=False) != before
    assert differ >= len(CHANGES) - 3


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"here": 1}', "null"])
def test_a_damaged_file_is_written_anew(app, damage):
    plain = app.run(remembering=False)
    app.kept.write_text(damage)
    assert app.run() == plain
    assert "here" in json.loads(app.kept.read_text())
    assert len(app.kept.read_text()) > 500


def test_another_node_or_other_options_learn_anew(app):
    app.learn()
    kept = json.loads(app.kept.read_text())
    here = json.loads(kept["here"])
    (key,) = [key for key in kept["paths"] if key.startswith("./local\0")]
    kept["paths"][key] = str(app.root / "app/folder/index.js")
    app.kept.write_text(json.dumps({**kept, "here": json.dumps([here[0], "v0.0.1", *here[2:]])}))
    assert "./local local" in app.run()
    app.kept.write_text(json.dumps(kept))
    assert "./local local" in app.run(NODE_PATH=str(app.root / "workspace"))


def test_what_changed_while_the_program_ran_is_not_written_down(app):
    app.run(MEANWHILE=str(app.root / "app/folder.js"))
    assert not app.kept.exists()
    app.learn()


def test_where_nothing_can_be_written_the_program_runs_all_the_same(app):
    app.kept.parent.rmdir()
    assert "./local local" in app.run()
