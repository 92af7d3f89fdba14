"""Every peer that is known, by name, and which of them are installed."""

import shlex
import sys
from pathlib import Path

from scripts.bench.peers import from_npm, from_pip, programs, rxlaunch
from scripts.bench.peers.children import Child, Project, sleepers
from scripts.bench.peers.contract import Peer
from scripts.bench.peers.running import Run

PEERS: list[type[Peer]] = [
    programs.Floor,
    programs.FloorCat,
    rxlaunch.Rxlaunch,
    rxlaunch.RxlaunchAttached,
    rxlaunch.RxlaunchQuick,
    from_pip.Honcho,
    from_pip.Circus,
    from_pip.CircusQuick,
    from_pip.CircusTree,
    from_pip.Supervisor,
    from_pip.SupervisorGroup,
    from_npm.Pm2,
    from_npm.Mprocs,
    from_npm.Concurrently,
    from_npm.NodeForeman,
    programs.ProcessCompose,
    programs.ProcessComposeLogs,
    programs.Overmind,
    programs.Hivemind,
    from_npm.StartServerAndTest,
]


def named(root: Path, names: str) -> list[Peer]:
    """The peers of a comma-separated list, in the order of PEERS; all of them for an empty one. A variant (`+`) too."""
    wanted = set(names.split(",")) if names else None
    every = [kind(root) for kind in PEERS]
    if wanted and (unknown := wanted - {peer.name for peer in every}):
        sys.exit(f"no such peer: {', '.join(sorted(unknown))}; known are {', '.join(peer.name for peer in every)}")
    return [peer for peer in every if wanted is None or peer.name in wanted]


def installed(root: Path, names: str) -> list[Peer]:
    """Those of the named peers that are there; of the others it is said that they are left out."""
    found = named(root, names)
    for peer in found:
        if not peer.binary().exists():
            print(f"not installed, left out: {peer.name} ({peer.binary()})", file=sys.stderr)
    return [peer for peer in found if peer.binary().exists()]


def commands(peer: Peer, work: Path) -> dict[str, str]:
    """The peer's command lines, for the record."""
    children = [Child("a", "listen", ("PORT", "1")), Child("b")] if peer.only == frozenset({"gate"}) else sleepers(3)
    with Run(peer, Project(children), work) as run:
        lines = {"up": peer.up(run), "status": peer.status(run), "down": peer.down(run)}
        if lines["down"] is None:
            lines["down"] = ["kill", "-INT", "--", "-PGID"] if peer.stops_by_interrupt else ["kill", "PID"]
        return {
            verb: shlex.join(line).replace(str(run.dir), "DIR").replace(str(peer.root), "ROOT")
            for verb, line in lines.items()
            if line
        }
