"""rxlaunch among the peers, installed into an environment of its own from a checkout, as a user would have it.

`rxlaunch` is `up -d`: the supervisor in the background, as pm2's is. `rxlaunch+attached` is `up` as one sees it in a
terminal's place: in the foreground, as honcho, supervisord -n and circusd are. Settings are the defaults, but for the
grace; `rxlaunch+restart.delay=0.01` is what the default delay before a restart costs.
"""

# ruff: noqa: ARG002 - adapters are all asked alike, whether or not one needs what it is told

import json
from pathlib import Path
from typing import Any

from scripts.bench.peers.children import Child
from scripts.bench.peers.contract import Pip
from scripts.bench.peers.running import Run, write


class Rxlaunch(Pip):
    """The supervisor in the background."""

    name = package = "rxlaunch"
    restarts = gates = True
    detaches = True
    rotates = True
    restart_delay: float | None = None

    def binary(self) -> Path:
        return Path(self.script("rxlaunch"))

    def extra_env(self, folder: Path) -> dict[str, str]:
        return {"RXLAUNCH_HOME": str(folder / "rx")}

    def configure(self, run: Run) -> None:
        """Write the stack file. A list of words in JSON is one in TOML too."""
        text = ""
        if run.project.gate_port:
            text += f"[ports]\n{run.project.children[0].name} = {{ fixed = {run.project.gate_port} }}\n"
        write(run.dir / "rxlaunch.toml", text + "".join(self.service(run, child) for child in run.project.children))

    def service(self, run: Run, child: Child) -> str:
        """A child's table."""
        first = run.project.children[0]
        restart = 'policy = "always"' if run.project.restart else 'policy = "no"'
        delay = "" if self.restart_delay is None else f", delay = {self.restart_delay}"
        lines = [
            f"[services.{child.name}]",
            f"command = {json.dumps(run.argv(child))}",
            f"restart = {{ {restart}{delay} }}",
            f"stop = {{ grace = {run.project.grace} }}",
        ]
        if run.project.gate_port and child is first:
            lines.append(f'readiness = {{ http = "${{url.{first.name}}}/" }}')
        elif run.project.gate_port:
            lines.append(f'depends_on = {{ {first.name} = "healthy" }}')
        return "\n".join([*lines, "", ""])

    def up(self, run: Run) -> list[str]:
        return [self.script("rxlaunch"), "up", "-d"]

    def status(self, run: Run) -> list[str] | None:
        return [self.script("rxlaunch"), "status"]

    def down(self, run: Run) -> list[str] | None:
        return [self.script("rxlaunch"), "down"]

    def state(self, run: Run) -> dict[str, Any]:
        """The state that the supervisor keeps of the run; empty before there is one."""
        for file in (run.dir / "rx").glob("stacks/*/state.json"):
            found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
            return found
        return {}

    def main_pid(self, run: Run) -> int:
        """The supervisor's, not that of the command that returned."""
        pid = int(self.state(run).get("pid", 0))
        if pid <= 0:
            raise ValueError("rxlaunch has not begun")
        return pid

    def log_files(self, run: Run) -> list[Path]:
        """Of each child the rotated file and the current one: a unit keeps what two files hold."""
        stacks = list((run.dir / "rx").glob("stacks/*"))
        return [
            stack / "logs" / f"{child.name}.log{end}"
            for stack in stacks
            for child in run.project.children
            for end in (".1", "")
        ]


class RxlaunchAttached(Rxlaunch):
    """The supervisor in the foreground."""

    name = "rxlaunch+attached"
    only = frozenset({"up", "gate", "stop"})
    detaches = False

    def up(self, run: Run) -> list[str]:
        return [self.script("rxlaunch"), "up"]


class RxlaunchQuick(Rxlaunch):
    """The background supervisor with the shortest sensible delay before a restart."""

    name = "rxlaunch+restart.delay=0.01"
    only = frozenset({"restart"})
    restart_delay = 0.01
