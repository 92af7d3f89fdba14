"""`rxlaunch cache-key`: which directories a CI system should cache, and under which keys. Starts no unit.

A key is made of what the fingerprints of the actions are made of, without ports: it is the same in another directory
and on another machine of the same kind. What is restored carries its own fingerprint (`marketplace/stamps.py`), so a
key that fits by mistake costs time and never gives a wrong build.
"""

import os
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from launcher.app.opening import Opened, open_stack
from launcher.app.request import Request
from launcher.app.result import Result
from launcher.errors import ConfigError, Problem
from launcher.values import Value, field

if TYPE_CHECKING:
    from launcher.marketplace.project import Project
    from launcher.plan.build import PlanUnit

_PREFIX = "rxlaunch-1"  # grows when a cache of an earlier version is of no use
_DIGITS = 16


class Cache(Value, frozen=True):
    """One entry: `paths` and `exclude` are relative to the root, but for one in the home directory (`~/…`)."""

    name: str
    key: str
    paths: tuple[str, ...]
    restore_keys: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As a document."""
        return {
            "name": self.name, "key": self.key, "restore_keys": list(self.restore_keys), "paths": list(self.paths),
            "exclude": list(self.exclude),
        }  # fmt: skip


class _Place(Value, frozen=True):
    """What is looked at: implements marketplace.surroundings.Place."""

    root: Path
    cwd: Path
    env: Mapping[str, str]
    options: Mapping[str, Any] = field(default_factory=dict)


def keys(directory: Path, mode: str | None, *, github: bool = False) -> Result:
    """Every cache of the stack in this directory; `github`: as lines for $GITHUB_OUTPUT."""
    opened = _open(directory, mode)
    found = list(_caches(opened))
    text = "\n".join(_github(each, opened.root) for each in found) if github else "\n".join(map(_shown, found))
    return Result(text, {"root": str(opened.root), "caches": [each.to_json() for each in found]})


def ports_of_builds(directory: Path, mode: str | None) -> dict[str, int]:
    """The ports that a restored storefront may have written into itself; empty when no machine left any."""
    from launcher.marketplace import next_build, stamps

    opened = _open(directory, mode)
    found: dict[str, int] = {}
    for unit, place in _places(opened):
        if _action(unit) == "next-build" and (stamp := stamps.read(place.cwd / next_build.RESULT)):
            found |= {name: port for name, port in stamp.ports.items() if name in opened.loaded.stack.ports}
    return found


def _open(directory: Path, mode: str | None) -> Opened:
    """The stack as `ci` boots it: in production mode, where it is a marketplace."""
    opened = open_stack(Request(directory, mode))
    if mode is None and opened.loaded.stack.marketplace:
        return open_stack(Request(directory, "production"))
    return opened


def _places(opened: Opened, *, with_node: bool = False) -> "list[tuple[PlanUnit, _Place]]":
    """The tasks by action, each with its directory and with the environment that doesn't depend on a run."""
    from launcher.app import known
    from launcher.logs.redact import Redactor

    world = known.still_world(opened, Redactor(), with_node=with_node)
    found = []
    for unit in opened.plan.units.values():
        if _action(unit) in ("node-packages", "medusa-build", "next-build"):
            env = {name: value for name, value in world.known_environment(unit).items() if name not in unit.spec.env}
            place = _Place(opened.root, world.working_directory(unit).resolve(), env, world.around.options)
            found.append((unit, place))
    return found


def _action(unit: "PlanUnit") -> str | None:
    return getattr(unit.spec, "action", None)


def _caches(opened: Opened) -> Iterator[Cache]:
    from launcher.marketplace import admin_build, backend_sources, next_build
    from launcher.marketplace.packages import inputs
    from launcher.marketplace.project import find_project

    places = _places(opened, with_node=True)
    if not places:
        return
    node = _node(places[0][1].env)
    packages = {place.cwd: find_project(place.cwd, opened.root) for unit, place in places if _is(unit, "node-packages")}
    packages = {cwd: project for cwd, project in packages.items() if (cwd / "package.json").is_file()}
    if packages:
        prints = {_inside(cwd, opened.root): inputs(project, node) for cwd, project in packages.items()}
        folders = sorted({_inside(each / "node_modules", opened.root) for each in _folders(packages)})
        yield Cache("packages", _key("packages", node, prints), tuple(folders))
        if all(project.manager == "npm" for project in packages.values()):
            yield Cache("npm", _key("npm", node, prints), (_npm_cache(),), (_start("npm", node),))
    for unit, place in places:
        name = unit.name
        if _is(unit, "medusa-build"):
            path = _inside(place.cwd / admin_build.OUTPUT, opened.root)
            yield Cache(name, _key(name, node, {"": backend_sources.inputs(place, node)}), (path,))
        elif _is(unit, "next-build"):
            path = _inside(place.cwd / next_build.RESULT, opened.root)
            answers = f"{path}/cache/fetch-cache"  # of a database that is not there any more
            key = _key(name, node, {"": next_build.inputs(place, node)})
            yield Cache(name, key, (path,), (_start(name, node),), (answers,))


def _is(unit: "PlanUnit", action: str) -> bool:
    return _action(unit) == action


def _folders(packages: "Mapping[Path, Project]") -> Iterator[Path]:
    """Where packages lie: beside the lock file, and in a workspace beside each member too."""
    for cwd, project in packages.items():
        yield project.directory
        yield cwd


def _node(env: Mapping[str, str]) -> str:
    from launcher import native
    from launcher.services.node import major, version_of

    found = native.executable("node", env.get("PATH", ""))
    version = version_of(found) if found else None
    if version is None:
        raise ConfigError(
            [Problem("PATH", "there is no node that runs")],
            title="the keys name the major version of Node",
            remedy='install Node.js, or let rxlaunch bring it: pip install "rxlaunch[embedded]"',
        )
    return str(major(version))


def _start(name: str, node: str) -> str:
    """What the keys of one cache have in common on this kind of machine."""
    return f"{_PREFIX}-{name}-{sysconfig.get_platform()}-node{node}-"


def _key(name: str, node: str, prints: Mapping[str, Mapping[str, str]]) -> str:
    from launcher.marketplace.fingerprint import text_digest

    parts = [f"{place}\n{part}\n{prints[place][part]}" for place in sorted(prints) for part in sorted(prints[place])]
    return _start(name, node) + text_digest(*parts)[:_DIGITS]


def _inside(path: Path, root: Path) -> str:
    return Path(os.path.relpath(path, root)).as_posix()


def _npm_cache() -> str:
    from launcher import native

    named = os.environ.get("npm_config_cache")  # noqa: SIM112 - npm writes it so
    return named or ("~/AppData/Local/npm-cache" if native.IS_WINDOWS else "~/.npm")


# --- for people, and for GitHub -----------------------------------------------------------------------------


def _shown(cache: Cache) -> str:
    lines = [f"{cache.name}", f"  key      {cache.key}"]
    lines += [f"  restore  {key}" for key in cache.restore_keys]
    lines += [f"  path     {path}" for path in cache.paths]
    return "\n".join([*lines, *(f"  without  {path}" for path in cache.exclude)])


def _github(cache: Cache, root: Path) -> str:
    """Outputs of a step: NAME-key, NAME-paths, NAME-restore-keys. Paths are as actions/cache wants them."""
    workspace = Path(os.environ.get("GITHUB_WORKSPACE") or root).resolve()

    def seen(path: str) -> str:
        return path if path.startswith("~") or Path(path).is_absolute() else _inside(root / path, workspace)

    paths = [*map(seen, cache.paths), *(f"!{seen(path)}" for path in cache.exclude)]
    return "\n".join((
        f"{cache.name}-key={cache.key}",
        *_several(f"{cache.name}-paths", paths),
        *_several(f"{cache.name}-restore-keys", cache.restore_keys),
    ))  # fmt: skip


def _several(name: str, lines: Iterable[str]) -> tuple[str, ...]:
    return (f"{name}<<rxlaunch-end", *lines, "rxlaunch-end")
