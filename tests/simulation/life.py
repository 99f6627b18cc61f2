"""One life of the daemon: the real rooms put together as the command does it, over virtual time, hosts and disk."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import apscheduler.schedulers.base

import archive.batch
import crawler.abreast
import crawler.wire
import schedules.daemon
import schedules.notify
from archive.capture import Snapshot, Visit
from archive.errors import ArchiveError
from archive.ledger.book import Book
from archive.ledger.observation import Reading
from archive.memento import Memento
from archive.store import Order, Settings, Store, _size
from crawler import readers, sites
from crawler.clerk import Clerk
from crawler.crawl import Crawl, Desk, Done
from crawler.fetch import NetworkFetcher
from crawler.network import Network
from crawler.politeness import Politeness
from crawler.wire import Wire
from schedules.daemon import Daemon, Orders
from schedules.notices import Notice
from schedules.plan import Due, Plan
from schedules.standing import Standing
from schedules.watching import Watching
from tests.simulation.disk import Faulty
from tests.simulation.net import Net
from tests.simulation.time import Clock, Killed, Loop, datetimes

GATHER = 0.003  # seconds in which visits come together for one sync
# One file after another is begun: what goes wrong between two of them is looked at too.
SIZES = Settings(floor=0, level=1, rotate=400_000)
AGENT = "kartoteka/0 (+https://kartoteka.example)"


class Gathering(Store):
    """The store, its writer no thread but a turn of the loop: what comes within a moment shares one round."""

    def _run(self) -> None:
        self._gathered: list[Order] = []

    def keep(self, visit: Visit) -> Future[Snapshot]:
        order = Order(visit, _size(visit), Future())
        order.future.set_running_or_notify_cancel()
        self._gathered.append(order)
        if len(self._gathered) == 1:
            asyncio.get_running_loop().call_later(GATHER, self._flush)
        return order.future

    def _flush(self) -> None:
        orders, self._gathered = self._gathered, []
        while orders:
            orders = self._round(orders)

    def close(self) -> None:
        self._flush()
        super().close()


_read: dict[object, Reading] = {}


def reading(memento: Memento, source: str | None) -> Reading:
    """What is read of a page; a page that was read before, in whatever seed, is not read again."""
    fields = tuple((name, value) for name, value in memento.fields if name.lower() not in ("date", "x-turn"))
    key = (memento.url, memento.status, fields, memento.entity, memento.outcome, source)
    if key not in _read:
        _read[key] = readers.read(memento, sites.source_named(source) if source else None)
    return _read[key]


class AtOnce:
    """Readers without processes: a page is read some moments after it was opened."""

    async def open_and_read(self, opened: Callable[[], Memento], source: str | None = None) -> Reading:
        memento = opened()
        await asyncio.sleep(0.04)
        return reading(memento, source)


class InPlace:
    """A thread that does its work when it is started."""

    def __init__(self, target: Callable[[], object], **_: object) -> None:
        self.start = target


class Bell:
    """Who is told by webhook: takes a notice, or does not."""

    def __init__(self, takes: Callable[[str], bool]) -> None:
        self.takes = takes

    async def __call__(self, _channel: object, notice: Notice, _now: datetime) -> None:
        await asyncio.sleep(0.3)
        if not self.takes(notice.id):
            raise schedules.notify.NotTaken("answered 500")


async def _no_handshake(connection: Any, *_: object) -> None:
    """TLS is passed over: its octets have tests of their own."""
    connection._shaking = False


@contextlib.contextmanager
def virtual(clock: Clock, octets: Callable[[int], bytes], bell: Bell, begun: Callable[[str], None]) -> Iterator[None]:
    """The rooms that ask the machine for time, chance or a thread ask ours. begun: told of each visit as it begins."""

    class Told(Standing):
        def begun(self, url: str) -> None:
            begun(url)
            super().begun(url)

    def wake(coming: list[Due], now: datetime) -> datetime:
        clock.turn = min((each.due for each in coming if each.due > now), default=None)
        return real(coming, now)

    real = schedules.daemon.wake
    with contextlib.ExitStack() as stack:
        for room, name, ours in (
            (crawler.wire, "monotonic", clock.monotonic),
            (crawler.wire, "datetime", datetimes(clock)),
            (crawler.wire, "select", SimpleNamespace()),
            (crawler.wire._Connection, "shake_hands", _no_handshake),
            (Wire, "_strict", None),
            (crawler.abreast, "Thread", InPlace),
            (apscheduler.schedulers.base, "datetime", datetimes(clock)),
            (schedules.daemon, "wake", wake),
            (schedules.daemon, "Standing", Told),
            (schedules.notify, "_sent", bell),
            (os, "urandom", octets),
            (archive.batch, "_chance", []),  # drawn ahead by another seed
        ):
            stack.enter_context(patch.object(room, name, ours))
        yield


class Life:
    """One process. plan: as its file says now. tell: as `Daemon` has them; uniform: jitter. watch: alarms and news too."""

    def __init__(
        self,
        home: Path,
        clock: Clock,
        net: Net,
        disk: Faulty,
        plan: Callable[[], Plan],
        *,
        done: Callable[[Done], None],
        note: Callable[[str], None],
        told: Callable[[dict[str, object]], None],
        uniform: Callable[[float, float], float],
        watch: bool,
    ) -> None:
        self.home, self.clock, self.net, self.disk, self.plan = home, clock, net, disk, plan
        self._done, self._note, self._told, self._uniform, self._watch = done, note, told, uniform, watch
        self.orders = Orders()
        self.loop = Loop(clock, net.connect)
        self.store: Gathering | None = None
        self.book: Book | None = None
        self.politeness: Politeness | None = None
        self.watching: Watching | None = None

    def run(self, begun: Callable[[Life], None]) -> str:
        """To its end: `stopped`, `killed`, `power`, or `failed: why`. begun: told when everything is open."""
        asyncio.set_event_loop(None)
        try:
            self.loop.run_until_complete(self._main(begun))
        except Killed as exc:
            self.disk.dead = True
            self._vanish()
            return str(exc)
        except (ArchiveError, OSError) as exc:
            self._vanish()
            return f"failed: {type(exc).__name__}: {exc}"
        self._vanish()
        return "stopped"

    async def _main(self, begun: Callable[[Life], None]) -> None:
        clock, home = self.clock, self.home
        with contextlib.ExitStack() as opened:
            self.store = opened.enter_context(Gathering.open(home, disk=self.disk, now=clock.now, settings=SIZES))
            self.book = opened.enter_context(Book.open(home, write=True, now=clock.now))
            if self._watch:
                self.watching = Watching(home, floor=0)
                opened.callback(self.watching.close)
            async with Clerk(self.book) as clerk:
                desk = Desk(self.store, clerk, AtOnce())  # type: ignore[arg-type]
                crawl = await self._crawl(desk, opened)
                daemon = Daemon(
                    crawl, self.plan(), self.plan, self.orders, done=self._done, note=self._note, now=clock.now,
                    watching=self.watching, told=self._told,
                )  # fmt: skip
                begun(self)
                await daemon.run()

    async def _crawl(self, desk: Desk, opened: contextlib.ExitStack) -> Crawl:
        store = desk.store

        async def aside(visit: Visit) -> None:
            await desk.keep(visit)

        wire = Wire(resolve=self.net.resolve)
        wire.unasked = lambda exchange: store.keep(Visit(exchange.url, (exchange,)))
        self.politeness = Politeness(self.home / "state.sqlite", clock=self.clock)
        opened.callback(self.politeness.close)
        manners = Network(self.home, AGENT).manners
        fetcher = NetworkFetcher(wire, self.politeness, user_agent=AGENT, manners=manners, aside=aside, uniform=self._uniform)
        return Crawl(fetcher, desk, self.clock.now, fetcher.rests())

    def _vanish(self) -> None:
        """As a kill leaves it: descriptors closed, nothing said to anybody, nothing written any more."""
        self.net.forget()
        self.loop.set_exception_handler(lambda _loop, _context: None)  # nobody is there to be told
        for each in (
            self.politeness,
            self.store and self.store.archive,
            self.store and self.store.index,
            self.book,
            self.watching,
        ):
            if each is not None:
                each.close()
        if self.store is not None and not self.store._closing:
            self.store._closing = True
            for fd in (self.store._fd, self.store._lock):
                if fd >= 0:
                    os.close(fd)
        # What was under way is thrown away while its folder is out of reach.
        away = self.home.with_name("away")
        self.home.rename(away)
        told, sys.unraisablehook = sys.unraisablehook, lambda _: None  # coroutines that wait at their end
        try:
            for task in asyncio.all_tasks(self.loop):
                task._log_destroy_pending = False  # type: ignore[attr-defined]
                with contextlib.suppress(BaseException):
                    task.get_coro().close()  # type: ignore[union-attr]
            self.loop.close()
        finally:
            sys.unraisablehook = told
            if self.home.exists():  # whoever ended last made a folder there
                for path in self.home.rglob("*"):
                    path.unlink()
                self.home.rmdir()
            away.rename(self.home)


def utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
