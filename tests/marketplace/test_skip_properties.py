"""Any edits, in any order: exactly the affected tasks run again, and no result is taken for that of other inputs."""

import asyncio
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from launcher.marketplace.admin_build import MedusaBuild
from launcher.marketplace.next_build import NextBuild
from launcher.marketplace.packages import NodePackages
from launcher.plan.step import CommandResult, Skip
from tests.support.marketplace import Context, Fingerprints, write

PACKAGE = {"dependencies": {"left": "1"}}
LOCK = {"packages": {"": PACKAGE, "node_modules/left": {"version": "1"}}}
TREE = {
    "package.json": PACKAGE,
    "package-lock.json": LOCK,
    "medusa-config.ts": "config",
    "tsconfig.json": "{}",
    "README.md": "read me",
    ".env": "A=1",
    "src/api/route.ts": "route",
    "src/admin/page.tsx": "page",
    "launcher_assets/runtime-config.js": "ports",
    "storefront/package.json": PACKAGE,
    "storefront/package-lock.json": LOCK,
    "storefront/next.config.ts": "process.env.IMAGES",
    "storefront/README.md": "read me",
    "storefront/src/page.tsx": "process.env.NEXT_PUBLIC_TITLE",
    "patches/left.patch": "",
}
BOTH = {"install", "storefront-install"}
BUILDS = {"admin-build", "storefront-build"}
FILES = {  # what is edited → the tasks that it concerns
    "medusa-config.ts": {"admin-build"},
    "tsconfig.json": {"admin-build", "storefront-build"},  # a storefront below may extend it
    "src/api/route.ts": {"admin-build"},
    "src/admin/page.tsx": {"admin-build"},
    "src/admin/widget.tsx": {"admin-build"},
    "storefront/next.config.ts": {"storefront-build"},
    "storefront/src/page.tsx": {"storefront-build"},
    "storefront/.env.local": {"storefront-build"},
    "package-lock.json": {"install", "admin-build"},
    "storefront/package-lock.json": {"storefront-install", "storefront-build"},
    "patches/left.patch": {"install", "admin-build"},
    "README.md": set(),
    "storefront/README.md": set(),
    ".env": set(),
    "launcher_assets/runtime-config.js": set(),
}
VARIABLES = {
    "VITE_TITLE": {"admin-build"},
    "MEDUSA_FF_INDEX": {"admin-build"},
    "NEXT_PUBLIC_TITLE": {"storefront-build"},
    "NEXT_PUBLIC_NOBODY_READS_IT": set(),
    "IMAGES": {"storefront-build"},
    "MEDUSA_BACKEND_URL": set(),
    "STRIPE_KEY": set(),
}
OUTPUTS = {  # what is deleted → the task whose result is no longer whole
    "node_modules/left": {"install"},
    "storefront/node_modules/left": {"storefront-install"},
    ".medusa/server/public/admin/assets/later-B2.js": {"admin-build"},
    ".medusa/server/src/api/route.js": {"admin-build"},
    "storefront/.next/static/chunk.js": {"storefront-build"},
    "storefront/.next/server/page.js": {"storefront-build"},
}
DIRECTORY = {"storefront-install": "storefront", "storefront-build": "storefront"}
ACTIONS = {
    "install": NodePackages,
    "storefront-install": NodePackages,
    "admin-build": MedusaBuild,
    "storefront-build": NextBuild,
}
INSTALLED = {"node_modules/.package-lock.json": {"packages": {"node_modules/left": {"version": "1"}}}}
RESULTS = {
    "install": {**INSTALLED, "node_modules/left/package.json": "{}", "node_modules/@medusajs/cli/cli.js": ""},
    "storefront-install": {
        **{f"storefront/{name}": each for name, each in INSTALLED.items()},
        "storefront/node_modules/left/package.json": "{}",
        "storefront/node_modules/next/dist/bin/next": "",
    },
    "admin-build": {
        ".medusa/server/medusa-config.js": "config",
        ".medusa/server/src/api/route.js": "route",
        ".medusa/server/public/admin/index.html": '<script type="module" src="/app/assets/index-A1.js"></script>',
        ".medusa/server/public/admin/assets/index-A1.js": 'var a="/",b="session";',
        ".medusa/server/public/admin/assets/later-B2.js": "later",
    },
    "storefront-build": {
        "storefront/.next/BUILD_ID": "one",
        "storefront/.next/build-manifest.json": "{}",
        "storefront/.next/static/chunk.js": "chunk",
        "storefront/.next/server/page.js": "page",
    },
}


class Checkout(RuleBasedStateMachine):
    """A made-up checkout, and a model of it: what each task was last done with, and what is there now."""

    def __init__(self):
        super().__init__()
        self.place = Path(tempfile.mkdtemp(prefix="rx-"))
        self.root = write(self.place / "shop", TREE)
        self.env = {**dict.fromkeys(VARIABLES, "as it was"), "PATH": str(self.place)}
        (self.place / "node").write_text("not started")
        (self.place / "node").chmod(0o755)
        (self.place / "npm").write_text("")
        (self.place / "npm").chmod(0o755)
        self.node = "v20.1.0"
        self.prints = Fingerprints()
        self.now: dict[str, object] = {}  # everything that differs from how it was at first
        self.done = {}  # task → what it was done with
        for name in ACTIONS:
            self.work(name)

    def teardown(self):
        shutil.rmtree(self.place, ignore_errors=True)

    # --- the product --------------------------------------------------------------------------------------------

    def context(self, name):
        made = Context(self.root, self.root / DIRECTORY.get(name, "."), unit=name, env=dict(self.env))
        made.fingerprints = self.prints

        async def run(argv, **_):
            if list(argv) == ["node", "--version"]:
                return CommandResult(0, (self.node,), 0.0)
            write(self.root, RESULTS[name])
            return CommandResult(0, (), 1.0)

        made.run = run
        return made

    def skipped(self):
        async def ask():
            return {name: await ACTIONS[name]().check(self.context(name)) for name in ACTIONS}

        return {name for name, found in asyncio.run(ask()).items() if isinstance(found, Skip)}

    def work(self, name):
        asyncio.run(ACTIONS[name]().run(self.context(name)))
        self.now = {what: value for what, value in self.now.items() if name not in OUTPUTS.get(what, ())}
        self.done[name] = self.concerning(name)

    # --- the model ----------------------------------------------------------------------------------------------

    def concerning(self, name):
        concerns = {**FILES, **VARIABLES, **OUTPUTS, "node": BOTH | BUILDS}
        return {what: value for what, value in self.now.items() if name in concerns[what]}

    def differs(self, what, value, original):
        self.now = {**self.now, what: value}
        if value == original:
            del self.now[what]

    # --- what may happen ----------------------------------------------------------------------------------------

    @rule(name=st.sampled_from(sorted(FILES)), text=st.sampled_from([None, "one", "two"]))
    def edit(self, name, text):
        """Another content, or the one from the beginning again (None)."""
        path, original = self.root / name, TREE.get(name)
        is_manifest = name.endswith("lock.json")
        if text is None and original is None:
            path.unlink(missing_ok=True)
        else:
            changed = {**LOCK, "edit": text} if is_manifest else f"{original or ''}\n// {text}"
            write(self.root, {name: original if text is None else changed})
        self.differs(name, text, None)

    @rule(name=st.sampled_from(sorted(VARIABLES)), value=st.sampled_from(["as it was", "other", ""]))
    def set(self, name, value):
        self.env[name] = value
        self.differs(name, value, "as it was")

    @rule(version=st.sampled_from(["v20.1.0", "v22.0.0"]))
    def change_node(self, version):
        self.node = version
        self.prints.forget("node-version")  # as if its file were another one
        self.differs("node", version, "v20.1.0")

    @rule(name=st.sampled_from(sorted(OUTPUTS)))
    def delete(self, name):
        path = self.root / name
        shutil.rmtree(path, ignore_errors=True)
        path.unlink(missing_ok=True)
        self.now = {**self.now, name: "deleted"}

    @rule(name=st.sampled_from(sorted(TREE)))
    def touch(self, name):
        (self.root / name).touch()

    @rule(name=st.sampled_from(sorted(ACTIONS)))
    def do(self, name):
        self.work(name)

    @precondition(lambda self: not self.now)
    @rule()
    def move(self):
        """To another machine, with the results and without what this one remembers."""
        moved = self.place / f"moved-{len(list(self.place.iterdir()))}"
        shutil.copytree(self.root, moved, symlinks=True)
        self.root, self.prints = moved, Fingerprints()

    @invariant()
    def exactly_what_was_done_with_what_is_there_is_skipped(self):
        expected = {name for name in ACTIONS if self.concerning(name) == self.done[name]}
        assert self.skipped() == expected, (self.now, self.done)


def test_every_kind_of_edit_is_about_tasks_that_exist():
    named = set().union(*FILES.values(), *VARIABLES.values(), *OUTPUTS.values())
    assert named == ACTIONS.keys() == RESULTS.keys()


TestCheckout = pytest.mark.not_under_wine("its links on a drive lead nowhere")(Checkout.TestCase)
TestCheckout.settings = settings(max_examples=20, stateful_step_count=15, deadline=None)
