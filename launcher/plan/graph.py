"""Orders and neighbourhoods in a graph of names (name → the names it needs). Pure; knows nothing of units."""

import heapq
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from launcher.stack.cycles import cycles

Needs = Mapping[str, Iterable[str]]


def topological(needs: Needs, rank: Callable[[str], Any]) -> tuple[str, ...]:
    """Everybody after whom they need; of those that could come next, the lowest rank does. Deterministic.

    Raises ValueError when there is a cycle (the rules of the stack have told the user long before).
    """
    waiting = {name: {need for need in wanted if need in needs} for name, wanted in needs.items()}
    dependents = required_by(needs)
    ready = [(rank(name), name) for name, wanted in waiting.items() if not wanted]
    heapq.heapify(ready)
    order: list[str] = []
    while ready:
        _, name = heapq.heappop(ready)
        order.append(name)
        for dependent in dependents[name]:
            waiting[dependent].discard(name)
            if not waiting[dependent]:
                heapq.heappush(ready, (rank(dependent), dependent))
    if len(order) < len(needs):
        raise ValueError(" -> ".join(next(cycles(needs), ("a unit needs itself",))))
    return tuple(order)


def required_by(needs: Needs) -> dict[str, tuple[str, ...]]:
    """Who needs each of them directly, in the order of the graph."""
    found: dict[str, list[str]] = {name: [] for name in needs}
    for name, wanted in needs.items():
        for need in wanted:
            if need in found:
                found[need].append(name)
    return {name: tuple(names) for name, names in found.items()}


def closure(names: Iterable[str], needs: Needs) -> frozenset[str]:
    """The names, and all they need, directly or not."""
    found: set[str] = set()
    todo = list(names)
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += [need for need in needs.get(name, ()) if need in needs]
    return frozenset(found)


def dependents(name: str, needs: Needs) -> frozenset[str]:
    """Everybody who needs `name`, directly or not."""
    return closure([name], required_by(needs)) - {name}
