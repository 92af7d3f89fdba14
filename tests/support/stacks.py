"""State of imaginary stacks: paths in a temporary home, events of every type."""

import os
import types
import typing
from pathlib import Path

import msgspec

from launcher import events as e
from launcher.paths import StackPaths, for_root
from launcher.state.snapshot import Snapshot, fold


def stack_paths(tmp_path: Path, monkeypatch) -> StackPaths:
    """Paths of a checkout below `tmp_path`, whose user home is there too."""
    monkeypatch.setenv("RXLAUNCH_HOME", str(tmp_path / "home"))
    checkout = tmp_path / "shop"
    checkout.mkdir()
    paths = for_root(checkout)
    paths.home.mkdir(parents=True, mode=0o700)
    return paths


def started(pid: int | None = None) -> e.StackStarting:
    """The first event of an instance of ours."""
    return e.StackStarting(
        "4f2a",
        "shop",
        "/src/shop",
        pid or os.getpid(),
        "dev",
        ("postgres", "backend"),
        (("postgres", "dependencies"),),
    )


def running_snapshot() -> Snapshot:
    """A snapshot of this process supervising a stack, with something in every field."""
    history = [
        started(),
        e.PortChosen("backend", 9005, moved_from=9001, holder="node (pid 7)"),
        e.UnitWaiting("backend", (("postgres", "ready"),)),
        e.UnitStarting("postgres", 1, "first start"),
        e.UnitStarted("postgres", 1, 4242),
        e.UnitProbed("postgres", False, "refused"),
        e.UnitReady("postgres", 0.5, "embedded"),
        e.UnitExited("postgres", 1, e.Exit(signal=9, leftovers=("sleep",)), False),
        e.UnitFailed("postgres", "dependencies", e.Failure("killed", "refused", ("a", "b"), "try again")),
        e.StackReady(3.0, (("storefront", "http://localhost:8000"),)),
    ]
    snapshot = None
    for event in history:
        snapshot = fold(snapshot, event)
    assert snapshot is not None
    return snapshot


def every_event() -> list[e.Event]:
    """One event of every type there is, with optional fields both left out and given."""
    kinds = {kind.__name__: getattr(e, kind.__name__) for kind in e.Event.__subclasses__()}
    return [kind(**fields) for kind in kinds.values() for fields in _arguments(kind)]


_EXAMPLES = {
    "exit": e.Exit(code=1),
    "failure": e.Failure("reason", "probe", ("line",), "remedy"),
    "facts": (("storefront", "http://localhost"),),
    "needs": (("backend", (("postgres", "healthy"),)),),
    "on": (("postgres", "ready"),),
    "spans": ((1.0, 2.5),),
    "stages": (("backend", "backend"),),
    "units": ("postgres", "backend"),
    "unit": "backend",
}


def _arguments(kind: type) -> list[dict]:
    hints = typing.get_type_hints(kind)
    fields = [field for field in msgspec.structs.fields(kind) if field.name != "at"]
    whole = {
        field.name: _EXAMPLES[field.name] if field.name in _EXAMPLES else _example(hints[field.name])
        for field in fields
    }
    required = {f.name: whole[f.name] for f in fields if f.required}
    return [required, whole]


def _example(hint):
    options = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    return {str: "text", int: 3, float: 1.5, bool: True}[options[0]]
