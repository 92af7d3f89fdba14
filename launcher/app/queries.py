"""Questions answered from files, without a supervisor and without anything heavy: status, ports, why, open."""

from pathlib import Path

from launcher import glance
from launcher.app import leftovers
from launcher.app.opening import locate
from launcher.app.result import Result
from launcher.errors import NotRunning, UnknownUnit, UsageError
from launcher.paths import StackPaths
from launcher.state import lock
from launcher.state.snapshot import Snapshot


def running(where: StackPaths) -> Snapshot:
    """The snapshot of the running instance. Raises NotRunning."""
    snapshot = lock.running(where)
    if snapshot is None:
        raise NotRunning(f"nothing runs for {where.root}", remedy="rxlaunch up")
    return snapshot


def status(directory: Path) -> Result:
    """What runs. Exit code 3 when nothing does, with what is known of the last run; what that left is swept."""
    from launcher.state import store

    where = locate(directory)
    snapshot = lock.running(where)
    if snapshot is not None:
        document = snapshot.to_json()
        return Result("\n".join(glance.text(document)), glance.data(document, str(where.root)))
    last = store.load(where)
    swept, stopping = leftovers.sweep_unless_stopping(where)
    text = f"nothing runs for {where.root}"
    if last is not None:
        text += _obituary(last)
    if stopping:
        text += "; what it ran is still being stopped"
    lines = filter(None, (text, leftovers.sentence(swept)))
    data = glance.data(last.to_json() if last else {}, str(where.root), running=False)
    return Result("\n".join(lines), {**data, "swept": swept}, exit_code=NotRunning.exit_code)


def _obituary(last: Snapshot) -> str:
    failed = [unit for unit in last.units.values() if unit.failure is not None]
    if failed:
        return f"; last time {failed[0].name} failed: {failed[0].failure.reason}" if failed[0].failure else ""
    if last.phase in ("stopped", "failed"):
        return f"; last time: {last.reason}" if last.phase == "failed" and last.reason else ""
    return "; the last supervisor ended without saying goodbye"


def ports(directory: Path) -> Result:
    """The ports of the running stack."""
    snapshot = running(locate(directory))
    text = "\n".join(f"{name:<12} {port}" for name, port in snapshot.ports.items())
    return Result(text, {"ports": dict(snapshot.ports)})


def why(directory: Path, name: str) -> Result:
    """Explain a unit from the snapshot and the events of the running or last instance."""
    from launcher import diagnosis
    from launcher.app.explaining import explain
    from launcher.state import store

    where = locate(directory)
    snapshot = lock.running(where) or store.load(where)
    if snapshot is None:
        raise NotRunning(f"nothing was ever started for {where.root}", remedy="rxlaunch up")
    unit = snapshot.units.get(name)
    if unit is None:
        known = ", ".join(snapshot.units)
        raise UnknownUnit(f"no unit named {name!r} in this stack; there are {known}")
    history = [event for event in store.read_events(where.events) if getattr(event, "unit", None) == name]
    failure = diagnosis.recognise(unit.failure.reason, unit.failure.tail) if unit.failure else None
    return Result(explain(unit, history), {"unit": unit.to_json(), "known_failure": failure.name if failure else None})


def open_page(directory: Path, page: str | None, *, only_print: bool) -> Result:
    """Open a page of the running stack in the default browser."""
    facts = running(locate(directory)).facts
    wanted = page or next(iter(facts), "storefront")
    if wanted not in facts:
        raise UsageError(
            f"no page named {wanted!r}", remedy=f"one of {', '.join(facts) or 'none: it is not ready yet'}"
        )
    url = facts[wanted]
    if not only_print:
        import webbrowser

        webbrowser.open(url)
    return Result(url, {"page": wanted, "url": url})
