"""Starting what is installed already: only what exists, only on the right port, never anything else."""

import asyncio
import sys
import time

import pytest

from launcher.services import local
from launcher.services.local import Wanted

POSTGRES = Wanted("postgres", 5432, 5432)


class Machine:
    """Plays docker, podman, systemctl and sc.exe: a mapping from the start of a command line to what it prints."""

    def __init__(self, **says):
        self.says = {name.replace("_", " "): text for name, text in says.items()}
        self.ran = []

    async def __call__(self, argv):
        self.ran.append(" ".join(argv))
        for start, text in self.says.items():
            if self.ran[-1].startswith(start):
                return (0, text) if text is not None else (1, "")
        return 127, ""

    @property
    def started(self):
        return [line for line in self.ran if " start" in line]


BINDINGS = '{"5432/tcp": [{"HostIp": "", "HostPort": "5432"}]}'


async def test_a_stopped_container_that_publishes_the_port_is_started():
    machine = Machine(docker_ps="web\nshop-postgres-1\n", docker_inspect=BINDINGS, docker_start="")
    assert await local.start_existing(POSTGRES, machine) == "the docker container shop-postgres-1"
    assert machine.started == ["docker start shop-postgres-1"]


async def test_a_container_on_another_port_is_left_alone():
    machine = Machine(docker_ps="postgres", docker_inspect=BINDINGS.replace('"5432"}', '"15432"}'), docker_start="")
    assert await local.start_existing(POSTGRES, machine) is None
    assert machine.started == []


async def test_a_container_of_another_name_is_left_alone():
    machine = Machine(docker_ps="mongo", docker_inspect=BINDINGS, docker_start="")
    assert await local.start_existing(POSTGRES, machine) is None
    assert machine.started == []


async def test_podman_is_asked_after_docker():
    machine = Machine(podman_ps="valkey", podman_inspect=BINDINGS.replace("5432", "6379"), podman_start="")
    assert await local.start_existing(Wanted("redis", 6379, 6379), machine) == "the podman container valkey"


async def test_an_enabled_system_service_is_started_by_root_alone(monkeypatch):
    machine = Machine(systemctl_is_enabled="enabled\n")
    machine.says = {"systemctl is-enabled postgresql": "enabled\n", "systemctl start postgresql": ""}
    monkeypatch.setattr(local.os, "geteuid", lambda: 0)
    assert await local.start_existing(POSTGRES, machine) == "the system service postgresql"
    machine.ran.clear()
    monkeypatch.setattr(local.os, "geteuid", lambda: 1000)
    assert await local.start_existing(POSTGRES, machine) is None
    assert machine.started == []
    assert "systemctl --user is-enabled postgresql" in machine.ran


async def test_a_system_service_is_not_expected_on_an_unusual_port(monkeypatch):
    monkeypatch.setattr(local.os, "geteuid", lambda: 0)
    machine = Machine()
    machine.says = {"systemctl": "enabled\n", "sc.exe": "SERVICE_NAME: postgresql-x64-17\n"}
    assert await local.start_existing(Wanted("postgres", 5999, 5432), machine) is None
    assert machine.started == []


async def test_a_stopped_windows_service_is_started():
    machine = Machine()
    machine.says = {
        "sc.exe query": "SERVICE_NAME: Themes\nSTATE: 1\nSERVICE_NAME: postgresql-x64-17\n",
        "sc.exe start": "",
    }
    assert await local.start_existing(POSTGRES, machine) == "the Windows service postgresql-x64-17"
    assert machine.started == ["sc.exe start postgresql-x64-17"]


async def test_nothing_is_ever_stopped_created_or_installed(monkeypatch):
    monkeypatch.setattr(local.os, "geteuid", lambda: 0)
    machine = Machine(docker="postgres", podman="postgres", systemctl=None, sc="SERVICE_NAME: postgresql")
    await local.start_existing(POSTGRES, machine)
    forbidden = ("stop", "rm", "run", "create", "kill", "install", "enable ", "restart")
    assert not [line for line in machine.ran if any(f" {word}" in line for word in forbidden)]


async def test_a_program_that_is_not_there_is_no_error():
    assert await local.run(["no-such-program-here", "ps"]) == (127, "")


async def test_a_hanging_program_is_ended_in_time(monkeypatch):
    monkeypatch.setattr(local, "_SECONDS", 0.2)
    begun = time.monotonic()
    assert await local.run([sys.executable, "-c", "input()\nimport time; time.sleep(60)"]) == (1, "")
    code = "import time; time.sleep(60)"
    assert await local.run([sys.executable, "-c", code]) == (127, "")
    assert time.monotonic() - begun < 5


async def test_a_cancelled_program_is_ended():
    running = asyncio.create_task(local.run([sys.executable, "-c", "import time; time.sleep(60)"]))
    await asyncio.sleep(0.05)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
