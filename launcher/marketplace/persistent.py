"""Directories that outlive a build: what was uploaded while the backend ran from .medusa/server stays at the root.

`medusa build` deletes .medusa/server whole. Uploads of the local file provider go to `static` below the working
directory; a link leads them to the root, where `medusa develop` looks for them too.
"""

import os
import shutil
from importlib import import_module
from pathlib import Path

ALWAYS = ("static",)
IF_PRESENT = ("uploads",)


def rescue(backend: Path, output: Path) -> None:
    """Before a build: take links away and move real directories' contents to the root. Nothing is overwritten."""
    for name in (*ALWAYS, *IF_PRESENT):
        inside = output / name
        if _is_link(inside):
            _unlink(inside)
        elif inside.is_dir():
            _merge(inside, backend / name)


def link(backend: Path, output: Path) -> list[str]:
    """After a build: lead the directories to the root. Returns what could not be done, in words."""
    problems = []
    for name in (*ALWAYS, *IF_PRESENT):
        target, inside = backend / name, output / name
        if _is_link(inside) or not output.is_dir() or (name in IF_PRESENT and not target.is_dir()):
            continue
        if inside.is_dir():
            _merge(inside, target)
            shutil.rmtree(inside)
        target.mkdir(exist_ok=True)
        try:
            link_directory(target, inside)
        except OSError as error:
            problems.append(f"{inside} could not be linked to {target} ({error.strerror}): a build will delete uploads")
    return problems


def _merge(source: Path, target: Path) -> None:
    for directory, _, files in os.walk(source):
        there = target / Path(directory).relative_to(source)
        there.mkdir(parents=True, exist_ok=True)
        for name in files:
            if not (there / name).exists():
                shutil.copy2(Path(directory, name), there / name)


def link_directory(target: Path, inside: Path) -> None:
    """A junction on Windows: it needs no privilege. A relative link elsewhere: it survives a moved checkout."""
    try:
        create_junction = import_module("_winapi").CreateJunction
    except ImportError:
        inside.symlink_to(os.path.relpath(target, inside.parent), target_is_directory=True)
    else:
        create_junction(str(target), str(inside))


def _is_link(path: Path) -> bool:
    """Whether it is a link or a junction (which `is_symlink` doesn't see)."""
    try:
        return path.is_symlink() or bool(path.readlink())
    except OSError:
        return False


def _unlink(path: Path) -> None:
    try:
        path.unlink()
    except OSError:
        path.rmdir()  # a junction is removed as a directory; what it leads to stays
