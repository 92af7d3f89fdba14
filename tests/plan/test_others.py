"""Work that waits for others: who begins it hears when, who waits need not know who hears."""

import asyncio

import pytest

from launcher.plan import others


async def test_what_waits_is_heard_in_tasks_and_threads_too():
    def in_a_thread():
        with others.at_work():
            pass

    async def in_a_task():
        with others.at_work():
            await asyncio.sleep(0)

    with others.noted() as spans:
        await asyncio.gather(in_a_task(), asyncio.to_thread(in_a_thread))
    assert len(spans) == 2
    assert all(begin <= end for begin, end in spans)


async def test_what_waits_elsewhere_is_not_heard():
    async def stranger():
        with others.at_work():
            await asyncio.sleep(0)

    task = asyncio.create_task(stranger())
    with others.noted() as spans:
        await task
    with others.at_work():
        pass
    assert spans == []


def test_a_wait_that_ends_with_an_error_is_heard():
    with others.noted() as spans, pytest.raises(KeyError), others.at_work():
        raise KeyError
    assert len(spans) == 1


@pytest.mark.parametrize(
    ("spans", "merged"),
    [
        ([], ()),
        ([(1.0, 2.0), (4.0, 5.0)], ((1.0, 2.0), (4.0, 5.0))),
        ([(4.0, 5.0), (1.0, 2.0)], ((1.0, 2.0), (4.0, 5.0))),
        ([(1.0, 3.0), (2.0, 2.5), (2.9, 4.0)], ((1.0, 4.0),)),
        ([(1.0, 2.0), (2.0005, 3.0)], ((1.0, 3.0),)),
    ],
)
def test_overlapping_spans_are_the_same_time_once(spans, merged):
    assert others.merged(spans) == merged
