"""Doing units' work again: by the supervisor that runs, or by one of its own that is stopped afterwards."""

import contextlib
import signal
from collections.abc import Iterator, Sequence

from launcher.app import commands, daemon
from launcher.app.doctor.patient import Patient
from launcher.app.request import Request
from launcher.errors import LauncherError
from launcher.state import store
from launcher.state.fingerprints import FileFingerprints
from launcher.state.outputs import Outputs

_SECONDS = 900.0  # for an admin build on a busy machine
_STOP = 60.0


def again(patient: Patient, units: Sequence[str], *, forget: str | None = None, then: Sequence[str] = ()) -> str:
    """Forget what was done (`forget` begins its fingerprints' names) and do it again; `then` restarts what uses it."""
    _forget(patient, forget)
    if patient.running:
        known = patient.last.units if patient.last else {}
        for group in (units, then):
            wanted = tuple(name for name in group if name in known)
            if wanted:
                commands.restart(patient.paths.root, wanted, _SECONDS)
        return ", ".join([*units, *then]) + " started again"
    with _booted(patient, units):
        return f"{', '.join(units)} done again, and stopped what that needed"


@contextlib.contextmanager
def database(patient: Patient, url: str | None) -> Iterator[str]:
    """A database to change: the one that answers, else the embedded one, started for as long as we are inside."""
    if url is not None:
        yield url
        return
    with _booted(patient, ["postgres"]):
        yield Outputs(patient.paths.outputs).load()["database_url"]


@contextlib.contextmanager
def _booted(patient: Patient, units: Sequence[str]) -> Iterator[None]:
    """Units and what they need, while we are inside. Raises LauncherError with what failed."""
    before = signal.getsignal(signal.SIGINT)
    try:
        done = daemon.up(Request(patient.paths.root, patient.request.mode, tuple(units)), "json")
        if done.exit_code:
            raise LauncherError(_failure(patient), remedy="rxlaunch up shows all of it")
        yield
    finally:
        commands.down(patient.paths.root, _STOP)
        signal.signal(signal.SIGINT, before)  # once it is up, `up -d` ignores Ctrl-C for good


def _failure(patient: Patient) -> str:
    last = store.load(patient.paths)
    failed = [unit for unit in last.units.values() if unit.failure] if last else []
    return (
        "; ".join(f"{unit.name} failed: {unit.failure.reason}" for unit in failed if unit.failure) or "it did not start"
    )


def _forget(patient: Patient, beginning: str | None) -> None:
    from launcher.state import records

    if beginning is None:
        return
    fingerprints = FileFingerprints(patient.paths.fingerprints)
    for key in list(records.load(patient.paths.fingerprints)):
        if key.startswith(beginning):
            fingerprints.forget(key)
