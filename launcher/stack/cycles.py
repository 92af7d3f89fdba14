"""Cycles in a graph of names. Pure; used by the rules of a stack and by the plan."""

from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter


def cycles(needs: Mapping[str, Iterable[str]]) -> Iterator[tuple[str, ...]]:
    """Each cycle once, named in full: ("a", "b", "a") when a needs b and b needs a. Self-references are no cycles.

    Cycles that share a unit are told one at a time: breaking the first often breaks the others.
    """
    remaining = {name: [n for n in wanted if n in needs and n != name] for name, wanted in needs.items()}
    while True:
        try:
            TopologicalSorter(remaining).prepare()
        except CycleError as error:
            found = list(reversed(error.args[1][1:]))  # graphlib lists the needed before those that need it
            start = found.index(min(found))
            yield (*found[start:], *found[:start], found[start])
            remaining = {
                name: [n for n in wanted if n not in found] for name, wanted in remaining.items() if name not in found
            }
        else:
            return
