"""Action next-build (production mode): `next build`, when sources, packages or values baked into it changed."""

import asyncio
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from launcher.marketplace import stamps
from launcher.marketplace.fingerprint import (
    ABSENT,
    file_digest,
    files_digest,
    sizes_digest,
    text_digest,
    walk,
    why_stale,
)
from launcher.marketplace.project import find_project, node_major, resolve_module
from launcher.marketplace.surroundings import Place, linked_packages, named_in, shared_inputs, written_by_us
from launcher.plan.step import Outcome, Run, Skip, StepContext, StepFailed

KEY_VARIABLE = "NEXT_PUBLIC_MEDUSA_PUBLISHABLE_KEY"
_BAKED_PREFIX = "NEXT_PUBLIC_"
_GENERATED = frozenset({"next-env.d.ts"})
_ABOUT = ("README", "CHANGELOG", "LICENSE", "CONTRIBUTING")  # at the top; Markdown elsewhere may be content
_IDENTITY = ("BUILD_ID", "build-manifest.json", "required-server-files.json")
_READ_BY_CODE = frozenset({".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mdx"})
_SET_BY_NEXT = frozenset({"NODE_ENV", "NEXT_RUNTIME", "NEXT_TELEMETRY_DISABLED", "CI", "PORT"})
RESULT = ".next"
_HERE = re.compile(r"https?://(?:[\w.-]*localhost|127\.0\.0\.1|\[::1\])(?::\d+)?(?:/|$)")
_ADDRESS = re.compile(rb"(?:localhost|127\.0\.0\.1|\[::1\])(?::|%3[Aa])(\d{2,5})")
_PAGES = frozenset({".html", ".rsc", ".body", ".meta", ".json"})  # what is made of the sources by running them
_QUOTED = re.compile(r"""(?<!\[)(["'`])NEXT_PUBLIC_\w+\1""")
_NEEDS_BACKEND = ("ECONNREFUSED", "fetch failed", "generateStaticParams", "Failed to collect page data")


class NextBuild:
    """The storefront as it will be served."""

    async def check(self, context: StepContext) -> Skip | Run:
        """Skip when inputs are those of the last build, and .next is still that build (`next dev` overwrites it)."""
        if not (context.cwd / ".next" / "BUILD_ID").is_file():
            return Run("there is no build")
        current = {**await _inputs(context), "the build": await asyncio.to_thread(_output_identity, context.cwd)}
        stamp = stamps.read(context.cwd / RESULT)
        if stamp is None or stamp.key != _key(context):
            return Run("nothing tells on which ports it was built")
        stale = why_stale(context, _key(context), current, stamp.value)
        if stale is None and (gone := await asyncio.to_thread(_strangers, context, stamp)):
            stale = f"its pages name port {' and '.join(map(str, gone))}, which the stack had before"
        if stale is not None:
            return Run(stale)
        _remember_ports(context, stamp)
        return Skip("sources, packages, public values and build are unchanged")

    async def run(self, context: StepContext) -> Outcome:
        """Build by Next's own script."""
        script = resolve_module(context.cwd, "next", "dist", "bin", "next")
        if script is None:
            raise StepFailed(f"Next.js is not installed in {context.cwd}", remedy="install the storefront's packages")
        before = await _inputs(context)
        result = await context.run(["node", str(script), "build"], env={"NODE_ENV": "production"})
        if result.code != 0:
            raise StepFailed(
                f"next build ended with exit code {result.code}", remedy=_remedy(result.tail), tail=result.tail
            )
        if file_digest(context.cwd / ".next" / "BUILD_ID") == ABSENT:
            raise StepFailed(
                "next build ended well, but left no .next/BUILD_ID",
                remedy="distDir and export in next.config are not supported: give the storefront its own command",
                tail=result.tail,
            )
        made = {**before, "the build": await asyncio.to_thread(_output_identity, context.cwd)}
        context.fingerprints.put(_key(context), made)
        stamps.write(context.cwd / RESULT, stamps.Stamp(_key(context), made, dict(context.ports)))
        return Outcome(note=f"storefront built in {result.seconds:.0f} s")


def _key(context: StepContext) -> str:
    return f"next-build:{context.unit}"


async def _inputs(context: StepContext) -> dict[str, str]:
    return await asyncio.to_thread(inputs, context, await node_major(context))


def inputs(context: Place, node: str) -> dict[str, str]:
    """The fingerprint of what a build is made from."""
    storefront, project = context.cwd, find_project(context.cwd, context.root)
    ours = written_by_us(context)
    files = [path for path in _sources(storefront) if path.resolve() not in ours]
    linked = [path for top in linked_packages(storefront, context.root).values() for path in walk(top)]
    return {
        "sources": files_digest(storefront, files),
        "lock file": file_digest(project.lock),
        "Node": node,
        "public values": text_digest(*_baked(context, [*files, *linked])),
        **shared_inputs(context, project),
    }


def _baked(context: Place, files: Iterable[Path]) -> Iterator[str]:
    """NEXT_PUBLIC_ values that some source names, so that a build survives another port where it can.

    And whatever next.config reads: its `env`, rewrites and redirects are written into the build. Next replaces a plain
    `process.env.NAME`; a name that only ever is an argument in quotes is looked up when a request comes. Of such a
    variable an address of this machine may change: whether a page has the old one is asked of the pages (`_strangers`).
    """
    env = context.env
    public = {name for name in env if name.startswith(_BAKED_PREFIX)} - {KEY_VARIABLE}
    movable = {name for name in public if _HERE.match(env[name])}
    used = {KEY_VARIABLE} & set(env)
    used |= (named_in(context.cwd.glob("next.config.*")) & set(env)) - _SET_BY_NEXT
    for path in files:
        if public - used and path.suffix in _READ_BY_CODE:
            text = path.read_text(encoding="utf-8", errors="replace")
            used |= {name for name in public - used if name in (_without_arguments(text) if name in movable else text)}
    return (f"{name}={env[name]}" for name in sorted(used))


def _without_arguments(text: str) -> str:
    """The text without names in quotes, but for those in brackets: `process.env["NAME"]`."""
    return _QUOTED.sub("", text)


def _sources(storefront: Path) -> Iterator[Path]:
    """Everything but packages, results and hidden directories; .env files belong to it, Next reads them."""
    for path in walk(storefront):
        if path.parent == storefront and path.name.startswith(_ABOUT):
            continue
        hidden = path.name.startswith(".") and not path.name.startswith((".env", ".npmrc", ".babelrc"))
        if not hidden and path.name not in _GENERATED and path.suffix not in {".log", ".tsbuildinfo"}:
            yield path


def _output_identity(storefront: Path) -> str:
    """Next's manifests, and that no script or stylesheet is gone; pages are written anew while it serves."""
    result = storefront / RESULT
    static = walk(result / "static")
    server = (path for path in walk(result / "server") if path.suffix == ".js")
    manifests = (file_digest(result / name) for name in _IDENTITY)
    return text_digest(*manifests, sizes_digest(result, [*static, *server]))


def _strangers(context: StepContext, stamp: stamps.Stamp) -> list[int]:
    """Ports that the stack had when it built or served this, has no more, and that the generated pages name."""
    before = {*stamp.ports.values(), *stamp.served} - set(context.ports.values())
    if not before:
        return []
    pages = (path for path in walk(context.cwd / RESULT / "server") if path.suffix in _PAGES)
    found = {int(port) for page in pages for port in _ADDRESS.findall(page.read_bytes())}
    return sorted(found & before)


def _remember_ports(context: StepContext, stamp: stamps.Stamp) -> None:
    """It will be served on the ports of now: pages that Next makes anew may name them."""
    known = {*stamp.ports.values(), *stamp.served}
    if more := set(context.ports.values()) - known:
        stamps.write(context.cwd / RESULT, stamp.replaced(served=tuple(sorted({*stamp.served, *more}))))


def _remedy(tail: tuple[str, ...]) -> str:
    text = "\n".join(tail)
    if any(sign in text for sign in _NEEDS_BACKEND):
        return (
            'this storefront asks the backend while it builds: add backend = "healthy" to the depends_on of this task'
        )
    return "the lines above name the file and line"
