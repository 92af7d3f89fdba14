"""What a build depends on besides its own sources: linked packages, patches, the manifest, settings of a config file.

Reads files only. Absent parts are no part of a fingerprint.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from launcher.marketplace.fingerprint import files_digest, text_digest, walk
from launcher.marketplace.project import Project, dependencies, manifest

_ABOUT = frozenset({  # what in a package.json decides nothing about a build
    "name", "version", "description", "scripts", "author", "license", "keywords", "repository", "bugs", "homepage",
    "private", "contributors", "funding", "files",
})  # fmt: skip
_NAMED = re.compile(r"""process\.env(?:\.|\[["'])([A-Za-z_][A-Za-z0-9_]*)""")
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "0", "1"})
_FLAGS = "MEDUSA_FF_"  # Medusa's feature flags switch modules, and with them tables and pages
RUNTIME_CONFIG = "launcher_assets/runtime-config.js"
_LARGEST_SEARCH = 50  # linked packages may link each other in a circle


class Place(Protocol):
    """As much of a StepContext as is needed to look at inputs; a command that starts nothing has no more."""

    @property
    def root(self) -> Path: ...
    @property
    def cwd(self) -> Path: ...
    @property
    def env(self) -> Mapping[str, str]: ...
    @property
    def options(self) -> Mapping[str, Any]: ...


def written_by_us(context: Place) -> frozenset[Path]:
    """The runtime config and its twin: their ports change, and browsers load them; no build has them in it."""
    path = (context.root / str(context.options.get("runtime_config_path", RUNTIME_CONFIG))).resolve()
    return frozenset({path, path.with_suffix(".json")})


def shared_inputs(context: Place, project: Project) -> dict[str, str]:
    """Linked packages, patches of packages, and the tsconfig files above, as far as there are any."""
    found: dict[str, str] = {}
    own = linked_packages(context.cwd, context.root)
    if own:
        found["linked packages"] = text_digest(*(f"{name} {files_digest(top, walk(top))}" for name, top in own.items()))
    if patches := patches_digest(project):
        found["patches"] = patches
    above = [directory for directory in context.cwd.parents if context.root in (directory, *directory.parents)]
    shared = [path for directory in above for path in directory.glob("tsconfig*.json")]
    if shared:
        found["tsconfig above"] = files_digest(context.root, shared)
    return found


def patches_digest(project: Project) -> str | None:
    """What patch-package, pnpm and yarn change in packages; None when it is nothing."""
    places = [project.directory / "patches", project.directory / ".yarn" / "patches"]
    files = [path for place in places for path in walk(place)]
    return files_digest(project.directory, files) if files else None


def linked_packages(directory: Path, root: Path) -> dict[str, Path]:
    """Packages that are links to sources (a workspace, `file:`, `npm link`): no lock file covers them."""
    found: dict[str, Path] = {}
    waiting = [directory]
    while waiting and len(found) < _LARGEST_SEARCH:
        here = waiting.pop()
        for name in dependencies(manifest(here)):
            place = _place(here, name)
            if place is None or name in found:
                continue
            real = place.resolve()
            if "node_modules" not in real.parts and real not in (directory.resolve(), root.resolve()):
                found[name] = real
                waiting.append(real)
    return dict(sorted(found.items()))


def _place(directory: Path, name: str) -> Path | None:
    """Where node finds a package."""
    places = (above / "node_modules" / name for above in (directory, *directory.parents))
    return next((place for place in places if (place / "package.json").is_file()), None)


def manifest_digest(directory: Path) -> str:
    """What of package.json a build may depend on; not its scripts or version."""
    package: dict[str, Any] = manifest(directory)
    return text_digest(*(f"{name}={package[name]!r}" for name in sorted(package) if name not in _ABOUT))


def named_in(files: Iterable[Path]) -> frozenset[str]:
    """The variables that some files read by `process.env`."""
    return frozenset(name for path in files for name in named_in_text(path.read_text("utf-8", errors="replace")))


def named_in_text(text: str) -> frozenset[str]:
    """The variables that a text reads by `process.env`."""
    return frozenset(_NAMED.findall(text))


def switches(files: Iterable[Path], env: Mapping[str, str]) -> Iterator[str]:
    """Which of a config's variables are set at all, and what those that say yes or no say; values stay out of it.

    A config brings a module in because a variable is there: `process.env.STRIPE_KEY ? [stripe] : []`.
    """
    for name in sorted(named_in(files)):
        value = env.get(name, "").strip()
        yield f"{name}={value.lower() if value.lower() in _WORDS else bool(value)}"
    yield from (f"{name}={value}" for name, value in sorted(env.items()) if name.startswith(_FLAGS))
