"""Fixtures around a check: with consent only, and gone afterwards however it ends."""

import asyncio
import signal

import pytest

from launcher import paths
from launcher.app import tenancy
from launcher.checks.contract import Here, Target
from launcher.errors import Interrupted, UsageError
from launcher.marketplace.medusa import open_site
from launcher.marketplace.tenants import Change
from launcher.stack.tenants import TenantSpec
from launcher.state.snapshot import Snapshot

REMOTE = "postgres://medusa:right-horse@db.example.com:5432/shop"


@pytest.fixture
def target(tmp_path, monkeypatch):
    monkeypatch.setenv("RXLAUNCH_HOME", str(tmp_path / "home"))
    here = Here(paths.for_root(tmp_path), None, Snapshot(), {}, {"database_url": REMOTE}, {})
    tenants = {name: TenantSpec(domain=f"{name}.localhost") for name in ("northwind", "contoso")}
    return Target({}, open_site, None, None, tenants=tenants, here=here)


class Keeper:
    """Makes northwind, finds contoso made already; waits for `go` in the middle of making."""

    def __init__(self):
        self.began, self.go, self.removed = asyncio.Event(), asyncio.Event(), []

    async def handles(self):
        return ["aspirin"]

    async def apply(self, wanted):
        self.began.set()
        await self.go.wait()
        return [Change("northwind", "made"), Change("contoso", "unchanged")]

    async def remove(self, names):
        self.removed += names
        return []


@pytest.fixture
def keeper(monkeypatch):
    made = Keeper()
    monkeypatch.setattr(tenancy, "keeper_of", lambda _target, remote_ok: made)
    return made


def test_a_database_elsewhere_is_not_touched_without_consent(target):
    with pytest.raises(UsageError, match="not on this machine") as refused:
        tenancy.keeper_of(target, remote_ok=False)
    assert "right-horse" not in f"{refused.value} {refused.value.remedy}"
    assert tenancy.keeper_of(target, remote_ok=True).url == REMOTE


def test_only_what_was_made_for_the_occasion_goes_afterwards(target, keeper):
    async def use(broken):
        keeper.go.set()
        async with tenancy.fixtures(target):
            assert keeper.removed == []
            assert not broken, "a fault of the check"

    asyncio.run(use(broken=False))
    assert keeper.removed == ["northwind"]
    keeper.removed.clear()
    with pytest.raises(AssertionError, match="a fault of the check"):
        asyncio.run(use(broken=True))
    assert keeper.removed == ["northwind"]


@pytest.mark.parametrize("inside", [True, False], ids=["while checking", "while they are made"])
def test_whoever_is_told_to_stop_takes_the_fixtures_away_first(target, keeper, inside):
    async def use():
        loop = asyncio.get_running_loop()
        if inside:
            keeper.go.set()
        else:
            loop.call_later(0.2, keeper.go.set)
            asyncio.ensure_future(keeper.began.wait()).add_done_callback(lambda _: signal.raise_signal(signal.SIGINT))
        async with tenancy.fixtures(target):
            signal.raise_signal(signal.SIGINT)
            await asyncio.sleep(30)

    with pytest.raises(Interrupted) as stopped:
        asyncio.run(use())
    assert stopped.value.exit_code == 130
    assert keeper.removed == ["northwind"]
