"""Stack files for tests, written and loaded in one line."""

from collections.abc import Callable
from pathlib import Path

from launcher.errors import ConfigError
from launcher.stack.load import Loaded, load

MARKETPLACE = {"marketplace": {"backend": ".", "storefront": "storefront"}}
Writer = Callable[[str | bytes], Path]


def write(root: Path, text: str | bytes) -> Path:
    """The stack file of `root`; gives `root`."""
    (root / "rxlaunch.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    return root


def loaded(root: Path, text: str | bytes, **options: object) -> Loaded:
    """The stack that the text describes."""
    return load(write(root, text), **options)  # type: ignore[arg-type]


def refused(root: Path, text: str | bytes, **options: object) -> list[str]:
    """Every problem of the text, as the user reads it; exit code 2 in any case."""
    try:
        loaded(root, text, **options)
    except ConfigError as error:
        assert error.exit_code == 2
        assert all(str(problem) in error.message for problem in error.problems)
        return [str(problem) for problem in error.problems]
    raise AssertionError("nothing was wrong with it")
