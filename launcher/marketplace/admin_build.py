"""Action medusa-build: the compiled backend and an admin that calls the origin it was loaded from.

The admin is built with MEDUSA_BACKEND_URL=/, so one build is right on any port (runbook R14) and ports are no input
of its fingerprint. `public/admin` at the root of the checkout belongs to the project and is not touched.
"""

import asyncio
import re
from pathlib import Path

from launcher.marketplace import backend_sources, persistent, stamps
from launcher.marketplace.fingerprint import ABSENT, file_digest, sizes_digest, text_digest, walk, why_stale
from launcher.marketplace.medusa import assets_of
from launcher.marketplace.project import medusa_cli, node_major, services_env
from launcher.plan.step import CommandResult, Outcome, Run, Skip, StepContext, StepFailed

KEY = "medusa-build"
OUTPUT = Path(".medusa", "server")
ADMIN = OUTPUT / "public" / "admin"
_BAKED = re.compile(r'"(https?://[^"]+|/)",\w+="session"')
_LOADED_LATER = re.compile(r"__vite__mapDeps=.{0,80}?\[([^\]]*)\]", re.DOTALL)
_CHUNK = re.compile(r'"(assets/[\w.-]+\.(?:js|css))"')
_LEFT_OUT = re.compile(r"admin-vite-plugin\] An error occurred while parsing the file\.? (.+)")
_CODE = frozenset({".js", ".mjs", ".cjs", ".json", ".css", ".html"})
_UPLOADS = frozenset({*persistent.ALWAYS, *persistent.IF_PRESENT, "private"})
_ADMIN_OFF = "Skipping admin build"


class MedusaBuild:
    """`medusa build`, when what goes in or what came out has changed."""

    async def check(self, context: StepContext) -> Skip | Run:
        """Skip when sources are those of the last build and the build is still what it was."""
        missing = await asyncio.to_thread(_missing_asset, context.cwd)
        if missing:
            return Run(f"the admin's page names {missing}, which is not there")
        stamp = stamps.read(context.cwd / OUTPUT)
        travelled = stamp.value if stamp and stamp.key == KEY else None
        current = {**await _inputs(context), "the build": await asyncio.to_thread(_output_identity, context.cwd)}
        stale = why_stale(context, KEY, current, travelled)
        return Run(stale) if stale else Skip("sources, packages and build are unchanged")

    async def run(self, context: StepContext) -> Outcome:
        """Build, prove what was baked in, and keep uploads out of the build directory."""
        before = await _inputs(context)
        await asyncio.to_thread(persistent.rescue, context.cwd, context.cwd / OUTPUT)
        env = {**services_env(context), "MEDUSA_BACKEND_URL": "/", "NODE_ENV": "production"}
        result = await context.run(["node", medusa_cli(context.cwd), "build"], env=env)
        if result.code != 0:
            raise StepFailed(
                f"medusa build ended with exit code {result.code}",
                remedy="the lines above name the file; `npx tsc --noEmit` in the backend shows type errors alone",
                tail=result.tail,
            )
        _refuse_left_out(result)
        _require_output(context.cwd, result)
        for problem in persistent.link(context.cwd, context.cwd / OUTPUT):
            context.report(problem)
        foreign = sorted(baked_origins(context.cwd / ADMIN) - {"/"})
        if foreign:
            context.report(
                f"the project itself writes {', '.join(foreign)} into its admin (admin.backendUrl in medusa-config): "
                "the admin will call that address, whatever port the backend has"
            )
        made = {**before, "the build": await asyncio.to_thread(_output_identity, context.cwd)}
        context.fingerprints.put(KEY, made)
        stamps.write(context.cwd / OUTPUT, stamps.Stamp(KEY, made))
        return Outcome(note=f"backend and admin built in {result.seconds:.0f} s")


def baked_origins(admin: Path) -> set[str]:
    """Which backend addresses are written into the admin's bundle."""
    found: set[str] = set()
    for bundle in (admin / "assets").glob("index-*.js"):
        found |= baked_in(bundle.read_text(encoding="utf-8", errors="replace"))
    return found


def baked_in(bundle: str) -> set[str]:
    """Which backend addresses are written into the text of a bundle."""
    return set(_BAKED.findall(bundle))


def chunks_of(bundle: str) -> list[str]:
    """The files that a bundle loads later, as vite lists them: "assets/login-BoKL8XfO.js", each once."""
    listed = _LOADED_LATER.search(bundle)
    return list(dict.fromkeys(_CHUNK.findall(listed[1]))) if listed else []


async def _inputs(context: StepContext) -> dict[str, str]:
    node = await node_major(context)
    return await asyncio.to_thread(backend_sources.inputs, context, node)


def _output_identity(backend: Path) -> str:
    """The page names its bundle by content hash, so the page identifies the whole admin; nothing of it may be gone.

    Only code counts: a running backend writes other files beside it.
    """
    output = backend / OUTPUT
    config = next(iter(sorted(output.glob("medusa-config.*js"))), None)
    code = [path for path in walk(output) if path.suffix in _CODE and path.name != stamps.NAME]
    code = [path for path in code if path.relative_to(output).parts[0] not in _UPLOADS]
    return text_digest(file_digest(backend / ADMIN / "index.html"), file_digest(config), sizes_digest(output, code))


def named_files(admin: Path) -> list[str]:
    """What a built admin loads, at once (its page names it) or later (a bundle does): "assets/login-BoKL8XfO.js"."""
    later = (
        name
        for bundle in sorted((admin / "assets").glob("index-*.js"))
        for name in chunks_of(bundle.read_text(encoding="utf-8", errors="replace"))
    )
    return list(dict.fromkeys([*_named_by_page(admin), *later]))


def _named_by_page(admin: Path) -> list[str]:
    page = (admin / "index.html").read_text(encoding="utf-8", errors="replace")
    addresses = (asset.address.partition("?")[0] for asset in assets_of(page) if "/assets/" in asset.address)
    return [f"assets/{address.rpartition('/assets/')[2]}" for address in addresses]


def lost_files(backend: Path) -> list[str]:
    """What the built admin loads and what isn't on the disk; nothing where there is no admin."""
    admin = backend / ADMIN
    named = named_files(admin) if (admin / "index.html").is_file() else []
    return [name for name in named if not (admin / name).is_file()]


def _missing_asset(backend: Path) -> str | None:
    """The first file that the admin's page needs and that isn't on the disk (runbook R13)."""
    admin = backend / ADMIN
    named = _named_by_page(admin) if (admin / "index.html").is_file() else []
    return next((name for name in named if not (admin / name).is_file()), None)


def _refuse_left_out(result: CommandResult) -> None:
    """Medusa leaves a page or widget that it cannot parse out of the admin, and ends well."""
    for number, line in enumerate(result.tail):
        found = _LEFT_OUT.search(line)
        if found:
            why = next(iter(result.tail[number + 1 :]), "it cannot be parsed")
            raise StepFailed(
                f"the admin would lack {found[1].strip()}: {why.strip()}",
                remedy="correct that file, or take it away; `npx tsc --noEmit` in the backend shows type errors alone",
                tail=result.tail,
            )


def _nothing_compiled(backend: Path) -> str:
    """Why medusa build compiled nothing. It leaves out tests by their paths, and looks at the whole path."""
    if "test" in str(backend):
        return f"medusa build leaves out every file whose path contains “test”: move the checkout out of {backend}"
    return 'tsconfig.json must include medusa-config.ts and have "outDir": ".medusa/server"'


def _require_output(backend: Path, result: CommandResult) -> None:
    if not list((backend / OUTPUT).glob("medusa-config.*js")):
        raise StepFailed(
            f"medusa build ended well, but there is no compiled medusa-config in {backend / OUTPUT}",
            remedy=_nothing_compiled(backend),
            tail=result.tail,
        )
    if any(_ADMIN_OFF in line for line in result.tail):
        return
    missing = _missing_asset(backend)
    if missing or file_digest(backend / ADMIN / "index.html") == ABSENT:
        raise StepFailed(
            f"medusa build ended well, but the admin's {missing or 'index.html'} is not there", tail=result.tail
        )
