"""Every host has its turn, one at a time, and none keeps another waiting."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from crawler.frontier import Frontier
from crawler.lane import run

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def frontier():
    return Frontier(None, "job")


async def test_a_long_queue_does_not_starve_a_short_one(frontier, clock):
    """One place, two hosts: after eight rows of the first the second has its turn."""
    frontier.add((f"https://big.example/{number}" for number in range(50)), due=NOON)
    frontier.add(["https://small.example/"], due=NOON)
    order = []

    async def work(row):
        order.append(row.host)
        return "captured"

    assert await run(frontier, work, clock, abreast=1) == 51
    assert order.index("small.example") == 8


async def test_no_host_has_two_turns_at_once(frontier, clock):
    """Ten hosts run abreast, each by itself."""
    frontier.add((f"https://host{number % 10}.example/{number}" for number in range(100)), due=NOON)
    at_work, doubled, most = set(), [], []

    async def work(row):
        doubled.append(row.host in at_work)
        at_work.add(row.host)
        most.append(len(at_work))
        await asyncio.sleep(0)
        at_work.discard(row.host)
        return "captured"

    assert await run(frontier, work, clock, abreast=4, rows=3) == 100
    assert (any(doubled), max(most)) == (False, 4)


async def test_a_row_may_come_back_later_and_bring_others(frontier, clock):
    """What a page links to is worked on in the same run; what failed comes back at its time."""
    frontier.add(["https://a.example/listing"], due=NOON)
    worked = []

    async def work(row):
        worked.append((clock.now, row.url, row.tries))
        if row.url.endswith("listing"):
            frontier.add(["https://b.example/card"], due=NOON)
        elif not row.tries:
            return datetime.fromtimestamp(clock.wall(), UTC) + timedelta(minutes=5)
        return "captured"

    assert await run(frontier, work, clock) == 3
    assert worked == [
        (0.0, "https://a.example/listing", 0),
        (0.0, "https://b.example/card", 0),
        (300.0, "https://b.example/card", 1),
    ]
    assert frontier.counts() == {"captured": 2}


async def test_an_error_ends_the_run_and_its_row_stays_due(frontier, clock):
    """A bug loses no address."""
    frontier.add([f"https://host{number}.example/" for number in range(3)], due=NOON)

    async def work(row):
        if row.host == "host1.example":
            raise RuntimeError("a bug")
        await asyncio.Event().wait()

    with pytest.raises(RuntimeError, match="a bug"):
        await run(frontier, work, clock)
    assert frontier.counts() == {"waiting": 3}
    assert len(asyncio.all_tasks()) == 1


async def test_a_cancelled_run_leaves_no_turn_behind(frontier, clock):
    """Its rows stay due for the next run."""
    frontier.add(["https://a.example/", "https://b.example/"], due=NOON)
    started = []

    async def work(row):
        started.append(row.url)
        await asyncio.Event().wait()

    running = asyncio.create_task(run(frontier, work, clock))
    while len(started) < 2:
        await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (frontier.counts(), len(asyncio.all_tasks())) == ({"waiting": 2}, 1)
