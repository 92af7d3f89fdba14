"""The supervisors written in Python: honcho, supervisor, circus."""

# ruff: noqa: ARG002 - adapters are all asked alike, whether or not one needs what it is told

from pathlib import Path

from scripts.bench.peers.contract import Pip, procfile
from scripts.bench.peers.running import Run, write


class Honcho(Pip):
    """Reads a Procfile; runs in the foreground."""

    name = package = "honcho"
    grace_is_set = False  # always 5 s

    def binary(self) -> Path:
        return Path(self.script("honcho"))

    def configure(self, run: Run) -> None:
        procfile(run)

    def up(self, run: Run) -> list[str]:
        return [self.script("honcho"), "start"]


class Supervisor(Pip):
    """supervisord in the foreground, as it runs in a container."""

    name = package = "supervisor"
    restarts = True
    program_options = ""

    def binary(self) -> Path:
        return Path(self.script("supervisord"))

    def configure(self, run: Run) -> None:
        text = f"""\
[supervisord]
logfile={run.dir}/supervisord.log
pidfile={run.dir}/supervisord.pid
childlogdir={run.dir}/logs
[unix_http_server]
file={run.dir}/s.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://{run.dir}/s.sock
"""
        for child in run.project.children:
            text += f"""\
[program:{child.name}]
command={run.shell(child)}
autorestart={str(run.project.restart).lower()}
stopwaitsecs={run.project.grace:g}
stdout_logfile={run.dir}/logs/{child.name}.log
stdout_logfile_maxbytes=0
redirect_stderr=true
{self.program_options}
"""
        write(run.dir / "supervisord.conf", text)

    def up(self, run: Run) -> list[str]:
        return [self.script("supervisord"), "-n", "-c", "supervisord.conf"]

    def status(self, run: Run) -> list[str]:
        return [self.script("supervisorctl"), "-c", "supervisord.conf", "status"]

    def down(self, run: Run) -> list[str]:
        return [self.script("supervisorctl"), "-c", "supervisord.conf", "shutdown"]

    def log_files(self, run: Run) -> list[Path]:
        return [run.dir / "logs" / f"{c.name}.log" for c in run.project.children]


class SupervisorGroup(Supervisor):
    """The same, told to end whole process groups."""

    name = "supervisor+stopasgroup"
    only = frozenset({"leftovers", "stubborn"})
    program_options = "stopasgroup=true\nkillasgroup=true"


class Circus(Pip):
    """circusd in the foreground."""

    name = package = "circus"
    restarts = True
    circus_options = ""
    watcher_options = ""

    def binary(self) -> Path:
        return Path(self.script("circusd"))

    def endpoint(self, run: Run) -> str:
        return f"ipc://{run.dir}/c.sock"

    def configure(self, run: Run) -> None:
        text = f"""\
[circus]
endpoint = {self.endpoint(run)}
pubsub_endpoint = ipc://{run.dir}/p.sock
{self.circus_options}
"""
        for child in run.project.children:
            text += f"""\
[watcher:{child.name}]
cmd = {run.shell(child)}
copy_env = True
respawn = {run.project.restart}
graceful_timeout = {run.project.grace:g}
stdout_stream.class = FileStream
stdout_stream.filename = {run.dir}/logs/{child.name}.log
{self.watcher_options}
"""
        write(run.dir / "circus.ini", text)

    def up(self, run: Run) -> list[str]:
        return [self.script("circusd"), "circus.ini"]

    def ctl(self, run: Run, command: str) -> list[str]:
        return [self.script("circusctl"), "--endpoint", self.endpoint(run), command]

    def status(self, run: Run) -> list[str]:
        return self.ctl(run, "status")

    def down(self, run: Run) -> list[str]:
        return self.ctl(run, "quit")

    def log_files(self, run: Run) -> list[Path]:
        return [run.dir / "logs" / f"{c.name}.log" for c in run.project.children]


class CircusQuick(Circus):
    """The same, looking after its children twice as often."""

    name = "circus+check_delay=0.5"
    only = frozenset({"restart", "idle"})
    circus_options = "check_delay = 0.5"


class CircusTree(Circus):
    """The same, told to end descendants too."""

    name = "circus+stop_children"
    only = frozenset({"leftovers", "stubborn"})
    watcher_options = "stop_children = True"
