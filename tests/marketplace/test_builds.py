import asyncio

import pytest

from launcher.marketplace import stamps
from launcher.marketplace.admin_build import MedusaBuild, baked_origins, lost_files
from launcher.marketplace.next_build import NextBuild
from launcher.marketplace.persistent import link_directory
from launcher.plan.step import CommandResult, Run, Skip, StepFailed
from tests.support.marketplace import write

BACKEND = {
    "package.json": {},
    "package-lock.json": {"a": 1},
    "medusa-config.ts": "config",
    "tsconfig.json": "{}",
    "src/admin/page.tsx": "page",
    "src/api/route.ts": "route",
    "node_modules/@medusajs/cli/cli.js": "",
    "public/admin/index.html": "the project's own",
}
PAGE = '<script type="module" src="/app/assets/index-A1.js"></script><link rel="stylesheet" href="/app/assets/a-1.css">'
BUILT = {
    ".medusa/server/medusa-config.js": "config",
    ".medusa/server/public/admin/index.html": PAGE,
    ".medusa/server/public/admin/assets/index-A1.js": 'var a="/",b="session";',
    ".medusa/server/public/admin/assets/a-1.css": "",
}


def check(kind, context):
    return asyncio.run(kind().check(context))


def run(kind, context):
    return asyncio.run(kind().run(context))


@pytest.fixture
def backend(context):
    write(context.root, BACKEND)
    context.does = lambda _argv, _env: write(context.root, BUILT) and CommandResult(0, (), 53.0)
    return context


@pytest.fixture
def built(backend):
    run(MedusaBuild, backend)
    return backend


@pytest.mark.not_under_wine("its links on a drive lead nowhere")
def test_the_admin_is_built_once_for_any_port(backend):
    assert check(MedusaBuild, backend) == Run("it was not done by rxlaunch yet")
    backend.env.update(MEDUSA_BACKEND_URL="http://127.0.0.1:9001", NODE_ENV="development")
    run(MedusaBuild, backend)
    assert backend.ran == [["node", str(backend.root / "node_modules/@medusajs/cli/cli.js"), "build"]]
    assert backend.environments[0]["MEDUSA_BACKEND_URL"] == "/"
    assert backend.environments[0]["NODE_ENV"] == "production"
    assert check(MedusaBuild, backend) == Skip("sources, packages and build are unchanged")
    backend.env["MEDUSA_BACKEND_URL"] = "http://127.0.0.1:9002"
    backend.ports["backend"] = 9002
    assert isinstance(check(MedusaBuild, backend), Skip)
    assert backend.reports == []
    assert (backend.root / "public/admin/index.html").read_text() == "the project's own"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("src/admin/page.tsx", "sources changed"),
        ("src/api/route.ts", "sources changed"),
        ("src/new.ts", "sources changed"),
        ("medusa-config.ts", "sources changed"),
        ("tsconfig.json", "sources changed"),
        ("package-lock.json", "lock file changed"),
        (".medusa/server/public/admin/index.html", "the build changed"),
        (".medusa/server/medusa-config.js", "the build changed"),
    ],
)
def test_every_kind_of_change_leads_to_a_build(built, name, reason):
    write(built.root, {name: "changed"})
    assert check(MedusaBuild, built) == Run(reason)


@pytest.mark.parametrize("name", [".env", "README.md", "launcher_assets/runtime-config.js", "src/node_modules/x.js"])
def test_what_is_no_source_leads_to_no_build(built, name):
    write(built.root, {name: "changed"})
    assert isinstance(check(MedusaBuild, built), Skip)


def test_a_deleted_source_leads_to_a_build(built):
    (built.root / "src/api/route.ts").unlink()
    assert check(MedusaBuild, built) == Run("sources changed")


@pytest.mark.parametrize("name", ["VITE_TITLE", "ADMIN_BACKEND_URL"])
def test_a_value_that_is_baked_into_the_admin_leads_to_a_build(built, name):
    built.env["ADMIN_CORS"] = "http://localhost:9002"
    assert isinstance(check(MedusaBuild, built), Skip)
    built.env[name] = "changed"
    assert check(MedusaBuild, built) == Run("admin variables changed")


def test_a_missing_hashed_asset_is_found_before_the_user_finds_it(built):
    (built.root / ".medusa/server/public/admin/assets/index-A1.js").unlink()
    assert check(MedusaBuild, built) == Run("the admin's page names assets/index-A1.js, which is not there")


@pytest.mark.parametrize("name", ["public/admin/assets/later-B2.js", "src/api/route.js"])
def test_a_file_of_the_build_that_is_gone_leads_to_a_build(backend, name):
    more = {f".medusa/server/{name}": "loaded later"}
    backend.does = lambda _argv, _env: write(backend.root, {**BUILT, **more}) and None
    run(MedusaBuild, backend)
    assert isinstance(check(MedusaBuild, backend), Skip)
    write(backend.root, {".medusa/server/static/image.png": "uploaded", ".medusa/server/backend.log": "of a run"})
    assert isinstance(check(MedusaBuild, backend), Skip)
    (backend.root / ".medusa/server" / name).unlink()
    assert check(MedusaBuild, backend) == Run("the build changed")


@pytest.mark.parametrize(
    ("name", "runs"),
    [
        ("lib/prices.ts", True),
        ("instrumentation.ts", True),
        ("storefront/src/page.tsx", False),
        ("tests/prices.ts", False),
        ("lib/notes.md", False),
    ],
)
def test_code_beside_src_is_compiled_too(backend, name, runs):
    write(backend.root, {"storefront/package.json": {}, "lib/prices.ts": "1"})
    run(MedusaBuild, backend)
    write(backend.root, {name: "changed"})
    assert isinstance(check(MedusaBuild, backend), Run if runs else Skip)


@pytest.mark.parametrize("kind", [MedusaBuild, NextBuild])
@pytest.mark.not_under_wine("its links on a drive lead nowhere")
def test_a_linked_package_is_a_source(kind, request):
    context = request.getfixturevalue("backend" if kind is MedusaBuild else "storefront")
    write(context.root, {"shared/package.json": {"name": "shared"}, "shared/src/index.ts": "1"})
    write(context.cwd, {"package.json": {"dependencies": {"shared": "file:shared", "real": "1"}}})
    write(context.cwd, {"node_modules/real/package.json": {}})
    link_directory(context.root / "shared", context.cwd / "node_modules" / "shared")
    run(kind, context)
    assert isinstance(check(kind, context), Skip)
    write(context.cwd, {"node_modules/real/index.js": "an installed package is the lock file's business"})
    assert isinstance(check(kind, context), Skip)
    write(context.root, {"shared/src/index.ts": "2"})
    assert "linked packages changed" in check(kind, context).reason


@pytest.mark.parametrize(
    ("config", "name", "runs"),
    [
        ("admin: { disable: process.env.WITHOUT_IT === 'true' }", "WITHOUT_IT", True),
        ("admin: { vite: () => ({ define: { A: process.env.COLOUR } }) }", "COLOUR", True),
        ("http: { jwtSecret: process.env.JWT_SECRET }, admin: {}", "JWT_SECRET", False),
        ("", "MEDUSA_FF_RBAC", True),
        ("", "DISABLE_MEDUSA_ADMIN", True),
    ],
)
def test_what_the_admins_configuration_reads_is_baked_in(backend, config, name, runs):
    write(backend.root, {"medusa-config.ts": config})
    backend.env[name] = "one"
    run(MedusaBuild, backend)
    backend.env[name] = "two"
    assert isinstance(check(MedusaBuild, backend), Run if runs else Skip)


@pytest.mark.parametrize("kind", [MedusaBuild, NextBuild])
def test_a_restored_build_says_itself_what_it_is_of(kind, request):
    context = request.getfixturevalue("built" if kind is MedusaBuild else "storefront")
    if kind is NextBuild:
        run(kind, context)
    context.fingerprints.kept.clear()  # another machine
    assert isinstance(check(kind, context), Skip)
    write(context.cwd, {"src/new.ts": "changed"})
    assert check(kind, context) == Run("sources changed")


def test_a_build_by_somebody_else_is_not_trusted(backend):
    write(backend.root, BUILT)
    assert isinstance(check(MedusaBuild, backend), Run)


@pytest.mark.not_under_wine("its links on a drive lead nowhere")
def test_an_address_that_the_project_bakes_in_is_reported(backend):
    baked = {".medusa/server/public/admin/assets/index-A1.js": 'var a="http://localhost:9001",b="session";'}
    backend.does = lambda _argv, _env: write(backend.root, {**BUILT, **baked}) and None
    run(MedusaBuild, backend)
    assert "http://localhost:9001" in backend.reports[0]
    assert baked_origins(backend.root / ".medusa/server/public/admin") == {"http://localhost:9001"}


@pytest.mark.parametrize(
    ("left_out", "words"),
    [
        (".medusa/server/medusa-config.js", "no compiled medusa-config"),
        (".medusa/server/public/admin/index.html", "index.html is not there"),
        (".medusa/server/public/admin/assets/a-1.css", r"assets/a-1\.css is not there"),
    ],
)
def test_a_build_that_left_something_out_is_not_believed(backend, left_out, words):
    files = {name: text for name, text in BUILT.items() if name != left_out}
    backend.does = lambda _argv, _env: write(backend.root, files) and None
    with pytest.raises(StepFailed, match=words):
        run(MedusaBuild, backend)


def test_a_backend_without_admin_is_built_and_skipped_too(backend):
    off = CommandResult(0, ("Skipping admin build, since its disabled inside the medusa-config file",), 9.0)
    files = {".medusa/server/medusa-config.js": "config"}
    backend.does = lambda _argv, _env: write(backend.root, files) and off
    run(MedusaBuild, backend)
    assert isinstance(check(MedusaBuild, backend), Skip)


def test_a_failed_build_is_told(backend):
    backend.does = lambda _argv, _env: CommandResult(1, ("TS2322",), 9.0)
    with pytest.raises(StepFailed, match="exit code 1") as raised:
        run(MedusaBuild, backend)
    assert raised.value.tail == ("TS2322",)


@pytest.mark.not_under_wine("its links on a drive lead nowhere")
def test_uploads_survive_a_build(built):
    """`medusa build` deletes its output; uploads go through a link to the root, or are moved there before."""
    output = built.root / ".medusa/server"
    (output / "static/image.png").write_text("uploaded through the link")
    assert (built.root / "static/image.png").read_text() == "uploaded through the link"
    (output / "static").unlink()
    write(output, {"static/late.png": "into a real directory", "static/image.png": "would overwrite"})

    def build(_argv, _env):
        assert not (output / "static").is_symlink()  # nothing that deletes recursively meets a link
        return write(built.root, BUILT) and None

    built.does = build
    run(MedusaBuild, built)
    assert (built.root / "static/late.png").read_text() == "into a real directory"
    assert (built.root / "static/image.png").read_text() == "uploaded through the link"
    assert (output / "static").is_symlink()
    assert not (output / "uploads").exists()


def test_files_that_the_admin_has_lost_are_named_those_too_that_only_a_visit_loads(backend):
    bundle = 'const __vite__mapDeps=(i,m=__vite__mapDeps,d=(m.f||(m.f=["assets/login-B2.js","assets/gone-C3.js"])))=>i;'
    index = "assets/index-A1.js"
    admin = ".medusa/server/public/admin"
    page = f'<script type="module" src="/app/{index}"></script>'
    write(backend.root, {f"{admin}/index.html": page, f"{admin}/{index}": bundle, f"{admin}/assets/login-B2.js": "x"})
    assert lost_files(backend.root) == ["assets/gone-C3.js"]
    write(backend.root, {f"{admin}/assets/gone-C3.js": "x"})
    assert lost_files(backend.root) == []
    (backend.root / admin / index).unlink()
    assert lost_files(backend.root) == [index]
    assert lost_files(backend.root / "nowhere") == []


# --- storefront -----------------------------------------------------------------------------------------------------

STOREFRONT = {
    "package.json": {},
    "package-lock.json": {},
    "next.config.js": "config",
    ".env.local": "A=1",
    "src/page.tsx": "process.env.NEXT_PUBLIC_TITLE",
    "public/logo.svg": "logo",
    "node_modules/next/dist/bin/next": "",
}
KEY = "NEXT_PUBLIC_MEDUSA_PUBLISHABLE_KEY"


@pytest.fixture
def storefront(context):
    context.cwd = write(context.root / "storefront", STOREFRONT)
    context.env.update({KEY: "pk_1", "NEXT_PUBLIC_TITLE": "Shop", "NEXT_PUBLIC_MEDUSA_BACKEND_URL": "http://h:9001"})

    def build(_argv, _env):
        write(context.cwd, {".next/BUILD_ID": "one", ".next/build-manifest.json": "{}", "next-env.d.ts": "generated"})

    context.does = build
    return context


def test_the_storefront_is_built_once(storefront):
    assert check(NextBuild, storefront) == Run("there is no build")
    run(NextBuild, storefront)
    assert storefront.ran == [["node", str(storefront.cwd / "node_modules/next/dist/bin/next"), "build"]]
    assert storefront.environments[0]["NODE_ENV"] == "production"
    assert isinstance(check(NextBuild, storefront), Skip)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("src/page.tsx", "sources changed"),
        ("public/logo.svg", "sources changed"),
        ("next.config.js", "sources changed"),
        (".env.local", "sources changed"),
        ("package-lock.json", "lock file changed"),
        (".next/BUILD_ID", "the build changed"),
        (".next/build-manifest.json", "the build changed"),
    ],
)
def test_every_kind_of_change_leads_to_a_storefront_build(storefront, name, reason):
    run(NextBuild, storefront)
    write(storefront.cwd, {name: "process.env.NEXT_PUBLIC_TITLE // changed"})
    assert reason in check(NextBuild, storefront).reason


def test_values_that_are_baked_in_lead_to_a_build_and_others_do_not(storefront):
    run(NextBuild, storefront)
    storefront.env["NEXT_PUBLIC_MEDUSA_BACKEND_URL"] = "http://h:9002"  # no source names it
    assert isinstance(check(NextBuild, storefront), Skip)
    storefront.env["NEXT_PUBLIC_TITLE"] = "Other"
    assert check(NextBuild, storefront) == Run("public values changed")
    storefront.env["NEXT_PUBLIC_TITLE"] = "Shop"
    storefront.env[KEY] = "pk_2"
    assert check(NextBuild, storefront) == Run("public values changed")


LOOKED_UP = (
    'const value = (name) => process.env[name]\nexport const url = () => value("NEXT_PUBLIC_MEDUSA_BACKEND_URL")'
)
INLINED = [
    "process.env.NEXT_PUBLIC_MEDUSA_BACKEND_URL",
    'process.env["NEXT_PUBLIC_MEDUSA_BACKEND_URL"]',
    "const { NEXT_PUBLIC_MEDUSA_BACKEND_URL } = process.env",
    LOOKED_UP + " // once NEXT_PUBLIC_MEDUSA_BACKEND_URL",
]


def moved(storefront, port):
    storefront.env["NEXT_PUBLIC_MEDUSA_BACKEND_URL"] = f"http://127.0.0.1:{port}"
    storefront.ports["backend"] = port


def test_a_build_that_looks_addresses_up_when_it_serves_outlives_another_port(storefront):
    write(storefront.cwd, {"src/settings.ts": LOOKED_UP})
    moved(storefront, 9001)
    run(NextBuild, storefront)
    moved(storefront, 9002)
    assert isinstance(check(NextBuild, storefront), Skip)
    storefront.env["NEXT_PUBLIC_MEDUSA_BACKEND_URL"] = "https://shop.example"
    assert check(NextBuild, storefront) == Run("public values changed"), "no address of this machine"


@pytest.mark.parametrize("source", INLINED, ids=range(len(INLINED)))
def test_an_address_that_next_writes_into_the_build_leads_to_one(storefront, source):
    write(storefront.cwd, {"src/settings.ts": source})
    moved(storefront, 9001)
    run(NextBuild, storefront)
    moved(storefront, 9002)
    assert check(NextBuild, storefront) == Run("public values changed")


@pytest.mark.parametrize("page", ["app/index.html", "app/index.rsc", "pages/shop.json"])
@pytest.mark.parametrize("address", ["http://127.0.0.1:9001/x", "http%3A%2F%2Flocalhost%3A9001"])
def test_a_page_that_was_generated_with_an_address_of_before_leads_to_a_build(storefront, page, address):
    write(storefront.cwd, {"src/settings.ts": LOOKED_UP})
    moved(storefront, 9001)
    build = storefront.does
    storefront.does = lambda *given: (build(*given), write(storefront.cwd, {f".next/server/{page}": address}))[0]
    run(NextBuild, storefront)
    assert isinstance(check(NextBuild, storefront), Skip)
    moved(storefront, 9002)
    assert check(NextBuild, storefront) == Run("its pages name port 9001, which the stack had before")
    moved(storefront, 9001)
    assert isinstance(check(NextBuild, storefront), Skip)


def test_a_page_that_next_made_anew_while_it_served_leads_to_a_build_and_a_strangers_address_does_not(storefront):
    write(storefront.cwd, {"src/settings.ts": LOOKED_UP})
    moved(storefront, 9001)
    run(NextBuild, storefront)
    moved(storefront, 9002)
    assert isinstance(check(NextBuild, storefront), Skip)
    write(storefront.cwd, {".next/server/app/index.html": "http://localhost:9002 http://localhost:9000/static/cup.png"})
    assert isinstance(check(NextBuild, storefront), Skip)
    moved(storefront, 9003)
    assert check(NextBuild, storefront) == Run("its pages name port 9002, which the stack had before")
    (storefront.cwd / ".next" / stamps.NAME).unlink()
    assert check(NextBuild, storefront) == Run("nothing tells on which ports it was built")


def test_what_next_config_reads_is_baked_in_and_other_values_are_not(storefront):
    write(storefront.cwd, {"next.config.js": "rewrites: () => process.env.MEDUSA_BACKEND_URL"})
    storefront.env.update(MEDUSA_BACKEND_URL="http://h:9001", STRIPE_KEY="one")
    run(NextBuild, storefront)
    storefront.env["STRIPE_KEY"] = "two"
    assert isinstance(check(NextBuild, storefront), Skip)
    storefront.env["MEDUSA_BACKEND_URL"] = "http://h:9002"
    assert check(NextBuild, storefront) == Run("public values changed")


@pytest.mark.parametrize("name", ["README.md", "LICENSE", ".next/server/app/page.html", "public/runtime-config.js"])
def test_what_is_written_beside_a_storefront_leads_to_no_build(storefront, name):
    storefront.options["runtime_config_path"] = "storefront/public/runtime-config.js"
    run(NextBuild, storefront)
    write(storefront.cwd, {name: "changed"})
    assert isinstance(check(NextBuild, storefront), Skip)


def test_a_chunk_that_is_gone_leads_to_a_build(storefront):
    build = storefront.does
    more = {".next/static/chunks/a.js": "1", ".next/server/page.js": "1"}
    storefront.does = lambda argv, env: build(argv, env) or (write(storefront.cwd, more) and None)
    for name in more:
        run(NextBuild, storefront)
        (storefront.cwd / name).unlink()
        assert check(NextBuild, storefront) == Run("the build changed")


def test_a_storefront_that_asks_the_backend_while_it_builds_is_told_so(storefront):
    storefront.does = lambda _argv, _env: CommandResult(1, ("Error: fetch failed ECONNREFUSED",), 5.0)
    with pytest.raises(StepFailed) as raised:
        run(NextBuild, storefront)
    assert 'backend = "healthy"' in raised.value.remedy


def test_a_build_without_a_build_id_is_not_believed(storefront):
    storefront.does = lambda _argv, _env: None
    with pytest.raises(StepFailed, match="BUILD_ID"):
        run(NextBuild, storefront)


def test_a_storefront_without_next_is_told(storefront):
    (storefront.cwd / "node_modules/next/dist/bin/next").unlink()
    with pytest.raises(StepFailed, match=r"Next\.js is not installed"):
        run(NextBuild, storefront)
