"""The supervisors that are one program each, and the floor: a shell that starts the children in its background."""

import json
from pathlib import Path
from typing import Any

from scripts.bench.peers.contract import Go, Peer, procfile
from scripts.bench.peers.running import Run, write


class Floor(Peer):
    """No supervisor: a shell that starts the children in its background."""

    name = "sh &"

    def binary(self) -> Path:
        return Path("/bin/sh")

    def version(self) -> str:
        return "-"

    def up(self, run: Run) -> list[str]:
        return ["/bin/sh", "-c", " & ".join(run.shell(c) for c in run.project.children) + " & wait"]


class FloorCat(Floor):
    """No supervisor: the children's output through one `cat` into the file."""

    name = "sh & to cat"
    only = frozenset({"logs"})

    def up(self, run: Run) -> list[str]:
        children = " & ".join(run.shell(c) for c in run.project.children)
        return ["/bin/sh", "-c", f"({children} & wait) | cat"]


class ProcessCompose(Go):
    """Without its terminal interface, behind a Unix socket."""

    name = "process-compose"
    restarts = True
    gates = True
    log_location = False

    def configure(self, run: Run) -> None:
        project = run.project
        processes: dict[str, dict[str, Any]] = {}
        for child in project.children:
            processes[child.name] = {
                "command": run.shell(child),
                "availability": {"restart": "always" if project.restart else "no"},
                "shutdown": {"signal": 15, "timeout_seconds": int(project.grace)},
            }
            if self.log_location:
                processes[child.name]["log_location"] = f"{run.dir}/logs/{child.name}.log"
        if project.gate_port:
            first, *rest = project.children
            processes[first.name]["readiness_probe"] = {
                "http_get": {"host": "127.0.0.1", "port": str(project.gate_port)},
                "period_seconds": 1,  # the shortest it takes
                "failure_threshold": 30,
            }
            for child in rest:
                processes[child.name]["depends_on"] = {first.name: {"condition": "process_healthy"}}
        write(run.dir / "process-compose.yaml", json.dumps({"version": "0.5", "processes": processes}))

    def call(self, run: Run, *words: str) -> list[str]:
        return [str(self.binary()), "-U", "-u", f"{run.dir}/pc.sock", "-L", f"{run.dir}/pc.log", *words]

    def up(self, run: Run) -> list[str]:
        return self.call(run, "-f", "process-compose.yaml", "-t=false", "--keep-project", "up")

    def status(self, run: Run) -> list[str]:
        return self.call(run, "process", "list", "-o", "wide")

    def down(self, run: Run) -> list[str]:
        return self.call(run, "down")


class ProcessComposeLogs(ProcessCompose):
    """The same, with a file for each child."""

    name = "process-compose+log_location"
    only = frozenset({"logs"})
    log_location = True

    def binary(self) -> Path:
        return self.root / "bin" / "process-compose"

    def log_files(self, run: Run) -> list[Path]:
        return [run.dir / "logs" / f"{c.name}.log" for c in run.project.children]


class Overmind(Go):
    """Each child in a tmux window."""

    name = "overmind"
    restarts = True

    def extra_env(self, folder: Path) -> dict[str, str]:
        return {"TMUX_TMPDIR": str(folder)}

    def configure(self, run: Run) -> None:
        procfile(run)

    def up(self, run: Run) -> list[str]:
        again = ["--auto-restart", "all"] if run.project.restart else ["--any-can-die"]
        timeout = ["--timeout", f"{run.project.grace:g}"]
        return [str(self.binary()), "start", "-s", f"{run.dir}/o.sock", "--no-port", *timeout, *again]

    def status(self, run: Run) -> list[str]:
        return [str(self.binary()), "status", "-s", f"{run.dir}/o.sock"]

    def down(self, run: Run) -> list[str]:
        return [str(self.binary()), "quit", "-s", f"{run.dir}/o.sock"]


class Hivemind(Go):
    """Reads a Procfile; runs in the foreground."""

    name = "hivemind"

    def configure(self, run: Run) -> None:
        procfile(run)

    def up(self, run: Run) -> list[str]:
        return [str(self.binary()), "--timeout", f"{run.project.grace:g}", "Procfile"]
