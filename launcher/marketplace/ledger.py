"""Which migrations a database still lacks, by name: those on the disk compared with its ledgers. Changes nothing.

A module of which no migration of its own was applied is not loaded (Medusa brings 21 of those), unless medusa-config
names it. Links between modules cannot be read from files.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from launcher.marketplace import database
from launcher.values import Value

_TESTS = re.compile(r"\.d\.ts$|\.(test|spec)\.")


class Pending(Value, frozen=True):
    """What has not been applied, and how much is known to have been."""

    migrations: tuple[str, ...]  # "business: Migration20261124101643"
    scripts: tuple[str, ...]
    applied: int


async def pending(url: str, backend: Path, root: Path) -> Pending:
    """What `medusa db:migrate` would apply to this database, as far as files tell. Raises StepFailed."""
    done = await database.applied(url)
    modules, scripts, config = await asyncio.to_thread(_on_disk, backend, root)
    shared = {name for name, often in Counter(n for names in modules.values() for n in names).items() if often > 1}
    missing: list[str] = []
    for module, names in modules.items():
        is_loaded = bool((names - shared) & done.migrations) or _is_named(module, config)
        missing += [f"{module}: {name}" for name in sorted(names - done.migrations) if is_loaded]
    return Pending(tuple(missing), tuple(sorted(scripts - done.scripts)), len(done.migrations))


def _on_disk(backend: Path, root: Path) -> tuple[dict[str, frozenset[str]], frozenset[str], str]:
    """Module → names of its migrations; names of scripts; the text of medusa-config."""
    modules: dict[str, frozenset[str]] = {}
    scripts: set[str] = set()
    for above in (backend, *backend.parents):
        for folder in (above / "node_modules" / "@medusajs").glob("*/dist/migrations"):
            modules.setdefault(folder.parent.parent.name, frozenset(_names(folder, "*.js")))
        scripts |= {
            f"{name}.js" for name in _names(above / "node_modules/@medusajs/medusa/dist/migration-scripts", "*.js")
        }
        if above == root:
            break
    for folder in (backend / "src" / "modules").glob("*/migrations"):
        names = frozenset((*_names(folder, "*.ts"), *_names(folder, "*.js")))
        modules[f"src/modules/{folder.parent.name}"] = names
    scripts |= {f"{name}.js" for name in _names(backend / "src" / "migration-scripts", "*.ts")}
    config = "".join(path.read_text(encoding="utf-8", errors="replace") for path in backend.glob("medusa-config.*"))
    return modules, frozenset(scripts), config


def _names(folder: Path, pattern: str) -> Iterator[str]:
    return (path.stem for path in folder.glob(pattern) if not _TESTS.search(path.name) and path.stem != "index")


def _is_named(module: str, config: str) -> bool:
    """Whether medusa-config resolves a module of the project's own."""
    return module.startswith("src/") and re.search(rf"{re.escape(module)}[\"'/]", config) is not None
