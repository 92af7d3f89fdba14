"""The course of a measurement: which peers, how many rounds, in which order, and the record of what was seen."""

import contextlib
import random
import time
from collections.abc import Iterator
from pathlib import Path

from scripts.bench.peers.children import Project
from scripts.bench.peers.contract import Peer
from scripts.bench.peers.programs import Floor
from scripts.bench.peers.running import Run
from scripts.bench.record import Results, Sample


class Bench:
    """What the metrics share: the peers, the work directory, the rounds and the record."""

    def __init__(self, peers: list[Peer], work: Path, rounds: int | None, results: Results) -> None:
        self.all, self.work, self.rounds, self.results = peers, work, rounds, results
        self.random = random.Random()  # noqa: S311 - an order, no secret

    def peers(self, metric: str, floor: bool = False, having: str = "") -> list[Peer]:
        return [
            peer
            for peer in self.all
            if (peer.only is None or metric in peer.only)
            and (floor or type(peer) is not Floor)
            and (not having or getattr(peer, having))
        ]

    def shuffled(self, peers: list[Peer]) -> list[Peer]:
        """The same in another order."""
        return self.random.sample(peers, len(peers))

    def shuffled_runs(self, runs: list[Run]) -> list[Run]:
        """The same in another order."""
        return self.random.sample(runs, len(runs))

    def each(self, peers: list[Peer], rounds: int) -> Iterator[Peer]:
        """Round by round, every peer once, in an order shuffled each round."""
        for _ in range(self.rounds or rounds):
            yield from self.shuffled(peers)

    def add(self, metric: str, peer: str, value: float | None, **more: object) -> None:
        sample: Sample = {"value": value, **more}
        self.results.setdefault(metric, {}).setdefault(peer, []).append(sample)
        print(f"{metric:24} {peer:30} {sample}", flush=True)

    def settle(self) -> None:
        """Past the second in which some count a child as still starting, and at any phase of their clocks."""
        time.sleep(1.5 + self.random.random())

    @contextlib.contextmanager
    def together(self, peers: list[Peer], project: Project) -> Iterator[list[Run]]:
        """All the peers at once, each running the project; those that did not start are left out."""
        with contextlib.ExitStack() as stack:
            runs = []
            for peer in self.shuffled(peers):
                run = stack.enter_context(Run(peer, project, self.work))
                run.up()
                if run.wait_started(len(run.project.children), 120):
                    runs.append(run)
            yield runs
