"""Orders and neighbourhoods of a graph."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher.plan import graph

NEEDS = {"web": ["api"], "api": ["db", "build"], "db": [], "build": [], "lone": []}


@st.composite
def acyclic(draw):
    names = [f"u{number}" for number in range(draw(st.integers(0, 12)))]
    return {
        name: draw(st.lists(st.sampled_from(names[:position]), unique=True)) if position else []
        for position, name in enumerate(names)
    }


@given(needs=acyclic(), data=st.data())
def test_everybody_comes_after_those_they_need(needs, data):
    shuffled = {name: needs[name] for name in data.draw(st.permutations(list(needs)))}
    order = graph.topological(shuffled, rank=lambda name: name)
    assert sorted(order) == sorted(needs)
    assert all(order.index(need) < order.index(name) for name, wanted in needs.items() for need in wanted)
    assert order == graph.topological(needs, rank=lambda name: name)


def test_of_those_that_could_come_next_the_lowest_rank_does():
    assert graph.topological(NEEDS, rank=list(NEEDS).index) == ("db", "build", "api", "web", "lone")


def test_a_cycle_has_no_order():
    with pytest.raises(ValueError, match="a -> b -> a"):
        graph.topological({"a": ["b"], "b": ["a"]}, rank=len)


def test_neighbourhoods():
    assert graph.closure(["api"], NEEDS) == {"api", "db", "build"}
    assert graph.required_by(NEEDS)["db"] == ("api",)
    assert graph.dependents("db", NEEDS) == {"api", "web"}
