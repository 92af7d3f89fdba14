"""What a soak does, and when: drawn from a seed alone, so that the same seed gives the same actions. Does nothing.

Each action is drawn from its own generator (seed and index), whatever happened before it and however long that took.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

SPELL = 20  # actions: in every second spell the supervisor lives on, so that its memory can be watched growing
LONGEST_PAUSE = 2.0

ORDINARY = ("writer", "pinger", "web", "nasty", "flood", "deaf")
SERVERS = ("postgres", "redis")
SERVICES = (*ORDINARY, *SERVERS)
STACK = ""  # the target of what concerns the whole stack


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of action: how often it is drawn, on whom, and whether the supervisor ends by it."""

    weight: int
    targets: tuple[str, ...] = (STACK,)
    ends_supervisor: bool = False


KINDS = {
    "kill-main": Kind(10, SERVICES),
    "kill-shim": Kind(6, SERVICES),
    "kill-backend": Kind(4, ("postgres",)),
    "pause": Kind(6, SERVICES),
    "pause-supervisor": Kind(3),
    "freeze-grandchild": Kind(3, ("nasty",)),
    "restart": Kind(6, SERVICES),
    "restart-burst": Kind(3, SERVICES),
    "stop-start": Kind(5, SERVICES),
    "kill-while-restarting": Kind(4, SERVICES),
    "storm": Kind(5),
    "flood": Kind(4, ("flood",)),
    "flood-unread": Kind(3, ("flood",)),
    "touch-watched": Kind(4, ("web",)),
    "delete-log": Kind(3, (*SERVICES, "crasher")),
    "ask-often": Kind(3),
    "up-again": Kind(3),
    "delete-state": Kind(3),
    "kill-warden": Kind(3),
    "kill-supervisor": Kind(5, ends_supervisor=True),
    "kill-supervisor-and-shims": Kind(5, ends_supervisor=True),
    "kill-while-booting": Kind(4, ends_supervisor=True),
    "terminate-supervisor": Kind(3, ends_supervisor=True),
    "down-up": Kind(3, ends_supervisor=True),
    "down-up-together": Kind(3, ends_supervisor=True),
    "down-while-busy": Kind(3, ends_supervisor=True),
    "interrupt-up": Kind(3, ends_supervisor=True),
}


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do. `dose`, from 0 to 1, says how much or how long; `pause` is slept before it."""

    index: int
    kind: str
    target: str
    dose: float
    pause: float

    def __str__(self) -> str:
        return f"#{self.index} {self.kind} {self.target}".rstrip()


def action(seed: int, index: int) -> Action:
    """The action that this seed has at this place."""
    dice = random.Random(f"{seed}:{index}")  # noqa: S311 - replayable on purpose
    quiet = index // SPELL % 2 == 1
    kinds = {name: kind for name, kind in KINDS.items() if not (quiet and kind.ends_supervisor)}
    (name,) = dice.choices(list(kinds), [kind.weight for kind in kinds.values()])
    return Action(index, name, dice.choice(kinds[name].targets), dice.random(), dice.uniform(0, LONGEST_PAUSE))


def schedule(seed: int, first: int = 0) -> Iterator[Action]:
    """All actions of a seed, for ever."""
    return (action(seed, index) for index in count(first))
