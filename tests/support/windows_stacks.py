"""The whole product as a Windows program, driven from the Linux side: commands, a checkout on Wine's drive Z:."""

import contextlib
import json
import os
import signal
import subprocess
import textwrap
import threading
import urllib.request
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scripts.wine import Wine, windows_path
from tests.support.processes import state, until
from tests.support.small_stacks import SERVER, web_stack

SECONDS = 90
POLITE_SERVER = "import contextlib\nwith contextlib.suppress(KeyboardInterrupt):\n" + textwrap.indent(SERVER, "    ")


class Command:
    """A running command. What it leaves running holds its output open under Wine: nothing waits for its end."""

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str], directory: Path) -> None:
        self.process = subprocess.Popen(
            argv,
            env=environment,
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._printed = bytearray()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while chunk := os.read(self.process.stdout.fileno(), 65536):
            self._printed += chunk

    def wait(self, seconds: float = SECONDS) -> int:
        """Its exit code."""
        code = self.process.wait(seconds)
        self._reader.join(0.5)
        return code

    def printed(self) -> str:
        """What it printed so far."""
        return self._printed.decode(errors="replace").replace("\r\n", "\n")

    def shows(self, text: str, seconds: float = 60) -> None:
        """Wait until it printed this."""
        until(lambda: text in self.printed(), seconds, f"{text!r} is not in {self.printed()!r}")

    def ctrl_c(self) -> None:
        """Wine makes a Ctrl-C of this signal."""
        self.process.send_signal(signal.SIGINT)

    def close(self) -> None:
        """Call once nothing of its processes is left."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._reader.join(10)
        self.process.stdout.close()


class WindowsStack:
    """A checkout on Wine's Z: drive, and `rxlaunch` as a Windows Python runs it."""

    def __init__(self, wine: Wine, directory: Path, name: str = "project") -> None:
        self.wine = wine
        self.tag = f"tag{uuid.uuid4().hex[:12]}"
        self.root = directory / name
        self.root.mkdir(parents=True)
        self.home = directory / "home"
        self.python = windows_path(wine.python)
        self.environment: dict[str, str] = {}
        (self.root / "server.py").write_text(POLITE_SERVER)
        self.commands: list[Command] = []

    def web(self, extra: str = "", ports: str = "web = 21500") -> None:
        """A stack of one HTTP service; `extra` goes on in its table, or opens others."""
        self.write(web_stack(extra, ports, deadline=40, grace=5))

    def write(self, text: str) -> None:
        """Write the stack file; `{python}` is the Windows interpreter, `{tag}` a word that finds the process."""
        filled = text.replace("{python}", self.python.replace("\\", "\\\\")).replace("{tag}", self.tag)
        (self.root / "rxlaunch.toml").write_text(filled, encoding="utf-8")

    def start(self, *arguments: str, **environment: str) -> Command:
        """Start a command."""
        ours = {"RXLAUNCH_HOME": windows_path(self.home), "RX_TAG": self.tag, **self.environment, **environment}
        command = self.wine.command(["-P", "-m", "launcher", *arguments])
        self.commands.append(Command(command, self.wine.environment(**ours), self.root))
        return self.commands[-1]

    def run(self, *arguments: str, check: int | None = 0, **environment: str) -> str:
        """Run a command to its end; what it printed."""
        command = self.start(*arguments, **environment)
        code = command.wait()
        printed = command.printed()
        assert check is None or code == check, f"{arguments}: {code}\n{printed}"
        assert "Traceback" not in printed, printed
        return printed

    def json(self, *arguments: str, check: int = 0) -> Any:
        """The JSON document a command prints."""
        return json.loads(self.run(*arguments, "-o", "json", check=check))

    def unit(self, name: str) -> Any:
        """What `status` says of a unit."""
        return self.json("status")["units"][name]

    def snapshot(self) -> Any:
        """The state file as it is now, read from the Linux side: quicker than `status`."""
        for file in self.home.glob("stacks/*/state.json"):
            with contextlib.suppress(OSError, ValueError):
                document = json.loads(file.read_text())
                if document["root"].replace("\\", "/").endswith(self.root.as_posix()):
                    return document
        return {"phase": "", "units": {}}

    def phase(self, name: str) -> str:
        """The phase of a unit by the state file."""
        return self.snapshot()["units"].get(name, {}).get("phase", "")

    def processes(self, word: str) -> list[int]:
        """Unix pids of living Windows processes whose command line has this word."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and state(int(entry.name)) not in ("", "Z"):
                try:
                    words = (entry / "cmdline").read_bytes()
                except OSError:
                    continue
                if b"python.exe" in words and word.encode() in words:
                    found.append(int(entry.name))
        return found

    def supervisors(self) -> list[int]:
        """Unix pids of this stack's supervisors: they alone carry our home in their environment that long."""
        ours = []
        for pid in self.processes("supervise"):
            try:
                if self.tag.encode() in Path(f"/proc/{pid}/environ").read_bytes():
                    ours.append(pid)
            except OSError:
                continue
        return ours

    def nothing_left(self, within: float = 5.0) -> None:
        """Nothing of the stack's processes lives any more."""
        until(lambda: not self.processes(self.tag), within, "something lives on")

    def clean_up(self) -> None:
        """Whatever a failed test left."""
        for pid in [*self.supervisors(), *self.processes(self.tag)]:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        for command in self.commands:
            command.close()


def page(port: int) -> bytes:
    """What the service answers."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
        return answer.read()
