"""What goes into a backend's build: its sources, its packages, and the variables that are baked into it.

Reads files only. Ports are no input: the admin calls the origin it was loaded from.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from launcher.marketplace.fingerprint import SKIPPED_DIRECTORIES, file_digest, files_digest, text_digest, walk
from launcher.marketplace.project import find_project
from launcher.marketplace.surroundings import (
    Place,
    manifest_digest,
    named_in_text,
    shared_inputs,
    switches,
    written_by_us,
)

_PATTERNS = ("medusa-config.*", "tsconfig*.json", "instrumentation.*", "vite.config.*", "tailwind.config.*")
_CODE = frozenset({".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs"})
_NOT_COMPILED = frozenset({  # at the top of a backend; what medusa build leaves out, and what is written at run time
    "src", "public", "static", "uploads", "private", "launcher_assets", "dist", "build", "docs",
    "integration-tests", "test", "tests", "__tests__", "e2e",
})  # fmt: skip
_ADMIN = re.compile(r"\badmin\s*:\s*\{")
_NEVER = frozenset({"NODE_ENV", "MEDUSA_BACKEND_URL"})  # set by the build itself


def inputs(context: Place, node: str) -> dict[str, str]:
    """The fingerprint of what a build is made from."""
    backend, project = context.cwd, find_project(context.cwd, context.root)
    configs = sorted(backend.glob("medusa-config.*"))
    ours = written_by_us(context)
    return {
        "sources": files_digest(backend, (path for path in sources(backend) if path.resolve() not in ours)),
        "lock file": file_digest(project.lock),
        "package.json": manifest_digest(backend),
        "Node": node,
        "admin variables": text_digest(*_baked(configs, context.env), *switches(configs, context.env)),
        **shared_inputs(context, project),
    }


def sources(backend: Path) -> Iterator[Path]:
    """All of src, the files of configuration, and code beside src (Medusa compiles what tsconfig.json includes)."""
    yield from walk(backend / "src")
    for pattern in _PATTERNS:
        yield from backend.glob(pattern)
    for directory, names, files in os.walk(backend):
        here = Path(directory)
        names[:] = [name for name in names if _may_be_compiled(backend, here / name)]
        yield from (here / name for name in files if Path(name).suffix in _CODE)


def _may_be_compiled(backend: Path, directory: Path) -> bool:
    """Not packages, results, hidden directories, and projects of their own (a storefront in its backend's folder)."""
    name = directory.name
    if name in SKIPPED_DIRECTORIES or name.startswith(".") or (directory.parent == backend and name in _NOT_COMPILED):
        return False
    return not (directory / "package.json").is_file()


def _baked(configs: Iterable[Path], env: Mapping[str, str]) -> Iterator[str]:
    """Variables that end up in the bundle: vite's by rule, ADMIN in the name by custom, the admin's config.

    CORS lists carry ports, and don't.
    """
    named = {name for path in configs for name in _of_admin(path.read_text(encoding="utf-8", errors="replace"))}
    for name, value in sorted(env.items()):
        by_custom = name.startswith("VITE_") or "ADMIN" in name or name == "MEDUSA_STOREFRONT_URL"
        left_out = name in _NEVER or name.endswith("_CORS") or name.startswith("RXLAUNCH_")
        if (by_custom or name in named) and not left_out:
            yield f"{name}={value}"


def _of_admin(config: str) -> frozenset[str]:
    """The variables that the `admin: { … }` of a medusa-config reads."""
    found = _ADMIN.search(config)
    if found is None:
        return frozenset()
    depth = 0
    for place in range(found.end() - 1, len(config)):
        depth += {"{": 1, "}": -1}.get(config[place], 0)
        if depth == 0:
            return named_in_text(config[found.end() : place])
    return named_in_text(config[found.end() :])
