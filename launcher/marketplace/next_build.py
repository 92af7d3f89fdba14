"""Action next-build (production mode): `next build`, when sources, packages or values baked into it changed."""

import asyncio
from collections.abc import Iterable, Iterator
from pathlib import Path

from launcher.marketplace.fingerprint import ABSENT, file_digest, files_digest, text_digest, walk, why_stale
from launcher.marketplace.project import find_project, node_major, resolve_module
from launcher.plan.step import Outcome, Run, Skip, StepContext, StepFailed

KEY_VARIABLE = "NEXT_PUBLIC_MEDUSA_PUBLISHABLE_KEY"
_BAKED_PREFIX = "NEXT_PUBLIC_"
_GENERATED = frozenset({"next-env.d.ts"})
_IDENTITY = ("BUILD_ID", "build-manifest.json", "required-server-files.json")
_NEEDS_BACKEND = ("ECONNREFUSED", "fetch failed", "generateStaticParams", "Failed to collect page data")


class NextBuild:
    """The storefront as it will be served."""

    async def check(self, context: StepContext) -> Skip | Run:
        """Skip when inputs are those of the last build, and .next is still that build (`next dev` overwrites it)."""
        if not (context.cwd / ".next" / "BUILD_ID").is_file():
            return Run("there is no build")
        current = {**await _inputs(context), "the build": _output_identity(context.cwd)}
        stale = why_stale(context, _key(context), current)
        return Run(stale) if stale else Skip("sources, packages, public values and build are unchanged")

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
        context.fingerprints.put(_key(context), {**before, "the build": _output_identity(context.cwd)})
        return Outcome(note=f"storefront built in {result.seconds:.0f} s")


def _key(context: StepContext) -> str:
    return f"next-build:{context.unit}"


async def _inputs(context: StepContext) -> dict[str, str]:
    storefront, node = context.cwd, await node_major(context)

    def digest() -> dict[str, str]:
        files = list(_sources(storefront))
        return {
            "sources": files_digest(storefront, files),
            "lock file": file_digest(find_project(storefront, context.root).lock),
            "Node": node,
            "public values": text_digest(*_baked(context, files)),
        }

    return await asyncio.to_thread(digest)


def _baked(context: StepContext, files: Iterable[Path]) -> Iterator[str]:
    """NEXT_PUBLIC_ values that some source names, so that a build survives another port where it can."""
    public = {name: value for name, value in context.env.items() if name.startswith(_BAKED_PREFIX)}
    unseen = set(public) - {KEY_VARIABLE}
    used = {KEY_VARIABLE} & set(public)
    for path in files:
        if unseen and path.suffix in {".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mdx"}:
            text = path.read_text(encoding="utf-8", errors="replace")
            found = {name for name in unseen if name in text}
            used |= found
            unseen -= found
    return (f"{name}={public[name]}" for name in sorted(used))


def _sources(storefront: Path) -> Iterator[Path]:
    """Everything but packages, results and hidden directories; .env files belong to it, Next reads them."""
    for path in walk(storefront):
        hidden = path.name.startswith(".") and not path.name.startswith((".env", ".npmrc", ".babelrc"))
        if not hidden and path.name not in _GENERATED and path.suffix not in {".log", ".tsbuildinfo"}:
            yield path


def _output_identity(storefront: Path) -> str:
    return text_digest(*(file_digest(storefront / ".next" / name) for name in _IDENTITY))


def _remedy(tail: tuple[str, ...]) -> str:
    text = "\n".join(tail)
    if any(sign in text for sign in _NEEDS_BACKEND):
        return (
            'this storefront asks the backend while it builds: add backend = "healthy" to the depends_on of this task'
        )
    return "the lines above name the file and line"
