"""A private copy of a checkout for one throwaway run: made, found again after its owner was killed, removed.

Sources are copied, packages are linked to, results of builds are left out (`shared_builds.py` brings those that hold).
So a run shares nothing with the checkout that it could spoil: not .medusa/server under a running backend, not .next
under `next dev`, not runtime-config.js. Nothing is started here.
"""

import contextlib
import os
import shutil
import stat
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

from launcher import native, paths
from launcher.app import interruptions, leftovers
from launcher.errors import LauncherError
from launcher.state import lock
from launcher.values import Value

PACKAGES = "node_modules"
_LEFT_OUT = frozenset({
    ".git", ".hg", ".svn", ".next", ".medusa", ".turbo", ".venv", "__pycache__", "coverage", "test-results",
    "playwright-report",
})  # fmt: skip
_OWN_DATABASE = ".rxlaunch-own-database"
_ATTEMPTS, _PAUSE = 5, 0.3
_REFUSED_BY_MEDUSA = "test"  # `medusa build` leaves out every file whose whole path contains it


class Workspace(Value, frozen=True):
    """A copy and whose it is."""

    origin: Path  # the checkout
    root: Path  # the copy
    linked: bool = (
        True  # all packages are links; else Next's are hard links, for Turbopack follows none out of a project
    )

    @property
    def state(self) -> paths.StackPaths:
        """Where the copy's stack keeps its state."""
        return paths.for_root(self.root)

    def twin(self, inside: Path) -> Path:
        """The path in the checkout of what is at this path in the copy."""
        return self.origin / inside.resolve().relative_to(self.root)


@contextlib.contextmanager
def make(origin: Path, *, keep: bool, linked: bool) -> Iterator[Workspace]:
    """A copy of the checkout, for as long as we are inside; copies of dead owners are removed on the way."""
    home = _home()
    native.private_directory(home)
    with lock.exclusively(home / "runs"):
        _remove_dead(home)
        run = home / uuid.uuid4().hex[:8]
        release = lock.attempt(_guard(run))
    name = "checkout" if _REFUSED_BY_MEDUSA in origin.name else origin.name
    made = Workspace(origin.resolve(), run.resolve() / name, linked)
    try:
        native.private_directory(run)
        copy_sources(made.origin, made.root)
        link_packages(made)
        yield made
    finally:
        with interruptions.deaf():
            if not keep:
                _remove(run, made.state)
            if release is not None:
                release()
            if not keep:
                _guard(run).unlink(missing_ok=True)


def _home() -> Path:
    """Where copies lie: with our state, unless Medusa could not build there."""
    home = paths.user_home() / "ci"
    if _REFUSED_BY_MEDUSA not in str(home):
        return home
    user = getattr(os, "getuid", lambda: "user")()
    return Path(tempfile.gettempdir()) / f"rxlaunch-ci-{user}"


def _guard(run: Path) -> Path:
    """The file that the owner of a copy keeps locked."""
    return run.with_name(f"{run.name}.lock")


def _remove_dead(home: Path) -> None:
    """Remove the copies whose owners were killed; what `--keep` kept is the user's to remove."""
    for guard in home.glob("????????.lock"):
        run = guard.with_suffix("")
        if (run / "kept").exists():
            continue
        release = lock.attempt(guard)
        if release is None:
            continue
        for root in run.glob("*"):
            where = paths.for_root(root)
            leftovers.sweep(where)
            shutil.rmtree(where.home, ignore_errors=True)
        shutil.rmtree(run, ignore_errors=True)
        release()
        guard.unlink(missing_ok=True)


def _remove(run: Path, state: paths.StackPaths) -> None:
    """Remove a copy and the state of its stack. Links to packages are removed, never followed."""
    left = [directory for directory in (run, state.home) if not _removed(directory)]
    state.socket.unlink(missing_ok=True)
    if left:
        raise LauncherError(
            f"could not remove {' and '.join(map(str, left))}: something there is in use or may not be deleted",
            remedy="remove it by hand, or leave it to the next `rxlaunch ci`",
        )


def _removed(directory: Path) -> bool:
    """Whether a directory is gone; on Windows a virus scanner may have a file of it open for a moment."""
    for _ in range(_ATTEMPTS):
        shutil.rmtree(directory, onerror=_writable_first)
        if not directory.exists():
            return True
        time.sleep(_PAUSE)
    return False


def _writable_first(remove: Callable[[str], object], path: str, _error: object) -> None:
    """Remove what is write-protected all the same, which Windows refuses."""
    with contextlib.suppress(OSError):
        Path(path).chmod(stat.S_IRWXU)
        remove(path)


def mark_own_database(made: Workspace) -> None:
    """Say that no real data can be met from this copy."""
    (made.root.parent / _OWN_DATABASE).touch()


def has_own_database(root: Path) -> bool:
    """Whether a checkout is a copy whose database was made for it alone."""
    return (root.parent / _OWN_DATABASE).is_file()


def mark_kept(made: Workspace) -> None:
    """Let no later run remove this copy."""
    (made.root.parent / "kept").touch()


# --- copying ------------------------------------------------------------------------------------------------


def copy_sources(origin: Path, target: Path) -> None:
    """Copy the files of a checkout, without packages, results and version control. Pipes and sockets are left out."""
    ours = paths.user_home()
    for directory, names, files in os.walk(origin):
        here = target / Path(directory).relative_to(origin)
        here.mkdir(parents=True, exist_ok=True)
        names[:] = [name for name in names if _is_source(Path(directory, name)) and Path(directory, name) != ours]
        for name in [*files, *names]:
            source = Path(directory, name)
            if source.is_symlink():
                _copy_link(source, here / name, origin)
            elif name in files and stat.S_ISREG(source.stat().st_mode):
                _copy_file(source, here / name)
        names[:] = [name for name in names if not Path(directory, name).is_symlink()]


def _copy_file(source: str | Path, target: str | Path) -> None:
    """Content, date and mode; by the means that every Windows has (`copy2` asks for one of Windows 8)."""
    shutil.copyfile(source, target)
    shutil.copystat(source, target)


def _copy_link(source: Path, target: Path, origin: Path) -> None:
    """A link within the checkout stays one within the copy; one that leads out of it still leads there."""
    leads_to = source.readlink()
    inside = not leads_to.is_absolute() and (source.parent / leads_to).resolve().is_relative_to(origin)
    where = leads_to if inside else (source.parent / leads_to).resolve()
    with contextlib.suppress(FileExistsError):
        target.symlink_to(where, target_is_directory=source.is_dir())


def link_packages(made: Workspace) -> None:
    """Let every node_modules of the checkout be seen from the copy too; those that exist already stay."""
    everywhere = list(packages_of(made.origin))
    real = set() if made.linked else _of_next(everywhere)
    for found in everywhere:
        inside = made.root / found.relative_to(made.origin)
        if os.path.lexists(inside) or not inside.parent.is_dir():
            continue
        if found in real or not _linked(found, inside):
            shutil.copytree(found, inside, symlinks=True, copy_function=_hard_link)


def _of_next(everywhere: list[Path]) -> set[Path]:
    """The packages that Turbopack reads: those beside Next; all of them where it is a link into others (pnpm)."""
    own = {packages for packages in everywhere if (packages / "next").exists()}
    return set(everywhere) if any((packages / "next").is_symlink() for packages in own) else own


def _hard_link(source: str, target: str) -> str:
    """The same file under another name; a copy where the disk is another one."""
    try:
        os.link(source, target)
    except OSError:
        _copy_file(source, target)
    return target


def packages_of(root: Path) -> Iterator[Path]:
    """The uppermost node_modules directories below a checkout."""
    for directory, names, _ in os.walk(root):
        if PACKAGES in names:
            yield Path(directory, PACKAGES)
        names[:] = [name for name in names if _is_source(Path(directory, name))]


def _is_source(directory: Path) -> bool:
    return directory.name not in _LEFT_OUT and directory.name != PACKAGES


def _linked(target: Path, inside: Path) -> bool:
    """Whether a link could be made, of the kind that needs no privilege; Windows makes none to a network drive."""
    from launcher.marketplace.persistent import link_directory

    try:
        link_directory(target, inside)
    except OSError:
        with contextlib.suppress(OSError):
            inside.rmdir()  # half a junction is an empty directory
        return False
    return True


def copy_directory(source: Path, target: Path, left_out: frozenset[str] = frozenset()) -> None:
    """Copy a directory of results; links stay links. `left_out` are names at its top."""

    def ignore(directory: str, names: list[str]) -> set[str]:
        return set(left_out) & set(names) if Path(directory) == source else set()

    shutil.copytree(source, target, symlinks=True, ignore=ignore, copy_function=_copy_file)
