"""One source, once: its registers' windows, the cards that their rows name, and those whose turn has come.

What is asked next a source's talk says, and when a card is due `visits` does: here it is carried out, court beside court.
What stands in the archive and in the coverage rows is all that is remembered: a round that was broken off and is begun again
takes up the same run, and asks neither for a window that is settled nor for a card that it has visited.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby

from archive.capture import Capture, Outcome
from archive.ledger.book import Book
from archive.ledger.coverage import GAPS, Asked, Run
from archive.ledger.observation import CoverageWindow, Sighting
from archive.shelf import Archive
from archive.urls import identity
from crawler.crawl import Crawl, Done
from crawler.source import Answer, Ask, Past, Query, Seed, Source
from crawler.visits import Known, news, turn

CONTINUED = timedelta(days=2)  # a run broken off longer ago is not taken up: its counters have moved on
ASKED_AGAIN = 2  # times that an answer is waited for which the platform put off
REVISITED = 200  # cards of one court, beyond its windows, in one round
Tell = Callable[[Done], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Start:
    """Which run this is, and what of it is done already. since: its first place in the log.

    settled: its complete windows. understood: courts and registers in which it found something.
    """

    run: str
    since: int
    settled: frozenset[tuple[object, ...]] = frozenset()
    understood: frozenset[tuple[str, str]] = frozenset()


class Round:
    """A round under way; made by `begin`.

    revisit: cards whose turn has come are visited too, wherever they were received; else only those received in the query's
    days. everything: cards are visited whether their turn has come or not.
    """

    def __init__(
        self, crawl: Crawl, source: Source, query: Query, start: Start, *, revisit: bool = False, everything: bool = False
    ) -> None:
        assert crawl.desk.clerk is not None  # a round reads what it fetches
        self.crawl, self.source, self.query, self.start = crawl, source, query, start
        self.planned = tuple(source.seeds(query))
        self._clerk, self._archive = crawl.desk.clerk, crawl.desk.store.archive
        self._revisit, self._everything = revisit, everything
        self._answered: dict[tuple[str, str], str] = {}  # by court and register: the address that found something last
        self._met: set[str] = set()  # addresses of this process's round
        self._throttled: set[str | None] = set()  # courts that rested the platform once

    @classmethod
    async def begin(cls, crawl: Crawl, source: Source, query: Query, *, again: bool = False, revisit: bool = False) -> Round:
        """The run of this plan that was broken off, else a new one. again: a new one, and every card.

        Raises ValueError where the query cannot be asked of this source.
        """
        assert crawl.desk.clerk is not None
        plan = Run(source.name, query.courts, query.registers, query.first, query.last, "")
        planned, now, archive = tuple(source.seeds(query)), crawl.now(), crawl.desk.store.archive
        start = None
        if not again:
            start = await crawl.desk.clerk.ask(lambda book: broken_off(book, archive, source, plan, planned, now))
        if start is None:
            run = replace(plan, mark=f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:8]}")
            start = Start(str(run), archive.index.next_seq())
        once = cls(crawl, source, query, start, revisit=revisit, everything=again)
        once._answered = await crawl.desk.clerk.ask(lambda book: book.answered(source.name))
        return once

    async def visits(self) -> AsyncIterator[Done]:
        """Every visit as it ends. No court waits for another; a court's windows come in their order."""
        courts: dict[str | None, list[Seed]] = {}
        for seed in self.planned:
            courts.setdefault(seed.court, []).append(seed)
        results: asyncio.Queue[Done] = asyncio.Queue(maxsize=64)

        async def all_courts() -> None:
            async with asyncio.TaskGroup() as group:
                for court, seeds in courts.items():
                    group.create_task(self._court(court, seeds, results.put))

        work = asyncio.create_task(all_courts())
        try:
            while not (work.done() and results.empty()):
                coming = asyncio.create_task(results.get())
                await asyncio.wait({coming, work}, return_when=asyncio.FIRST_COMPLETED)
                if coming.done():
                    yield coming.result()
                else:
                    coming.cancel()
            await work
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    async def coverage(self) -> list[CoverageWindow]:
        """A window for each that was planned, in the order of the plan, the ones never asked for too."""
        run = self.start.run
        found = await self._clerk.ask(lambda book: book.coverage(runs={run}))
        held = {_key(window.asked): window.asked for window in found}
        return [
            held.get(key) or CoverageWindow(self.source.name, *key, expected=None, read=0, gap="not-visited", run=run)
            for seed in self.planned
            if (key := _window(seed)) is not None
        ]

    # One court

    async def _court(self, court: str | None, seeds: Sequence[Seed], tell: Tell) -> None:
        for register, group in groupby(seeds, key=lambda seed: seed.register):
            await self._register(court, register, list(group), tell)
        if court is not None:
            for url in await self._clerk.ask(lambda book: self._turns(book, court)):
                await self._visit(url, tell)

    async def _register(self, court: str | None, register: str | None, seeds: Sequence[Seed], tell: Tell) -> None:
        """The talk with one register; after each of its windows the cards that its pages name."""
        settled = [seed for seed in seeds if _window(seed) in self.start.settled]
        if settled:
            await self._named(await self._clerk.ask(lambda book: _pages(book, self.start.run, settled)), tell)
        left = [seed for seed in seeds if seed.url and seed not in settled]
        kept = (court or "", register or "")
        past = Past(kept in self.start.understood, self._answered.get(kept))
        talk = self.source.talk(left, past, self.crawl.now().astimezone(UTC).date())
        window: Seed | None = None
        pages: list[str] = []
        unheard: tuple[Done, Seed | None] | None = None  # not understood: no failure, where the other form of it is
        with contextlib.closing(talk):
            ask = next(talk, None)
            while ask is not None:
                if ask.seed != window and pages:
                    await self._named(pages, tell)
                    pages = []
                window = ask.seed
                done = await self._ask(ask)
                if done is None:
                    answer = Answer(None)
                else:
                    pages.append(done.capture.id)
                    answer = _answer(done)
                    if unheard is not None:
                        await tell(replace(unheard[0], excused=answer.counter is not None and ask.seed == unheard[1]))
                    unheard = (done, ask.seed) if answer.verdict == "wrong-query" else None
                    if unheard is None:
                        await tell(done)
                try:
                    ask = talk.send(answer)
                except StopIteration:
                    ask = None
        if unheard is not None:
            await tell(unheard[0])
        await self._named(pages, tell)

    async def _ask(self, ask: Ask) -> Done | None:
        """One question of a talk; None where it leads to cards only and was asked in this round already."""
        asked = None
        if ask.seed is not None and ask.seed.court and ask.seed.register:
            seed = ask.seed
            asked = Asked(
                self.source.name, seed.court or "", seed.register or "", seed.first, seed.last, self.start.run, ask.control
            )
        elif not await self._new(ask.url):
            return None
        return await self._fetch(ask.url, asked, None if ask.seed is None else ask.seed.court)

    async def _fetch(self, url: str, asked: Asked | None, court: str | None) -> Done:
        """Fetched when its time has come; asked again where the platform put it off meanwhile."""
        done = await self._once(url, asked)
        for _ in range(ASKED_AGAIN):
            if done.capture.outcome is not Outcome.PAUSED and done.capture.status != 429:
                break
            done = await self._once(url, asked)
        reading, rests = done.reading, self.crawl.rests
        if rests is not None and reading is not None and self.source.throttled(reading.verdict, reading.reason):
            # A court that says so again after the platform has rested is broken itself.
            rests.begin(url, "temporarily unavailable", alone=court in self._throttled)
            self._throttled.add(court)
        return done

    async def _once(self, url: str, asked: Asked | None) -> Done:
        if self.crawl.rests is not None:
            await self.crawl.rests.over(url)
        return await self.crawl.url(url, asked)

    # Cards

    async def _named(self, pages: Iterable[str], tell: Tell) -> None:
        """The cards and acts that these pages name, where their turn has come."""
        for url in await self._clerk.ask(lambda book: self._wanted(book, list(pages))):
            if url not in self._met:
                self._met.add(url)  # and the archive was asked already
                await self._card(url, tell)

    def _wanted(self, book: Book, pages: Sequence[str]) -> list[str]:
        return wanted(book, self._archive, self.source, pages, self.start.since, self.crawl.now(), everything=self._everything)

    async def _visit(self, url: str, tell: Tell) -> None:
        if await self._new(url):
            await self._card(url, tell)

    async def _card(self, url: str, tell: Tell) -> None:
        done = await self._fetch(url, None, None)
        await tell(done)
        if done.reading is not None and done.reading.links:
            for link in done.reading.links:
                if link.rel == "act" and "act" in self.source.follow:
                    await self._act(link.url, tell)

    async def _act(self, url: str, tell: Tell) -> None:
        with contextlib.suppress(ValueError):
            address = identity(url)
            if not self._everything and _held(self._archive.deciding([address]).get(address)):
                return
            await self._visit(address, tell)

    async def _new(self, url: str) -> bool:
        """Is this the first time that this round comes to an address? An earlier part of the same run counts."""
        with contextlib.suppress(ValueError):
            url = identity(url)
        if url in self._met:
            return False
        self._met.add(url)
        last = (await asyncio.to_thread(self._archive.deciding, [url])).get(url)
        return last is None or last.seq < self.start.since or not _held(last)

    def _turns(self, book: Book, court: str) -> list[str]:
        """Cards of a court whose turn has come, though no listing of this round named them; the longest due first."""
        if not self._revisit and (self.query.first is None or self.query.last is None):
            return []
        now, found = self.crawl.now(), []
        held = _by_registration(book.sightings(book.registrations(court), own=True))
        cards = {subject: card for subject, said in held.items() if (card := _address(said)) and card not in self._met}
        ended = self._archive.deciding(set(cards.values()))
        for subject, card in cards.items():
            known = _known(book, held[subject], ended.get(card))
            if not self._revisit and not _within(known.received, self.query):
                continue
            coming = turn(known, now)
            if coming.due <= now and self.source.matches(card):
                found.append((coming.due, card))
        return [card for _, card in sorted(found)[:REVISITED]]


def wanted(
    book: Book,
    archive: Archive,
    source: Source,
    pages: Sequence[str],
    since: int,
    now: datetime,
    *,
    everything: bool = False,
    tried: bool = False,
) -> list[str]:
    """The cards and acts that these listings name and that are to be visited, in their order.

    A card is, where its turn has come at `now`, or where its row tells what no page before told; not, where it was visited
    since that place in the log and answered (tried: or did not). An act's text is had once.
    """
    links: dict[str, str] = {}
    for _, link in book.links(captures=pages):
        if link.rel in source.follow:
            with contextlib.suppress(ValueError):
                links.setdefault(identity(link.url), link.rel)
    rows: dict[str, tuple[int, dict[str, set[str | None]]]] = {}
    for extraction in book.extractions(captures=pages):
        for subject, name, _, value, *_ in book.page(extraction):
            if "#" not in subject:
                rows.setdefault(subject, (extraction.seq, {}))[1].setdefault(name, set()).add(value)
    held = _by_registration(book.sightings(set(rows), own=True)) if rows else {}
    subjects = {identity(each): subject for subject, (_, row) in rows.items() for each in row.get("card", ()) if each}
    ended = archive.deciding(links)
    found: list[str] = []
    for url, rel in links.items():
        last, registration = ended.get(url), subjects.get(url)
        if last is not None and last.seq >= since and (tried or _held(last)):
            continue
        if rel == "act" or registration is None:
            if everything or not _held(last):
                found.append(url)
            continue
        seq, row = rows[registration]
        said = held.get(registration, [])
        if everything or turn(_known(book, said, last), now).due <= now or news(row, said, seq):
            found.append(url)
    return found


def broken_off(book: Book, archive: Archive, source: Source, plan: Run, planned: Sequence[Seed], now: datetime) -> Start | None:
    """The newest run of this plan, where it did not come to its end: windows or cards are left."""
    newest = None
    for name, _, run, at in book.runs():
        told = Run.of(run) if name == source.name and now - CONTINUED <= at <= now + CONTINUED else None
        if told is not None and told.plan == plan.plan:
            newest = run, at
    if newest is None:
        return None
    run = newest[0]
    pages = book.windows(runs={run})
    since = min(archive.capture(page.capture).seq for page in pages)
    asked = {_key(page.asked) for page in pages}
    whole = [window.asked for window in book.coverage(runs={run}) if window.asked.complete]
    start = Start(
        run,
        since,
        frozenset(_key(window) for window in whole),
        frozenset((page.asked.court, page.asked.register) for page in pages if page.asked.expected),
    )
    if any(seed.url and _window(seed) not in asked for seed in planned):
        return start
    # As it was when its last listing came: what has become due since is another round's.
    then = max(page.at for page in pages)
    left = wanted(book, archive, source, [page.capture for page in pages], since, then, tried=True)
    return start if left else None


def _pages(book: Book, run: str, seeds: Sequence[Seed]) -> list[str]:
    """The captures that answered for these windows, or for parts of them."""
    spans = [(seed.court, seed.register, seed.first or date.min, seed.last or date.max) for seed in seeds]
    return [
        page.capture
        for page in book.windows(runs={run})
        for court, register, first, last in spans
        if (page.asked.court, page.asked.register) == (court, register)
        and first <= (page.asked.first or date.min)
        and (page.asked.last or date.max) <= last
    ]


def _answer(done: Done) -> Answer:
    reading = done.reading
    if reading is None:
        return Answer(None, done.error or "")
    return Answer(reading.verdict, reading.reason, reading.counter, reading.links)


def _known(book: Book, said: Iterable[Sighting], last: Capture | None) -> Known:
    """What decides a card's next visit, the end of its newest visit among it."""
    known = Known.of(said, None if last is None else last.at)
    if last is None or (known.read is not None and known.read >= last.at):
        return replace(known, tried=None)
    verdicts = {each.verdict for each in book.extractions(captures={last.id})}
    return replace(known, gone=any(GAPS.get(verdict) == "unreachable" for verdict in verdicts))


def _held(last: Capture | None) -> bool:
    """Did the newest visit of an address bring an answer?"""
    if last is None or not last.outcome.whole or last.status is None:
        return False
    return last.status < 400 or last.status in (404, 410)


def _address(said: Iterable[Sighting]) -> str | None:
    """The address of a registration's card, as the newest page gives it."""
    cards = [(each.extraction.seq, each.value) for each in said if each.property == "card" and each.value]
    return None if not cards else identity(max(cards)[1])


def _by_registration(sightings: Iterable[Sighting]) -> dict[str, list[Sighting]]:
    held: dict[str, list[Sighting]] = {}
    for each in sightings:
        held.setdefault(each.subject.partition("#")[0], []).append(each)
    return held


def _within(received: date | None, query: Query) -> bool:
    return received is not None and (query.first or date.min) <= received <= (query.last or date.max)


def _window(seed: Seed) -> tuple[str, str, date | None, date | None] | None:
    return None if seed.court is None or seed.register is None else (seed.court, seed.register, seed.first, seed.last)


def _key(window: CoverageWindow) -> tuple[str, str, date | None, date | None]:
    return window.court, window.register, window.first, window.last
