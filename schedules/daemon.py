"""Runs what is due, and stops gently; the only room that knows APScheduler.

Crash-only: a `kill -9` is the ordinary end, a clean stop is only faster. What is due is asked of the archive, so nothing is
remembered here that a restart could forget. The scheduler is a timer and nothing more: it would sleep through an hour that
the clock is set back, and compute every run that a clock set forward has missed (reliability.md 0, finding 9).
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import math
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from archive.errors import ArchiveError
from archive.inbox import LOOK, Handed, Inbox, Order, Papers, Ruling
from archive.ledger.coverage import Asked
from archive.urls import host
from crawler.crawl import Crawl, Desk, Done
from crawler.errors import BadSettings
from crawler.rounds import Round
from crawler.sites import sources
from schedules import handed
from schedules.notify import LOOKED, Notifier
from schedules.past import longest_ago, pasts
from schedules.plan import BEAT, Docket, Past, Plan, Target, due, turns, wake
from schedules.standing import EVERY, Standing, write
from schedules.watching import Watching

WATCHED = 60.0  # seconds between two looks for alarms
AGAIN = 60.0  # seconds until an order that could not be done is tried again
ASKED = 250  # targets whose past is asked for at once
GRACE = 30.0  # seconds that what is in flight has to end in, once the daemon is to stop
BACK, FORWARD = timedelta(seconds=-2), timedelta(minutes=5)  # jumps of the clock that are told (reliability.md 3.1, R10)


class Alarm:
    """Calls `ring` at a wall-clock time, and every BEAT by a clock that nobody can set."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._timer = AsyncIOScheduler(timezone=UTC)
        self._beat: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Alarm:
        self._timer.start()
        self._beat = asyncio.create_task(self._beats())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._beat is not None
        self._beat.cancel()
        await asyncio.gather(self._beat, return_exceptions=True)
        self._timer.shutdown(wait=False)
        await asyncio.sleep(0)  # it ends in the loop's next turn

    def set(self, at: datetime) -> None:
        """The one trigger, in place of the one that was set before. A time that has passed rings at once."""
        self._timer.add_job(
            self._rings, "date", run_date=at, id="wake", replace_existing=True, misfire_grace_time=None, coalesce=True
        )

    async def _rings(self) -> None:
        self._ring()

    async def _beats(self) -> None:
        while True:
            await asyncio.sleep(BEAT.total_seconds())
            self._ring()


class Intake(Crawl):
    """A crawl whose intake can be shut: what is in flight goes on to its end, and nothing new begins. standing: told of all."""

    def __init__(self, crawl: Crawl, standing: Standing) -> None:
        super().__init__(crawl.fetcher, crawl.desk, crawl.now, crawl.rests, crawl.routes)
        self._standing = standing
        self._open = asyncio.Event()
        self._open.set()
        self._in_flight = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def shut(self) -> None:
        self._open.clear()

    async def drained(self) -> None:
        """Returns when nothing is in flight."""
        await self._idle.wait()

    async def url(self, url: str, asked: Asked | None = None) -> Done:
        await self._open.wait()
        self._in_flight += 1
        self._idle.clear()
        self._standing.begun(url)
        try:
            done = await super().url(url, asked)
            steady = asyncio.get_running_loop().time()
            self._standing.ended(url, str(done.snapshot.last.outcome), fine=done.fine, at=self.now(), steady=steady)
            return done
        finally:
            self._standing.gone(url)
            self._in_flight -= 1
            if not self._in_flight:
                self._idle.set()


class Orders:
    """What people tell a daemon; they may do so before it has begun."""

    def __init__(self) -> None:
        self.stop_asked = asyncio.Event()
        self.at_once = asyncio.Event()
        self.woken = asyncio.Event()
        self.stale = False

    def stop(self) -> None:
        """Gently; told twice: at once."""
        (self.at_once if self.stop_asked.is_set() else self.stop_asked).set()
        self.woken.set()

    def reload(self) -> None:
        """The plan is to be read anew."""
        self.stale = True
        self.woken.set()


class Daemon:
    """One plan, run until it is told to stop.

    reload: the plan as its file says now; raises BadSettings. done: told of every visit. note: told what a person should know.
    now: the wall clock, UTC. in_flight, per_host: as for `Crawl.urls`, of addresses that are not of a register.
    watching: looks for alarms and news; None: nobody does. told: how it stands, every few seconds (schedules.standing).
    """

    def __init__(
        self,
        crawl: Crawl,
        plan: Plan,
        reload: Callable[[], Plan],
        orders: Orders,
        *,
        done: Callable[[Done], None],
        note: Callable[[str], None],
        now: Callable[[], datetime],
        in_flight: int = 64,
        per_host: int = 1,
        watching: Watching | None = None,
        told: Callable[[dict[str, object]], None] = lambda _: None,
    ) -> None:
        self._watching, self._told = watching, told
        self.standing = Standing(now())
        self.crawl = Intake(crawl, self.standing)
        # For those who asked that pages be kept and not read.
        unread = Crawl(crawl.fetcher, Desk(crawl.desk.store, None, None), crawl.now, crawl.rests, crawl.routes)
        self._unread = Intake(unread, self.standing)
        self._inbox = Inbox(crawl.desk.store.home.path)
        self.plan = plan
        self.now = now
        self._reload, self._orders, self._done, self._note = reload, orders, done, note
        self._in_flight, self._per_host = in_flight, per_host
        self._sources = {source.name: source for source in sources()}
        self._told_past: dict[str, Past] = {}  # as the archive says it
        self._past: dict[str, Past] = {}  # the same, dated by the clock as it is set now
        self._unasked: dict[str, Target] = {}  # targets whose past was not asked for yet, by name
        self._running: set[str] = set()  # names of targets under way
        self._half: set[str] = set()  # those that were under way, or broken off, at some moment of the look for alarms
        self._looked = asyncio.Event()  # what is due was begun once
        self._ended: dict[str, Target] = {}  # targets whose past must be asked for anew
        self._tasks: set[asyncio.Task[None]] = set()
        self._clocks: tuple[datetime, float] | None = None
        self._alarms = self._undelivered = 0  # as the last look found them

    async def run(self) -> None:
        """Until it is told to stop. Raises ArchiveError only where the archive cannot be asked."""
        await self._begin_to_ask()
        now = [each for each in due(self.plan, self._past, self.now()) if each.target.name not in self._unasked]
        self._note(
            f"{len(self.plan.targets)} targets are watched, {len(now)} are due"
            + " of those asked for yet" * bool(self._unasked)
        )
        self._inbox.open()
        self._say("running")
        self._keep(self._take_orders())
        self._keep(self._tell_standing())
        self._keep(self._watch())
        self._keep(self._notify())
        try:
            async with Alarm(self._orders.woken.set) as alarm:
                while not self._orders.stop_asked.is_set():
                    self._orders.woken.clear()
                    alarm.set(await self._look())
                    self._looked.set()
                    await self._orders.woken.wait()
            await self._end()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            self._inbox.close()
            self._say("stopped")

    async def _look(self) -> datetime:
        """Begins what is due, and says when to look again."""
        await self._take_plan()
        ended, self._ended = self._ended, {}
        if ended:
            await self._learn(ended)
        if self._unasked:
            await self._ask_more()
        now = self._clock()
        silent = self._running | self._unasked.keys()
        coming = [each for each in turns(self.plan, self._past, now) if each.target.name not in silent]
        # Of a host that is being visited nothing more is begun: its addresses wait in the plan, and no task stands for them.
        busy = {_host(name) for name in self._running}
        addresses = []
        for each in coming:
            if each.due <= now:
                if isinstance(each.target, Docket):
                    self._begin(self._docket(each.target), [each.target])
                elif _host(each.target.url) not in busy:
                    addresses.append(each.target)
                else:
                    continue
                self._running.add(each.target.name)
                self._half.add(each.target.name)
        if addresses:
            self._begin(self._addresses([each.url for each in addresses]), list(addresses))
        return now if self._unasked else wake(coming, now)

    async def _begin_to_ask(self) -> None:
        """What is due in a small plan; of a large one those that seem due come first and wait for no other."""
        targets: Iterable[Target] = self.plan.targets
        if len(self.plan.targets) > ASKED:
            archive = self.crawl.desk.store.archive
            addresses = await asyncio.to_thread(longest_ago, self.plan.addresses, archive)
            targets = (*addresses[:ASKED], *self.plan.dockets, *addresses[ASKED:])
        self._unasked = {target.name: target for target in targets}
        await self._ask_more()

    async def _ask_more(self) -> None:
        some = list(islice(self._unasked.values(), ASKED))
        await self._ask(some)
        for target in some:
            del self._unasked[target.name]

    async def _learn(self, ended: dict[str, Target]) -> None:
        """What the archive says of targets whose visit has just ended."""
        before = {name: self._told_past.get(name) for name in ended}
        await self._ask(ended.values())
        for name in ended:
            past = self._told_past.get(name)
            if past is None or past == before[name] or not past.ended:
                # It ended, and the archive does not say so: without this it would be due again at once, for ever.
                self._past[name] = Past(self.now(), "broken off")
            self._running.discard(name)

    async def _take_plan(self) -> None:
        if not self._orders.stale:
            return
        self._orders.stale = False
        try:
            plan = await asyncio.to_thread(self._reload)
        except BadSettings as exc:
            self._note(f"the plan is not changed: {exc}")
            return
        known = set(self.plan.targets)
        new = [target for target in plan.targets if target not in known and target.name not in self._running]
        await self._ask(new)
        self.plan = plan
        self._note(f"the plan was read anew: {len(plan.targets)} targets are watched")

    async def _ask(self, targets: Iterable[Target]) -> None:
        """When these were visited, as the archive says now."""
        wanted = list(targets)
        archive, clerk = self.crawl.desk.store.archive, self.crawl.desk.clerk
        assert clerk is not None
        told = await clerk.ask(lambda book: pasts(wanted, archive, book, self._sources, self.now()))
        self._told_past |= told
        self._past |= told

    def _clock(self) -> datetime:
        """Now; a jump of the wall clock is told, and is no reason to do more than what the plan says is due.

        Forward it may be a machine that slept: what would have been due meanwhile is due now, each once. Back it is no time
        that passed: what was visited so long ago stays so long ago.
        """
        now, steady = self.now(), asyncio.get_running_loop().time()
        if self._clocks is not None:
            jump = (now - self._clocks[0]) - timedelta(seconds=steady - self._clocks[1])
            if not BACK <= jump <= FORWARD:
                self._note(f"the clock was set {'forward' if jump > timedelta() else 'back'} by {abs(jump)}")
            if jump < BACK:
                self._past = {name: replace(past, at=past.at + jump) for name, past in self._past.items()}
        self._clocks = now, steady
        return now

    def _begin(self, visits: AsyncIterator[Done], targets: list[Target]) -> None:
        self._keep(self._work(visits, {target.name: target for target in targets}))

    def _keep(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _work(self, visits: AsyncIterator[Done], targets: dict[str, Target]) -> None:
        left = dict(targets)
        try:
            async for done in visits:
                self._done(done)
                if done.url in left:
                    self._ended[done.url] = left.pop(done.url)
        except Exception as exc:  # one source's fault must not end the others' watch; what was kept is kept
            self._broken_off(", ".join(list(left)[:3]), exc)
        self._ended |= left
        self._orders.woken.set()

    def _broken_off(self, what: str, exc: Exception) -> None:
        for wrong in _leaves(exc):
            why = str(wrong) if isinstance(wrong, ArchiveError) else f"{type(wrong).__name__}: {wrong}"
            self._note(f"{what}: broken off: {why}")

    async def _tell_standing(self) -> None:
        while True:
            self._say("stopping" if self._orders.stop_asked.is_set() else "running")
            await asyncio.sleep(EVERY)

    async def _watch(self) -> None:
        """Folds what was kept since, and tells what looks wrong; an archive that cannot be asked now is asked again."""
        await self._looked.wait()  # from now on it is known which registers are being read
        while self._watching is not None:
            more = False
            try:
                self._half = {*self._running, *(name for name, past in self._past.items() if not past.ended)}
                told = await asyncio.to_thread(self._watching.look, self.plan, self.now(), self._half)
                more, self._alarms, self._undelivered = told.more, told.standing, told.undelivered
                for line in told.lines:
                    self._note(line)
            except Exception as exc:  # whatever it is, the watch goes on, and says that it saw nothing
                self._note(f"alarms and news cannot be looked for: {exc}")
            await asyncio.sleep(0 if more else WATCHED)

    async def _notify(self) -> None:
        """Carries what waits to those whom the plan names."""
        while self._watching is not None:
            try:
                await Notifier(self._watching.outbox, self.now, self._note, self._watching.carried).once(self.plan.channels)
            except Exception as exc:  # as above
                self._note(f"notices cannot be carried: {exc}")
            await asyncio.sleep(LOOKED)

    def _say(self, state: str) -> None:
        """What `crawl status` shows; a disk that is full must not end a watch for want of it."""
        orders = sum(not isinstance(order, Path) for order in self._inbox.orders())
        steady = asyncio.get_running_loop().time()
        told = self.standing.told(
            state, self.now(), steady, targets=len(self.plan.targets), running=sorted(self._running), orders=orders,
            alarms=self._alarms, undelivered=self._undelivered,
        )  # fmt: skip
        self._told(told)
        with contextlib.suppress(OSError):
            write(self.crawl.desk.store.home.path, told)

    async def _take_orders(self) -> None:
        """What others hand in, each once; one that a kill broke off is taken again by the next daemon."""
        taken: dict[str, asyncio.Task[None]] = {}
        loop = asyncio.get_running_loop()
        after: dict[str, float] = {}  # orders that could not be done, and when they are tried again
        while True:
            for order in self._inbox.orders():
                name = order.stem if isinstance(order, Path) else order.id
                if name in taken or after.get(name, 0.0) > loop.time():
                    continue
                if isinstance(order, Path):
                    self._note(f"{order} is no order; remove it")
                    after[name] = math.inf
                    continue
                after[name] = loop.time() + AGAIN
                task = taken[name] = self._keep(self._order(order))
                task.add_done_callback(functools.partial(_forget, taken, name))
            await asyncio.sleep(LOOK)

    async def _order(self, order: Handed) -> None:
        try:
            match order:
                case Ruling():
                    await handed.rule(self.crawl.desk, self._inbox, order)
                case Papers():
                    await handed.take_in(self.crawl.desk, self._inbox, order, self.now, self._done)
                case _:
                    await self._visit(order)
        except Exception as exc:  # as above; the order stays, and is tried again
            self._broken_off(f"order {order.id}", exc)
            with contextlib.suppress(OSError):
                self._inbox.put_off(order, "; ".join(map(str, _leaves(exc))))

    async def _visit(self, order: Order) -> None:
        answered = self._inbox.answered(order)
        crawl = self.crawl if order.read else self._unread
        left = [url for url in order.urls if url not in answered]
        async for done in crawl.urls(left, in_flight=self._in_flight, per_host=self._per_host):
            self._done(done)
            self._inbox.answer(order, done.row(), fine=done.fine)
            if done.url not in self._running:  # a target that somebody ordered has had its visit
                await self._ask(each for each in self.plan.addresses if each.url == done.url)
        self._inbox.end(order)

    async def _docket(self, docket: Docket) -> AsyncIterator[Done]:
        query = docket.query(self.now().astimezone(UTC).date())
        once = await Round.begin(self.crawl, self._sources[docket.source], query, revisit=True)
        async for done in once.visits():
            yield done

    def _addresses(self, urls: list[str]) -> AsyncIterator[Done]:
        return self.crawl.urls(urls, in_flight=self._in_flight, per_host=self._per_host)

    async def _end(self) -> None:
        """Nothing new; what is in flight has GRACE seconds."""
        intakes = (self.crawl, self._unread)
        for intake in intakes:
            intake.shut()
        self._say("stopping")
        self._note(f"stopping: what is in flight has {GRACE:g} seconds")
        at_once = asyncio.create_task(self._orders.at_once.wait())
        drained = asyncio.gather(*(intake.drained() for intake in intakes))
        await asyncio.wait((at_once, drained), timeout=GRACE, return_when=asyncio.FIRST_COMPLETED)
        at_once.cancel()
        drained.cancel()


def _forget(taken: dict[str, asyncio.Task[None]], name: str, _: asyncio.Task[None]) -> None:
    taken.pop(name, None)


def _host(url: str) -> str | None:
    """None for what is no address: the name of a register."""
    with contextlib.suppress(ValueError):
        return host(url)
    return None


def _leaves(exc: BaseException) -> Iterator[BaseException]:
    """The errors that a group of tasks ended with."""
    if isinstance(exc, BaseExceptionGroup):
        for each in exc.exceptions:
            yield from _leaves(each)
    else:
        yield exc


@contextlib.contextmanager
def signals(orders: Orders) -> Iterator[None]:
    """SIGTERM and SIGINT stop gently, a second one at once; SIGHUP reads the plan anew."""
    loop = asyncio.get_running_loop()
    acts = {signal.SIGTERM: orders.stop, signal.SIGINT: orders.stop, signal.SIGHUP: orders.reload}
    for number, act in acts.items():
        loop.add_signal_handler(number, act)
    try:
        yield
    finally:
        for number in acts:
            loop.remove_signal_handler(number)
