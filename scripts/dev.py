#!/usr/bin/env python3
"""Set up everything and run it: `python3 scripts/dev.py up` boots the sample marketplace, `… test` runs the tests.

Needs nothing but CPython 3.11 or newer: standard library only, until its own environment (.venv) exists.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
SCRATCH = ROOT / ".scratch" / "marketplace"
OLDEST = (3, 11)
PASSED_ON = ("down", "status", "logs", "why", "open")
WINDOWS = os.name == "nt"


def main() -> int:
    """Run the chosen command; returns its exit code."""
    if sys.version_info < OLDEST:
        print(f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed; this is {sys.version.split()[0]}", file=sys.stderr)
        return 2
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    up = verbs.add_parser("up", help="boot the sample marketplace; further arguments go to `rxlaunch up`")
    up.add_argument("--dir", type=Path, default=SCRATCH, help="where the sample is written (default: %(default)s)")
    test = verbs.add_parser("test", help="lint, type-check and test; further arguments go to pytest")
    test.add_argument("--fast", action="store_true", help="without the tests that boot real servers and npm projects")
    verbs.add_parser("setup", help="only make the environment")
    for verb in PASSED_ON:
        verbs.add_parser(verb, help=f"`rxlaunch {verb}` for the sample", add_help=False)
    options, rest = parser.parse_known_args()
    if options.verb == "up":
        return boot(options.dir, rest)
    if options.verb == "test":
        return run_tests(rest, fast=options.fast)
    set_up("embedded,https,dev")
    if options.verb in PASSED_ON:
        return run([program("rxlaunch"), options.verb, *rest], cwd=SCRATCH if SCRATCH.is_dir() else ROOT)
    return 0


def boot(directory: Path, arguments: list[str]) -> int:
    """Write the sample, if it isn't there, and boot it."""
    set_up("embedded,https" if "--https" in arguments else "embedded")
    if not (directory / "rxlaunch.toml").is_file():
        code = run([program("rxlaunch"), "init", "--sample", str(directory)])
        if code:
            return code
    print(f"booting the sample marketplace in {directory} (the first time npm downloads its packages)", flush=True)
    return run([program("rxlaunch"), "up", *arguments], cwd=directory)


def run_tests(arguments: list[str], *, fast: bool) -> int:
    """Lint, types, tests; stops at the first that fails."""
    set_up("embedded,https,dev")
    python = str(program("python"))
    selection = ["-m", "not slow"] if fast else []
    steps = (
        [python, "-m", "ruff", "check", "."],
        [python, "-m", "ruff", "format", "--check", "."],
        [python, "-m", "mypy"],
        [python, "scripts/schema.py", "--check"],
        [python, "-m", "pytest", *selection, *arguments],
    )
    for step in steps:
        print("$", " ".join(["python", *step[1:]]), flush=True)
        code = run(step)
        if code:
            return code
    return 0


def set_up(extras: str) -> None:
    """Make .venv with rxlaunch and these extras in it, unless it is there and pyproject.toml hasn't changed."""
    stamp = ENVIRONMENT / "rxlaunch-installed"
    wanted = {extra: fingerprint() for extra in extras.split(",")}
    have = dict(line.split("=", 1) for line in stamp.read_text().splitlines()) if stamp.is_file() else {}
    if all(have.get(extra) == value for extra, value in wanted.items()):
        return
    print(f"setting up {ENVIRONMENT} (once; a minute or two)", flush=True)
    make_environment()
    install = [str(program("python")), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*install, "--editable", f"{ROOT}[{extras}]"], check=True)
    kept = {extra: value for extra, value in have.items() if value == fingerprint()}
    stamp.write_text("".join(f"{extra}={value}\n" for extra, value in (kept | wanted).items()))


def make_environment() -> None:
    """Make the virtual environment, or say what the system lacks."""
    if program("python").exists():
        return
    try:
        import venv  # here: some distributions leave it out, and are told so below

        venv.EnvBuilder(with_pip=True, symlinks=not WINDOWS).create(ENVIRONMENT)
    except (ImportError, subprocess.CalledProcessError, OSError, SystemExit) as error:
        shutil.rmtree(ENVIRONMENT, ignore_errors=True)
        print(f"cannot make a virtual environment: {error}", file=sys.stderr)
        print("  try: your system's package of it, for instance `apt install python3-venv`", file=sys.stderr)
        raise SystemExit(2) from error


def fingerprint() -> str:
    """What an installed environment depends on."""
    return hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + sys.version.encode()).hexdigest()


def program(name: str) -> Path:
    """A program of the environment."""
    return ENVIRONMENT / ("Scripts" if WINDOWS else "bin") / (f"{name}.exe" if WINDOWS else name)


def run(argv: Sequence[str | Path], cwd: Path = ROOT) -> int:
    """Run to the end. Ctrl-C reaches the child from the terminal itself: wait for it to finish its own way."""
    with subprocess.Popen([str(part) for part in argv], cwd=cwd) as child:
        while True:
            try:
                return child.wait()
            except KeyboardInterrupt:
                continue


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as failed:
        sys.exit(failed.returncode)
