"""The course of the boots: what is prepared, in which order contenders boot, and what of each boot is recorded."""

import contextlib
import json
import random
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from scripts.bench.boots import checker
from scripts.bench.boots.contenders import CachedFloor, Contender, Floor, OldWay
from scripts.bench.boots.market import Failed, Market, strangers
from scripts.bench.record import Results, Sample

OWN = {"own_seconds": "seconds", "loading_seconds": "loading"}  # what `rxlaunch timeline` says of rxlaunch itself
MOVING = ("backend", "storefront")


class Course:
    """The markets of a measurement, and the boots in them."""

    def __init__(self, scratch: Path, mode: str, contenders: Sequence[Contender], logs: Path) -> None:
        self.scratch, self.mode, self.contenders, self.logs = scratch, mode, contenders, logs
        self.main = Market(scratch / "main")
        self.old = Market(scratch / "old")
        self.results: Results = {}
        self.random = random.Random()  # noqa: S311 - an order, no secret
        self._count = 0

    def prepare(self, cases: Sequence[str], packages: Path | None = None) -> None:
        """Install, build and seed once, so that the caches of npm are warm; the floor learns what it needs."""
        if not self.main.is_made:
            self.main.make()
            if packages is not None:
                self.main.take_packages_of(packages)
        said(f"preparing in {self.scratch}: a boot of the sample")
        self.main.run("up", "-d", "--mode", self.mode)
        for contender in self.contenders:
            if isinstance(contender, Floor):
                contender.learn(self.main)
        self.main.down()
        needs_old = any(isinstance(one, OldWay) for one in self.contenders) and set(cases) & {"cold", "warm", "moved"}
        if needs_old and not self.old.is_made:
            said("copying it for the old way")
            self.old.become_copy_of(self.main)
        for contender in self.contenders:
            if isinstance(contender, CachedFloor):
                said("filling Node's compile cache")
                self.boot(contender, self.main, "warm")

    def round(self, cases: Sequence[str]) -> None:
        """Each case once, each contender once a case, in an order shuffled each time."""
        for case in cases:
            able = [contender for contender in self.contenders if case in contender.cases]
            for contender in self.random.sample(able, len(able)):
                with self.market(contender, case) as market:
                    sample = self.boot(contender, market, case)
                self.results.setdefault(case, {}).setdefault(contender.name, []).append(sample)
                said(f"{case:8} {contender.name:24} {sample}")

    @contextlib.contextmanager
    def market(self, contender: Contender, case: str) -> Iterator[Market]:
        """The copy that the boot happens in, in the state that the case is about."""
        self._count += 1
        if case == "first":
            fresh = Market(self.scratch / f"first-{self._count}")
            try:
                fresh.make()
                yield fresh
            finally:
                fresh.remove()
            return
        market = self.old if isinstance(contender, OldWay) else self.main
        if case == "cold":
            market.unbuild()
        if case == "adopted":
            market.run("up", "-d", "--mode", self.mode)
        taken = {*(market.ports[name] for name in MOVING), *(market.kept("ports.json").get(name, 0) for name in MOVING)}
        with strangers(sorted(taken - {0}) if case == "moved" else []):
            try:
                yield market
            finally:
                market.down()

    def boot(self, contender: Contender, market: Market, case: str) -> Sample:
        """Boot, judge, note what else there is to know, stop."""
        try:
            begun = contender.begin(market, case)
        except (Failed, OSError) as error:
            return self._failed(contender, market, case, str(error))
        try:
            verdict = checker.judge(begun.where, begun.ended, began=begun.began)
            sample: Sample = {"value": verdict.usable, **{name: round(at, 3) for name, at in verdict.seconds.items()}}
            if (back := begun.returned()) is not None:
                sample |= {"returned": round(back, 3), **overhead(market)}
            if verdict.problem:
                sample |= self._failed(contender, market, case, verdict.problem)
        finally:
            begun.stop()
        return sample

    def _failed(self, contender: Contender, market: Market, case: str, problem: str) -> Sample:
        folder = self.logs / f"{self._count}-{case}-{contender.name.replace(' ', '-')}"
        with contextlib.suppress(OSError):
            market.keep_logs(folder)
        return {"value": None, "problem": f"{problem} (logs: {folder})"}

    def close(self, *, keep: bool) -> None:
        """Stop everything; take the scratch directory away."""
        for market in (self.main, self.old):
            market.down()
        if keep:
            said(f"kept: {self.scratch}")
        else:
            shutil.rmtree(self.scratch, ignore_errors=True)


def overhead(market: Market) -> dict[str, float]:
    """The seconds of the last boot that were rxlaunch's own, where this rxlaunch tells them."""
    done = market.run("timeline", "-o", "json", check=False)
    return own_seconds(done.stdout) if done.returncode == 0 else {}


def own_seconds(text: str) -> dict[str, float]:
    """What a timeline says of rxlaunch itself; nothing where it says nothing."""
    try:
        document = json.loads(text)
    except ValueError:
        return {}
    own = document.get("own") if isinstance(document, dict) else None
    if not isinstance(own, dict):
        return {}
    return {name: round(float(own[key]), 3) for name, key in OWN.items() if isinstance(own.get(key), (int, float))}


def said(text: str) -> None:
    """Print with the time of day."""
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)
