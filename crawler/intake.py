"""Files that others made, taken in and read: every capture of theirs is read as one of ours would be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from archive.take import Untaken, take
from crawler.crawl import Desk, Done


async def taken_in(desk: Desk, file: Path, url: str | None, order: str | None = None) -> AsyncIterator[Done | Untaken]:
    """Each capture when it is kept and read, and each record that was not taken in. url, order: as for `archive.take.take`."""
    taken = take(desk.store, file, url=url, order=order)
    # Keeping blocks until it is durable: the loop goes on with reading meanwhile.
    while (each := await asyncio.to_thread(next, taken, None)) is not None:
        yield each if isinstance(each, Untaken) else await desk.read(each.url, each)
