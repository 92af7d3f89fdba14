"""Small Windows programs, run under Wine and driven from the Linux side.

A program is Python source after PRELUDE; it gives its results with `answer(name=value)`. Hard kills come from the
Linux side: a SIGKILL to the Unix process is what a crash or the task manager is on Windows.
"""

import contextlib
import json
import os
import select
import subprocess
import textwrap
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scripts.wine import Wine, windows_path
from tests.support.processes import state

_QUIET_SECONDS = 0.2
PRELUDE = '''
import asyncio, json, os, subprocess, sys, time
from pathlib import Path
from launcher import native

PYTHON = sys.executable
TAG = sys.argv[1]

class Printed(bytearray):
    def __call__(self, chunk):
        self.extend(chunk)
    async def shows(self, text):
        async with asyncio.timeout(20):
            while text not in self:
                await asyncio.sleep(0.01)

printed = Printed()

def answer(**values):
    print("ANSWER " + json.dumps(values, default=str), flush=True)

async def start(*argv, **fields):
    fields = {"cwd": os.getcwd(), "env": dict(os.environ), "grace_seconds": 3.0, **fields}
    return await native.spawn(native.LaunchSpec(argv, **fields), printed)

async def python(source, **fields):
    return await start(PYTHON, "-c", source, TAG, **fields)

async def ended(child, seconds=15):
    return await asyncio.wait_for(child.wait(), seconds)

# Ends with 7 on Ctrl-C.
POLITE = """import sys, time
try:
    print("up", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    print("bye")
    sys.exit(7)
"""
'''


def printed(process: "subprocess.Popen[str]") -> str:
    """What a program prints until it ends.

    Not until its pipe is closed: a console host of Wine may hold that open after all its programs have ended.
    """
    assert process.stdout is not None
    pipe, data = process.stdout.fileno(), b""
    while True:
        if select.select([pipe], [], [], _QUIET_SECONDS)[0]:
            chunk = os.read(pipe, 65536)
            if not chunk:
                break
            data += chunk
        elif process.poll() is not None:
            break
    return data.decode("utf-8", "replace")


class Machine:
    """The prepared Wine, with a directory for one test's files."""

    def __init__(self, wine: Wine, directory: Path) -> None:
        self.wine = wine
        self.directory = directory
        self.tag = f"tag-{uuid.uuid4().hex}"

    @contextlib.contextmanager
    def running(self, source: str, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
        """Run a program; it and all that carries the tag is killed at the end."""
        program = self.directory / "program.py"
        program.write_text(PRELUDE + textwrap.dedent(source), encoding="utf-8")
        process = subprocess.Popen(
            self.wine.command([windows_path(program), self.tag, *arguments]),
            env=self.wine.environment(),
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            yield process
        finally:
            process.kill()
            self.clean()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()

    def answers(self, source: str, *arguments: str) -> dict[str, Any]:
        """Run a program to its end; everything it answered."""
        found: dict[str, Any] = {}
        with self.running(source, *arguments) as process:
            text = printed(process)
            assert process.wait() == 0, text
        for line in text.splitlines():
            if line.startswith("ANSWER "):
                found |= json.loads(line[7:])
        return found

    def tagged(self) -> dict[int, str]:
        """Living processes with the tag, as Linux sees them: pid and command line."""
        found = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                with contextlib.suppress(OSError):
                    line = (entry / "cmdline").read_bytes()
                    if self.tag.encode() in line and state(int(entry.name)) not in ("", "Z"):
                        found[int(entry.name)] = line.replace(b"\0", b" ").decode(errors="replace")
        return found

    def clean(self) -> None:
        """Kill what carries the tag."""
        deadline = time.monotonic() + 5
        while (left := self.tagged()) and time.monotonic() < deadline:
            for pid in left:
                with contextlib.suppress(OSError):
                    os.kill(pid, 9)
            time.sleep(0.01)
