"""One host's turn: its due rows, one after another; and the turns of all hosts, fairly.

The pause between two exchanges is kept where they are let out (politeness); a lane only sees to it that a host with many
rows does not keep another waiting, and that no host has two turns at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from crawler.frontier import Frontier, Row
from crawler.politeness import Clock

ABREAST = 64  # hosts that have their turn at the same time
TURN = 8  # rows of a turn
LOOK = 1.0  # seconds after which the frontier is looked at again for hosts that have become due

# What is done with a row: the word it ended with, or the time (UTC) at which to try it again.
Work = Callable[[Row], Awaitable[str | datetime]]


async def turn(frontier: Frontier, host: str, work: Work, now: datetime, *, rows: int = TURN) -> int:
    """The host's longest due rows, in order; how many. A row whose work raises stays due, and the error goes on."""
    due = frontier.due(host, now, rows)
    for row in due:
        ended = await work(row)
        if isinstance(ended, datetime):
            frontier.retry_at(row, ended)
        else:
            frontier.done(row, ended)
    return len(due)


async def run(frontier: Frontier, work: Work, clock: Clock, *, abreast: int = ABREAST, rows: int = TURN) -> int:
    """Turns until every row is done, waiting for those that are due later; how many pieces of work that was.

    A host that has had its turn stands behind those that wait for theirs. The first error ends all turns.
    """
    worked = 0
    queue: dict[str, None] = {}  # hosts that wait for their turn, in order
    looked = -LOOK
    running: dict[asyncio.Task[int], str] = {}
    try:
        while True:
            now = datetime.fromtimestamp(clock.wall(), UTC)
            if not queue or clock.monotonic() - looked >= LOOK:
                queue |= dict.fromkeys(host for host in frontier.hosts_due(now) if host not in running.values())
                looked = clock.monotonic()
            while queue and len(running) < abreast:
                host = next(iter(queue))
                del queue[host]
                running[asyncio.create_task(turn(frontier, host, work, now, rows=rows))] = host
            if not running:
                later = frontier.next_due()
                if later is None:
                    return worked
                await clock.sleep(max(later.timestamp() - clock.wall(), 0.0))
                continue
            done, _ = await asyncio.wait(running, timeout=LOOK, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                host = running.pop(task)
                worked += task.result()
                if task.result() == rows:  # it has more, most likely
                    queue[host] = None
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
