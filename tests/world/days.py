"""A daemon whose days pass as a test says: the one of `crawl daemon`, with its chores and its watch, by a clock that is set.

Time stands still until the next day is told to come; that returns when what became due has been done and looked at.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Container, Iterable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

import pytest

from archive.disk import Disk
from archive.door import Globals
from crawler.crawl import Done
from crawler.demo.server import Served
from crawler.logged import log_kept
from crawler.opening import carrier, opened
from schedules import watching as room
from schedules.daemon import Daemon, Orders
from schedules.plan import Plan, due
from schedules.watch import Raised
from tests.world.season import Season
from tests.world.watched import PATIENCE, until

TIB = 2**40
Carry = Callable[[], Awaitable[object]]


class Hands:
    """A wall clock that a test sets."""

    def __init__(self, begin: datetime) -> None:
        self.begin, self.ahead = begin, timedelta()

    def __call__(self) -> datetime:
        return self.begin + self.ahead

    @property
    def machine(self) -> type[datetime]:
        """The machine has one clock: what it says of a visit moves with what it says of the plan."""
        hands = self

        class Wall(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
                return hands()

        return Wall


class Room(Disk):
    """A disk whose free space is as a test says, to who only asks."""

    free = TIB

    def space(self, path: Path) -> int:
        return self.free


class Looking(room.Watching):
    """Counts its looks, and remembers on which day each alarm was raised and cleared."""

    def __init__(self, home: Path, hands: Hands, disk: Disk, *, stamped: bool) -> None:
        super().__init__(home, floor=2**30, disk=disk, stamped=stamped)
        self.looks, self._hands, self._over = 0, hands, set[str]()
        self.raised: dict[tuple[str, str], list[tuple[int, Raised]]] = {}
        self.cleared: dict[tuple[str, str], list[int]] = {}

    def look(self, plan: Plan, now: datetime, busy: Container[str] = ()) -> room.Told:
        told = super().look(plan, now, busy)
        self.looks += 1
        return told

    def settled(self) -> None:
        """What came of this day so far."""
        day = self._hands.ahead.days
        known = {each.id for rows in self.raised.values() for _, each in rows}
        for each in self.alarms.lately(self._hands.begin):
            if each.id not in known:
                self.raised.setdefault(each.alarm.key, []).append((day, each))
            if each.cleared is not None and each.id not in self._over:
                self._over.add(each.id)
                self.cleared.setdefault(each.alarm.key, []).append(day)


class Days:
    """One daemon and its time."""

    def __init__(
        self, season: Season, daemon: Daemon, orders: Orders, looking: Looking, carry: Carry, notes: list[str]
    ) -> None:
        assert isinstance(daemon.now, Hands)
        self.season, self.daemon, self.looking, self.notes, self.hands = season, daemon, looking, notes, daemon.now
        self._orders, self._carry = orders, carry

    async def day(self, number: int) -> None:
        """What that day of the season brings: visits, and in the evening the chores."""
        self.season.to(self.hands.begin.date() + timedelta(days=number))
        self.hands.ahead = timedelta(days=number)
        self._orders.woken.set()
        await until(self._done, f"the end of what is due on day {number}")
        await self._looks()
        self.hands.ahead = timedelta(days=number, hours=1)
        store = self.daemon.crawl.desk.store
        await asyncio.to_thread(log_kept, store, self.notes.append)
        await self._carry()
        await self._looks()

    async def _looks(self) -> None:
        looks = self.looking.looks
        await until(lambda: self.looking.looks >= looks + 2, "a look at it")
        self.looking.settled()

    def _done(self) -> bool:
        daemon = self.daemon
        return not daemon._running and not daemon._ended and not due(daemon.plan, daemon._past, self.hands())


@asynccontextmanager
async def living(
    home: Path, served: Served, plan: Plan, begin: datetime, patch: pytest.MonkeyPatch, *, disk: Room | None = None,
    done: list[Done] | None = None, ways: Iterable[str] = (),
) -> AsyncIterator[Days]:  # fmt: skip
    """A daemon inside this process, stopped at the end. ways: rules of --connect-to that come before the world's."""
    assert isinstance(served.world, Season)
    hands, notes, orders = Hands(begin), list[str](), Orders()
    patch.setenv("KARTOTEKA_FREE_BYTES", "0")
    patch.setenv("KARTOTEKA_READERS", "1")
    patch.setattr("crawler.wire.datetime", hands.machine)
    patch.setattr("schedules.daemon.WATCHED", 0.05)
    options = Globals(home, [*ways, *served.connect_to], [served.ca_file], pace=0)
    visits = [] if done is None else done
    async with opened(options) as crawl:
        crawl.now = hands
        looking = Looking(home, hands, disk or Room(), stamped=True)
        daemon = Daemon(crawl, plan, lambda: plan, orders, done=visits.append, note=notes.append, now=hands, watching=looking)
        async with carrier(options, crawl.desk.store, notes.append) as carry:
            carry._now = hands
            work = asyncio.create_task(daemon.run())
            try:
                yield Days(served.world, daemon, orders, looking, carry.carry, notes)
            finally:
                orders.stop()
                orders.stop()
                await asyncio.wait_for(work, PATIENCE)
                looking.close()
