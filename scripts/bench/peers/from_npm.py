"""The supervisors that npm installs: pm2, mprocs, concurrently, node-foreman, start-server-and-test."""

# ruff: noqa: ARG002 - adapters are all asked alike, whether or not one needs what it is told

import json
from pathlib import Path

from scripts.bench.peers.contract import Npm, procfile
from scripts.bench.peers.running import Run, write
from scripts.bench.peers.watch import free_port


class Pm2(Npm):
    """A daemon; `pm2 start` returns."""

    name = package = "pm2"
    restarts = True
    detaches = True

    def extra_env(self, folder: Path) -> dict[str, str]:
        return {"PM2_HOME": str(folder / "pm2"), "PM2_DISABLE_VERSION_CHECK": "true"}

    def configure(self, run: Run) -> None:
        apps = [
            {
                "name": child.name,
                "script": run.argv(child)[0],
                "args": run.argv(child)[1:],
                "interpreter": "none",
                "autorestart": run.project.restart,
                "kill_timeout": int(run.project.grace * 1000),
                "out_file": f"{run.dir}/logs/{child.name}.log",
                "error_file": f"{run.dir}/logs/{child.name}.err",
                "merge_logs": True,
            }
            for child in run.project.children
        ]
        write(run.dir / "ecosystem.json", json.dumps({"apps": apps}))

    def up(self, run: Run) -> list[str]:
        return [*self.script("pm2"), "start", "ecosystem.json"]

    def status(self, run: Run) -> list[str]:
        return [*self.script("pm2"), "jlist"]

    def down(self, run: Run) -> list[str]:
        return [*self.script("pm2"), "kill"]

    def main_pid(self, run: Run) -> int:
        return int((run.dir / "pm2" / "pm2.pid").read_text())

    def log_files(self, run: Run) -> list[Path]:
        return [run.dir / "logs" / f"{c.name}.log" for c in run.project.children]


class Mprocs(Npm):
    """Its program straight away, without the node script around it; a terminal is needed."""

    name = package = "mprocs"
    restarts = True
    needs_terminal = True
    grace_is_set = False  # sends the stop signal and waits

    def program(self) -> str:
        return str(next((self.modules / "mprocs").glob("mprocs-*-linux-x86_64*/mprocs"), "mprocs"))

    def configure(self, run: Run) -> None:
        procs = {
            c.name: {"cmd": run.argv(c), "autorestart": run.project.restart, "stop": "SIGTERM"}
            for c in run.project.children
        }
        run.address = f"127.0.0.1:{free_port()}"
        write(run.dir / "mprocs.yaml", json.dumps({"procs": procs, "server": run.address}))

    def up(self, run: Run) -> list[str]:
        return [self.program(), "-c", "mprocs.yaml", "--log-dir", str(run.dir / "logs")]

    def down(self, run: Run) -> list[str]:
        return [self.program(), "-s", run.address, "--ctl", "{c: quit}"]

    def log_files(self, run: Run) -> list[Path]:
        return [run.dir / "logs" / f"{c.name}.log" for c in run.project.children]


class Concurrently(Npm):
    """No configuration: all on the command line."""

    name = package = "concurrently"
    restarts = True

    def up(self, run: Run) -> list[str]:
        tries = ["--restart-tries", "-1"] if run.project.restart else []
        timeout = ["--kill-timeout", str(int(run.project.grace * 1000))]
        names = ["--names", ",".join(c.name for c in run.project.children)]
        return [*self.script("concurrently"), *names, *tries, *timeout, *map(run.shell, run.project.children)]


class NodeForeman(Npm):
    """Reads a Procfile; knows no grace, and no signal but SIGINT."""

    name, package = "node-foreman", "foreman"
    stops_by_interrupt = True  # handles no other signal
    grace_is_set = False  # none

    def configure(self, run: Run) -> None:
        procfile(run)

    def up(self, run: Run) -> list[str]:
        return [*self.script("nf"), "start"]


class StartServerAndTest(Npm):
    """Not a supervisor, but what a package.json most often gates with."""

    name = package = "start-server-and-test"
    gates = True
    only = frozenset({"gate"})

    def up(self, run: Run) -> list[str]:
        first, second = run.project.children
        url = f"http-get://127.0.0.1:{run.project.gate_port}/"
        return [*self.script("start-server-and-test"), run.shell(first), url, run.shell(second)]
