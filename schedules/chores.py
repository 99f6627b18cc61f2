"""What a daemon does by the clock and by no plan: each hour the log and its stamps, each day a sample of what is kept.

Crash-only: each of them begins with the daemon, and does what a kill left undone. None of them may end the watch: what goes
wrong is told, and tried again in an hour.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from archive.errors import ArchiveError
from archive.finding import Verdict
from archive.keyring import Keyring
from archive.shelf import Archive
from archive.store import Store
from archive.verify import verify
from crawler.logged import log_kept
from schedules.journal import Event, Tell, nobody

HOUR, DAY = 3600.0, 86_400.0
SAMPLE = 20  # captures that are read again each day
T = TypeVar("T")


def sample(home: Path, chance: random.Random, most: int = SAMPLE) -> list[str]:
    """Ids of captures drawn from all that are kept; fewer where fewer are."""
    with Archive.open(home) as archive:
        end = archive.index.next_seq()
        drawn = sorted(chance.sample(range(end), min(most, end)))
        found = [next(archive.captures(since_seq=seq), None) for seq in drawn]
    return sorted({capture.id for capture in found if capture is not None})


def look(home: Path, chance: random.Random, most: int = SAMPLE) -> tuple[int, list[str]]:
    """How many captures were verified, and what failed, in words."""
    ids = sample(home, chance, most)
    found = verify(home, ids, keys=Keyring.of(os.environ)) if ids else ()
    return len(ids), [f"{f.check}: {f.subject}: {f.detail}" for f in found if f.outcome is Verdict.FAIL]


@dataclass
class Chores:
    """Those of one open archive. note: told what a person should know; tell: that the log was signed, and stamped. hour, day:
    seconds by the monotonic clock."""

    store: Store
    note: Callable[[str], None]
    chance: random.Random
    carry: Callable[[], Awaitable[Sequence[str]]] | None = None  # has the log stamped: the files that were kept
    hour: float = HOUR
    day: float = DAY
    tell: Tell = nobody

    async def run(self) -> None:
        """Until it is cancelled; what is under way in a thread is waited for then."""
        loop = asyncio.get_running_loop()
        looked: float | None = None
        while True:
            if leaves := await _in_thread(lambda: log_kept(self.store, self.note)):
                self.tell(Event.SIGNED, leaves=leaves)
            if self.carry is not None and (files := await self.carry()):
                self.tell(Event.STAMPED, files=files)
            if looked is None or loop.time() - looked >= self.day:
                looked = loop.time()
                await _in_thread(self._look)
            await asyncio.sleep(self.hour)

    def _look(self) -> None:
        try:
            count, failed = look(self.store.home.path, self.chance)
        except ArchiveError as exc:
            self.note(f"no sample of what is kept could be verified: {exc}")
            return
        for each in failed:
            self.note(f"FAIL {each}")
        if failed:
            self.note(f"of {count} captures that were read again {len(failed)} checks failed: run `crawl verify`")


@contextlib.asynccontextmanager
async def beside(chores: Chores) -> AsyncIterator[None]:
    """They run as long as what is inside."""
    task = asyncio.create_task(chores.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _in_thread(act: Callable[[], T]) -> T:
    """As asyncio.to_thread; cancelled, it returns when the thread has ended: what it works on is closed then."""
    under_way = asyncio.ensure_future(asyncio.to_thread(act))
    try:
        return await asyncio.shield(under_way)
    except asyncio.CancelledError:
        await asyncio.wait([under_way])
        raise
