"""`rxlaunch ci` on the sample: two commands at once, one of them in each mode, beside nothing but their checkout."""

import re
import subprocess
import zipfile

import pytest

from tests.support.marketplaces import BOOT

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.timeout(900)]

ASKS = """
import json, os, sys, urllib.request
def get(url, **headers):
    return urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=60).read().decode()
key = os.environ["NEXT_PUBLIC_MEDUSA_PUBLISHABLE_KEY"]
found = json.loads(get(os.environ["MEDUSA_BACKEND_URL"] + "/store/products", **{"x-publishable-api-key": key}))
assert any(product["title"] in get(os.environ["BASE_URL"]) for product in found["products"])
assert "<script" in get(os.environ["RXLAUNCH_URL_ADMIN"] + "/login")
print("ASKED", os.environ["RXLAUNCH_PORT_BACKEND"], os.environ["RXLAUNCH_PORT_POSTGRES"], len(found["products"]))
print("DATABASE", os.environ["DATABASE_URL"], flush=True)
sys.exit(int(sys.argv[1]))
"""


def start(market, *options, code):
    """`ci` with the command that asks the stack, to end with this code."""
    command = [market.command[0], "-c", ASKS, str(code)]
    return subprocess.Popen(
        [*market.command, "ci", *options, "--", *command],
        cwd=market.root, env=market.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def written_at_boot(market):
    """What a boot of the checkout itself writes into it."""
    root = market.root
    config = root / "launcher_assets" / "runtime-config.js"
    page = root / ".medusa" / "server" / "public" / "admin" / "index.html"
    pages = root / "storefront" / ".next"
    return (
        config.read_bytes(),
        page.stat().st_mtime_ns,
        sorted((path.name, path.stat().st_mtime_ns) for path in pages.iterdir()),
    )


def test_two_commands_at_once_have_a_marketplace_each_and_leave_nothing(stopped, tmp_path):
    before = written_at_boot(stopped)
    states = set(stopped.home.glob("stacks/*"))
    archive = tmp_path / "failed.zip"
    well = start(stopped, code=0)
    badly = start(stopped, "--mode", "dev", "--artifacts", str(archive), code=7)
    texts = [process.communicate(timeout=BOOT)[0] for process in (well, badly)]
    assert [process.returncode for process in (well, badly)] == [0, 7], texts
    asked = [re.search(r"ASKED (\d+) (\d+) (\d+)", text).groups() for text in texts]
    assert len({*asked[0][:2], *asked[1][:2]}) == 4  # no port is shared
    assert int(asked[0][2]) == int(asked[1][2]) > 0
    for text in texts:
        assert re.search(r"admin-build +skipped", text), text  # the checkout's own build was taken over
    with zipfile.ZipFile(archive) as kept:
        assert "DATABASE ***" in kept.read("logs/ci-command.log").decode()
        assert re.search(r"postgres://medusa:[^*@]+@", texts[1])  # the control: the command did print the password
    assert written_at_boot(stopped) == before
    assert set(stopped.home.glob("stacks/*")) == states
    stopped.assert_nothing_left()
