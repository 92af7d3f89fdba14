"""The caches of a CI system: what `cache-key` names, restored in a fresh clone elsewhere, saves `ci` its work."""

import os
import re
import shutil

import pytest

from tests.support.marketplaces import BOOT, Marketplace

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.timeout(900)]
SAVED = ("install", "storefront-install", "admin-build", "storefront-build")
NOT_IN_GIT = ("node_modules", ".medusa", ".next", "static", "*.tsbuildinfo", "next-env.d.ts")


@pytest.fixture
def machines(place):
    """Makes a checkout on a machine of its own: another directory, another home."""
    made = []

    def make(source, name):
        shutil.rmtree(place / name, ignore_errors=True)
        machine = Marketplace(place / name / "shop", place / name / "home")
        shutil.copytree(source.root, machine.root, symlinks=True, ignore=shutil.ignore_patterns(*NOT_IN_GIT))
        made.append(machine)
        return machine

    yield make
    for machine in made:
        machine.clean_up()
        shutil.rmtree(machine.root.parent, ignore_errors=True)


def restore(caches, source, target):
    """What a CI system does; packages are hard links, for nothing writes to them."""
    for cache in caches:
        for path in cache["paths"] if not cache["paths"][0].startswith("~") else ():
            copy = os.link if path.endswith("node_modules") else shutil.copy2
            if (source.root / path).exists():
                shutil.copytree(source.root / path, target.root / path, symlinks=True, copy_function=copy)


def ci(machine, *options):
    """Whether each task that is worth saving was done by `ci`, or skipped."""
    done = machine.run("ci", *options, "--", machine.command[0], "-c", "print('RAN')", timeout=BOOT, check=0)
    assert "RAN" in done.stdout
    return {name: re.search(rf"s +{name} +(skipped|done)", done.stderr)[1] for name in SAVED}


def test_a_fresh_clone_with_restored_caches_installs_and_builds_nothing(stopped, machines):
    first = machines(stopped, "first")
    caches = first.json("cache-key")["caches"]
    restore(caches, stopped, first)  # of an `up` on another machine: all but the storefront, which knows another key
    assert ci(first, "--save-builds") == {**dict.fromkeys(SAVED, "skipped"), "storefront-build": "done"}
    clone = machines(stopped, "clone")
    assert clone.json("cache-key")["caches"] == caches
    restore(caches, first, clone)
    assert ci(clone) == dict.fromkeys(SAVED, "skipped")
    with clone.changed("src/api/ready/later.ts", "export const later = 1\n"):  # restored by a key that doesn't fit
        plan = clone.plan()
        assert plan["admin-build"] == "run: sources changed"
        assert plan["install"].startswith("skip")
        changed = {each["name"] for each in clone.json("cache-key")["caches"] if each not in caches}
    assert changed == {"admin-build"}
