"""Who listens on the stack's ports: each service must be the one that answers on its own. Looks, touches nobody."""

import asyncio

from launcher import native
from launcher.checks.contract import Here, LeftOut, Target, Wrong

_RESTART = "rxlaunch restart {0}; rxlaunch logs {0} shows why"


def services_with_ports(target: Target) -> list[str]:
    """The services that have a port of their own; elsewhere there is only what has an address."""
    if target.here is None:
        return sorted(target.urls)
    return [name for name, unit in target.here.plan.units.items() if unit.kind == "service" and unit.port]


async def listener(target: Target, name: str) -> str:
    """That the process which listens is the service's own, or a descendant of it. Raises Wrong or LeftOut."""
    here = target.on_this_machine()
    unit, port_name = here.snapshot.units.get(name), here.plan.units[name].port
    port = here.snapshot.ports.get(port_name or "")
    if unit is None or unit.phase == "pending" or port is None:
        raise LeftOut("was not started")
    if unit.pid is None and unit.phase in ("ready", "unready"):
        raise LeftOut(f"is not ours: {unit.note}" if unit.note else "is not ours")
    if unit.pid is None:
        raise Wrong(f"{name} does not run ({unit.phase})", remedy=_RESTART.format(name))
    return await asyncio.to_thread(_owned, here, name, port)


def _owned(here: Here, name: str, port: int) -> str:
    found = native.listeners(port)
    if not found:
        raise Wrong(f"nobody listens on port {port} of {name}", remedy=_RESTART.format(name))
    main = here.snapshot.units[name].pid or 0
    family = {main, *native.tree(main)}
    seen = [one for one in found if one.pid is not None]
    if not seen:
        raise LeftOut(f"port {port} is listened on, by a process that cannot be seen from here")
    strangers = [one for one in seen if one.pid not in family]
    if strangers and {one.pid for one in strangers} <= _marked(here):
        strangers = []  # it left its parent, but not the instance
    if strangers:
        told = f"{strangers[0].name} (pid {strangers[0].pid})"
        raise Wrong(
            f"port {port} of {name} is answered by a stranger, {told}",
            failure="port-taken",
            remedy=f"stop that process, or let rxlaunch choose another port: rxlaunch restart {name}",
        )
    return f"port {port} is listened on by {seen[0].name} (pid {seen[0].pid}), of {name}'s own tree"


def _marked(here: Here) -> set[int]:
    return {who.pid for who in native.find_marked(here.snapshot.instance)}
