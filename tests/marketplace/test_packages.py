import asyncio
import copy
import json
import shutil

import pytest

from launcher import native
from launcher.marketplace import stamps
from launcher.marketplace.npm_tree import npm_difference
from launcher.marketplace.packages import NodePackages, install_command, look
from launcher.marketplace.project import find_project, npm_command, resolve_module
from launcher.plan.step import CommandResult, Run, Skip, StepFailed
from tests.support.marketplace import write

PACKAGE = {"name": "shop", "dependencies": {"left": "^1.0.0"}, "devDependencies": {"right": "^2.0.0"}}
LOCKED = {
    "node_modules/left": {"version": "1.0.1"},
    "node_modules/right": {"version": "2.0.0", "dev": True},
    "node_modules/right/node_modules/left": {"version": "1.9.9"},
    "node_modules/fsevents": {"version": "2.3.3", "optional": True},
}
LOCK = {"lockfileVersion": 3, "packages": {"": PACKAGE, **LOCKED}}
ONE_PROJECT = {"package.json": PACKAGE, "package-lock.json": LOCK}
INSTALLED = {name: entry for name, entry in LOCKED.items() if name != "node_modules/fsevents"}


def install(root, packages=INSTALLED):
    write(root, {"node_modules/.package-lock.json": {"lockfileVersion": 3, "packages": packages}})
    write(root, {f"{name}/package.json": {} for name in packages})


@pytest.fixture
def shop(context):
    write(context.root, {"package.json": PACKAGE, "package-lock.json": LOCK})
    context.does = lambda _argv, _env: install(context.root)
    return context


def check(context):
    return asyncio.run(NodePackages().check(context))


def run(context):
    return asyncio.run(NodePackages().run(context))


def test_a_directory_without_packages_needs_none(context):
    assert check(context) == Skip("there is no package.json")


def test_packages_are_installed_once_and_then_left_alone(shop):
    assert check(shop) == Run("left, right are not installed")
    shop.env["NODE_ENV"] = "production"
    run(shop)
    (argv,) = shop.ran
    assert argv[-3:] == ["ci", "--no-audit", "--no-fund"]
    assert not argv[0].endswith((".cmd", ".bat"))
    assert shop.environments[0]["NODE_ENV"] == "development"  # else npm leaves the build tools out
    assert check(shop) == Skip("packages, lock file and Node are unchanged")


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (lambda shop: write(shop.root, {"package-lock.json": {**LOCK, "x": 1}}), "lock file changed"),
        (
            lambda shop: write(shop.root, {"package.json": {**PACKAGE, "overrides": {"a": "1"}}}),
            "package.json changed",
        ),
        (lambda shop: install(shop.root, {**INSTALLED, "node_modules/more": {}}), "installed changed"),
        (lambda shop: shutil.rmtree(shop.root / "node_modules/left"), "left is not installed"),
        (lambda shop: setattr(shop, "fresh", True), "--fresh was asked for"),
    ],
)
def test_what_changed_is_told_and_leads_to_an_install(shop, edit, reason):
    run(shop)
    edit(shop)
    assert check(shop) == Run(reason)


def test_another_node_major_leads_to_an_install_and_a_minor_does_not(shop, monkeypatch):
    run(shop)
    for version, expected in (("v20.99.0", Skip), ("v22.0.0", Run)):
        shop.fingerprints.forget("node-version")
        monkeypatch.setattr("tests.support.marketplace.NODE", version)
        assert isinstance(check(shop), expected)


def by_hand(shop, version="1.0.2"):
    """`npm install left@VERSION` by somebody else than us."""
    package = {**PACKAGE, "dependencies": {"left": f"^{version}"}}
    locked = {**LOCKED, "node_modules/left": {"version": version}}
    write(shop.root, {"package.json": package})
    write(shop.root, {"package-lock.json": {**LOCK, "packages": {"": package, **locked}}})
    install(shop.root, {name: entry for name, entry in locked.items() if name != "node_modules/fsevents"})


def test_what_somebody_installed_by_hand_is_kept_when_the_lock_file_agrees(shop):
    run(shop)
    by_hand(shop)
    assert check(shop) == Skip("installed already, exactly as the lock file says")
    assert check(shop) == Skip("packages, lock file and Node are unchanged")


def test_what_was_installed_by_hand_is_not_kept_for_another_node(shop, monkeypatch):
    run(shop)
    by_hand(shop)
    assert isinstance(check(shop), Skip)
    shop.fingerprints.forget("node-version")
    monkeypatch.setattr("tests.support.marketplace.NODE", "v22.0.0")
    assert check(shop) == Run("Node changed")
    by_hand(shop, "1.0.3")
    assert isinstance(check(shop), Run)


def test_a_lock_file_that_was_pulled_and_not_installed_yet_leads_to_an_install(shop):
    run(shop)
    trace = (shop.root / "node_modules/.package-lock.json").read_text()
    by_hand(shop)
    write(shop.root, {"node_modules/.package-lock.json": trace})
    assert check(shop) == Run("lock file and package.json changed")


def test_a_package_of_a_package_that_was_deleted_leads_to_an_install(shop):
    run(shop)
    shutil.rmtree(shop.root / "node_modules/right/node_modules/left")
    assert check(shop) == Run("right/node_modules/left is not installed")


@pytest.mark.parametrize(
    ("name", "text", "runs"),
    [
        ("patches/left.patch", "diff", True),
        ("package.json", {**PACKAGE, "scripts": {"postinstall": "patch-package"}}, True),
        ("package.json", {**PACKAGE, "scripts": {"dev": "medusa develop"}}, False),
    ],
)
def test_what_an_install_does_besides_is_looked_at_too(shop, name, text, runs):
    run(shop)
    write(shop.root, {name: text})
    assert isinstance(check(shop), Run if runs else Skip)


def test_the_wishes_of_a_workspaces_members_count(shop):
    member = {"dependencies": {"left": "^1.0.0"}}
    write(shop.root, {"package.json": {**PACKAGE, "workspaces": ["apps/*"]}, "apps/web/package.json": member})
    run(shop)
    assert isinstance(check(shop), Skip)
    write(shop.root, {"apps/web/package.json": {"dependencies": {"left": "^1.1.0"}}})
    assert check(shop) == Run("package.json changed")


def test_packages_restored_from_a_cache_say_themselves_what_they_are(shop):
    run(shop)
    shop.fingerprints.kept.clear()
    assert check(shop) == Skip("packages, lock file and Node are unchanged")
    stamp = stamps.read(shop.root / "node_modules")
    older = stamps.Stamp(stamp.key, {**stamp.value, "Node": "18"})
    stamps.write(shop.root / "node_modules", older)
    assert check(shop) == Run("Node changed")


@pytest.mark.linux_only("its programs are scripts")
def test_a_version_managers_shim_is_asked_every_time(shop, monkeypatch, tmp_path):
    shims = tmp_path / "shims"
    shims.mkdir()
    for name in ("node", "npm"):
        (shims / name).write_text("#!/bin/sh\n")
        (shims / name).chmod(0o755)
    shop.env["PATH"] = f"{shims}:{shop.env['PATH']}"
    run(shop)
    monkeypatch.setattr("tests.support.marketplace.NODE", "v22.0.0")  # as a .tool-versions file may say
    assert check(shop) == Run("Node changed")


def test_a_script_added_to_package_json_changes_nothing(shop):
    run(shop)
    write(shop.root, {"package.json": {**PACKAGE, "scripts": {"hello": "echo"}}})
    assert isinstance(check(shop), Skip)


def test_node_modules_installed_by_hand_are_accepted_when_they_are_what_the_lock_file_says(shop):
    install(shop.root)
    assert check(shop) == Skip("installed already, exactly as the lock file says")
    assert shop.ran == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            lambda lock, have: have.pop("node_modules/right/node_modules/left"),
            "right/node_modules/left is not installed",
        ),
        (
            lambda lock, have: have["node_modules/left"].update(version="1.0.0"),
            "node_modules/left is installed in another",
        ),
        (
            lambda lock, have: have.update({"node_modules/extra": {}}),
            "node_modules/extra is installed and not in the lock",
        ),
        (lambda lock, have: lock[""]["dependencies"].update(new="1"), "package.json asks for something else"),
    ],
)
def test_node_modules_that_differ_are_installed_again(shop, change, reason):
    lock, have = copy.deepcopy(LOCK["packages"]), copy.deepcopy(INSTALLED)
    change(lock, have)
    write(shop.root, {"package-lock.json": {"packages": lock}})
    install(shop.root, have)
    write(shop.root, {"node_modules/left/package.json": {}, "node_modules/right/package.json": {}})
    assert reason in npm_difference(shop.root)
    assert reason in check(shop).reason


def test_a_lock_file_out_of_step_is_named_with_its_remedy(shop):
    tail = ("npm error `npm ci` can only install packages when your package.json and package-lock.json are in sync.",)
    shop.does = lambda _argv, _env: CommandResult(1, tail, 1.0)
    with pytest.raises(StepFailed, match=r"package\.json and package-lock\.json do not agree") as raised:
        run(shop)
    assert "npm install" in raised.value.remedy
    assert raised.value.tail == tail
    assert shop.fingerprints.kept.keys() == {"node-version"}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("npm error code ENOTFOUND", "network"),
        ("ENOSPC: no space", "disk is full"),
        ("EACCES: denied", "written"),
        ("x", "npm install"),
    ],
)
def test_other_failures_have_their_own_remedies(shop, line, words):
    shop.does = lambda _argv, _env: CommandResult(1, (line,), 1.0)
    with pytest.raises(StepFailed, match="ended with exit code 1") as raised:
        run(shop)
    assert words in raised.value.remedy


def test_an_install_that_installs_nothing_is_not_believed(shop):
    shop.does = lambda _argv, _env: None
    with pytest.raises(StepFailed, match="left, right are not installed"):
        run(shop)


def test_without_a_lock_file_npm_makes_one(shop):
    (shop.root / "package-lock.json").unlink()
    run(shop)
    assert "install" in shop.ran[0]


def test_a_broken_package_json_is_told(shop):
    write(shop.root, {"package.json": "{ broken"})
    with pytest.raises(StepFailed, match=r"package\.json cannot be read"):
        check(shop)


def tool(root, name):
    name += ".cmd" if native.IS_WINDOWS else ""
    path = root / "bin" / name
    write(root, {f"bin/{name}": "#!/bin/sh\n"})
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"yarn.lock": "__metadata:\n  version: 8"}, ["YARN", "install", "--immutable"]),
        ({"yarn.lock": "# yarn lockfile v1"}, ["YARN", "install", "--frozen-lockfile"]),
        ({"pnpm-lock.yaml": "lockfileVersion: 9"}, ["PNPM", "install", "--frozen-lockfile"]),
        (
            {"yarn.lock": "", "pnpm-lock.yaml": "", "package.json": {"packageManager": "pnpm@10.11.1"}},
            ["PNPM", "install", "--frozen-lockfile"],
        ),
    ],
)
def test_the_manager_is_the_one_the_repository_uses(context, tmp_path, files, expected):
    tools = {"YARN": tool(tmp_path, "yarn"), "PNPM": tool(tmp_path, "pnpm")}
    context.env["PATH"] = str(tmp_path / "bin")
    write(context.root, files)
    command = install_command(context, find_project(context.root, context.root))
    assert command == [tools.get(part, part) for part in expected]


def test_a_yarn_that_the_repository_carries_is_run_by_node(context):
    write(
        context.root,
        {"yarn.lock": "__metadata:", ".yarnrc.yml": "yarnPath: .yarn/y.cjs\n", ".yarn/y.cjs": ""},
    )
    command = install_command(context, find_project(context.root, context.root))
    assert command == ["node", str(context.root / ".yarn/y.cjs"), "install", "--immutable"]


def test_a_manager_that_is_not_there_is_named(context):
    context.env["PATH"] = ""
    write(context.root, {"pnpm-lock.yaml": ""})
    with pytest.raises(StepFailed, match=r"uses pnpm \(pnpm-lock\.yaml\)") as raised:
        install_command(context, find_project(context.root, context.root))
    assert "corepack enable pnpm" in raised.value.remedy


def test_a_workspace_is_installed_where_its_lock_file_is(context):
    write(context.root, {"pnpm-lock.yaml": "", "pnpm-workspace.yaml": "", "apps/backend/package.json": {}})
    project = find_project(context.root / "apps/backend", context.root)
    assert (project.directory, project.manager) == (context.root, "pnpm")


def test_a_storefront_in_the_backends_folder_is_not_installed_by_the_backends_lock_file(context):
    write(context.root, {"package.json": {}, "package-lock.json": LOCK, "storefront/package.json": {}})
    project = find_project(context.root / "storefront", context.root)
    assert (project.directory, project.lock) == (context.root / "storefront", None)


def test_what_is_installed_for_the_backend_alone_is_missing_to_the_storefront_in_its_folder(context):
    """Node would find it, in the backend's version."""
    both = {f"{part}{name}": text for part in ("", "storefront/") for name, text in ONE_PROJECT.items()}
    write(context.root, both)
    install(context.root)
    assert look(context.root, context.root).missing is None
    storefront = look(context.root / "storefront", context.root)
    assert storefront.missing == "left, right are"
    install(context.root / "storefront")
    assert look(context.root / "storefront", context.root).missing is None


def test_what_a_workspace_installs_above_is_there(context):
    write(context.root, {"package.json": {"workspaces": ["apps/*"]}, "package-lock.json": LOCK})
    write(context.root, {"apps/shop/package.json": PACKAGE})
    install(context.root)
    assert look(context.root / "apps" / "shop", context.root).missing is None


def test_a_lock_file_above_the_checkout_is_not_ours(context):
    write(context.root.parent, {"yarn.lock": ""})
    assert find_project(context.root, context.root).lock is None


@pytest.mark.linux_only("npm and its shims lie elsewhere there")
def test_npm_is_run_as_a_script_of_node_however_it_was_found(context, tmp_path):
    script = tmp_path / "lib/node_modules/npm/bin/npm-cli.js"
    write(tmp_path, {"lib/node_modules/npm/bin/npm-cli.js": ""})
    tool(tmp_path, "npm")
    context.env["PATH"] = str(tmp_path / "bin")
    assert npm_command(context) == ["node", str(script)]
    shim = tmp_path / "shims/bin"
    write(shim, {"npm": f'#!/bin/sh\nexec "/n/bin/node" "{script}" "$@"\n'})
    (shim / "npm").chmod(0o755)
    context.env["PATH"] = str(shim)
    assert npm_command(context) == ["node", str(script)]


def test_without_npm_or_node_the_remedy_is_told(shop):
    shop.env["PATH"] = ""
    with pytest.raises(StepFailed, match="node was not found") as raised:
        check(shop)
    assert "rxlaunch[embedded]" in raised.value.remedy
    with pytest.raises(StepFailed, match="npm was not found"):
        npm_command(shop)


def test_modules_are_found_as_node_finds_them(tmp_path):
    write(tmp_path, {"node_modules/next/dist/bin/next": "up", "a/b/node_modules/next/dist/bin/next": "near"})
    assert resolve_module(tmp_path / "a/b", "next", "dist", "bin", "next").read_text() == "near"
    assert resolve_module(tmp_path / "a", "next", "dist", "bin", "next").read_text() == "up"
    assert resolve_module(tmp_path / "a", "nowhere") is None


@pytest.mark.not_under_wine("there is no Node for it")
def test_a_real_npm_installs_what_the_check_then_accepts(context):
    """Offline: the only dependency is a directory of the project."""
    if shutil.which("npm") is None:
        pytest.skip("needs npm")
    package = {"name": "shop", "version": "1.0.0", "dependencies": {"left": "file:left"}}
    lock = {
        "name": "shop",
        "version": "1.0.0",
        "lockfileVersion": 3,
        "requires": True,
        "packages": {
            "": package,
            "left": {"version": "1.0.0"},
            "node_modules/left": {"resolved": "left", "link": True},
        },
    }
    write(context.root, {"package.json": package, "package-lock.json": lock})
    write(context.root, {"left/package.json": {"name": "left", "version": "1.0.0"}})

    async def really(argv, *, env=None, cwd=None, **_):
        process = await asyncio.create_subprocess_exec(
            *argv, cwd=cwd, env={**context.env, **(env or {})}, stdout=-1, stderr=-2
        )
        output, _ = await process.communicate()
        return CommandResult(process.returncode, tuple(output.decode().splitlines()[-20:]), 1.0)

    context.run = really
    assert isinstance(check(context), Run)
    run(context)
    assert check(context) == Skip("packages, lock file and Node are unchanged")
    context.fingerprints.kept.clear()
    assert check(context) == Skip("packages, lock file and Node are unchanged")  # node_modules say so themselves
    context.fingerprints.kept.clear()
    (context.root / "node_modules" / stamps.NAME).unlink()
    assert check(context) == Skip("installed already, exactly as the lock file says")
    write(context.root, {"package.json": {**package, "dependencies": {"left": "file:left", "new": "file:new"}}})
    write(context.root, {"new/package.json": {"name": "new", "version": "1.0.0"}})
    with pytest.raises(StepFailed, match="do not agree"):
        run(context)
    assert json.loads((context.root / "package-lock.json").read_text()) == lock
