"""The path of one URL: fetch, keep, open, read, enter; the only room where network and store meet."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from archive.capture import Capture, Exchange, Outcome, Snapshot, Visit
from archive.errors import ArchiveError
from archive.ledger.book import Book
from archive.ledger.observation import CoverageWindow, Link, Reading
from archive.store import Store
from archive.urls import identity
from crawler.fetch import Fetcher, Validators
from crawler.readers import Readers
from crawler.sites import source_for
from crawler.source import Query, Seed, Source

READ_OUTCOMES = (Outcome.CAPTURED, Outcome.REVISIT, Outcome.NOT_MODIFIED)
FINE = ("page", "empty", "other-page")  # verdicts that leave nothing to be done over
MOST_PAGES = 400  # 10,000 rows of 25: a register that says more is asked in smaller windows


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one address. reading: None where nothing was read. refused: why the ledger did not take it."""

    url: str
    snapshot: Snapshot
    reading: Reading | None = None
    source: str | None = None
    work: str | None = None
    refused: str | None = None

    @property
    def capture(self) -> Capture:
        return self.snapshot.last

    @property
    def error(self) -> str | None:
        if self.capture.error or self.refused:
            return self.capture.error or self.refused
        return self.reading.reason or self.reading.verdict if self.reading and self.reading.verdict not in FINE else None

    @property
    def fine(self) -> bool:
        """Fetched, and read where it was to be read."""
        return self.capture.outcome in READ_OUTCOMES and self.error is None

    def row(self) -> dict[str, object]:
        """The line of `crawl url --json` (CONTRACT)."""
        capture, reading = self.capture, self.reading
        where = capture.record or capture.manifest
        return {
            "url": self.url,
            "final_url": capture.url,
            "outcome": str(capture.outcome),
            "status": capture.status,
            "capture": capture.id,
            "payload_sha256": capture.payload_sha256,
            "warc": where.file,
            "offset": where.offset,
            "length": where.length,
            "source": self.source,
            "verdict": reading.verdict if reading else None,
            "observations": len(reading.observations) if reading else None,
            "work": self.work,
            "error": self.error,
        }


def never_let_out(url: str, reason: str, now: datetime) -> Visit:
    """The visit to an address that is no address: nothing left, and the reason is kept."""
    return Visit(url, (Exchange(url, now, 0.0, Outcome.GUARDED, error=reason),))


class Crawl:
    """One archive's crawl. Bytes are kept before they are read; what is read is entered, or its refusal is told.

    book and readers: None where pages are only archived.
    """

    def __init__(
        self, fetcher: Fetcher, store: Store, book: Book | None, readers: Readers | None, now: Callable[[], datetime]
    ) -> None:
        self.fetcher = fetcher
        self.store = store
        self.book = book
        self.readers = readers
        self.now = now

    async def keep(self, visit: Visit) -> Snapshot:
        """Durable when this returns."""
        return await asyncio.wrap_future(self.store.keep(visit))

    async def url(self, url: str, asked: Asked | None = None) -> Done:
        """One address, fetched, kept, and read where it can be. Raises ArchiveError only where it cannot be kept."""
        try:
            address = identity(url)
        except ValueError as exc:
            return Done(url, await self.keep(never_let_out(url, str(exc), self.now())))
        visit = await self.fetcher.fetch(address, validators=self._validators(address))
        if asked is not None:
            visit = replace(visit, facts={**visit.facts, "asked": asked.facts()})
        snapshot = await self.keep(visit)
        if self.book is None or snapshot.last.outcome not in READ_OUTCOMES:
            return Done(url, snapshot)
        return await self._read(url, snapshot)

    async def _read(self, url: str, snapshot: Snapshot) -> Done:
        assert self.book is not None and self.readers is not None
        capture = snapshot.last
        source = source_for(capture.url)
        name = source.name if source else None
        try:
            reading = await self.readers.read(self.store.archive.memento(capture), name)
            self.book.enter(capture, reading)
        except ArchiveError as exc:
            return Done(url, snapshot, None, name, refused=str(exc))
        return Done(url, snapshot, reading, name, self.book.work(capture.url))

    def _validators(self, url: str) -> Validators | None:
        """What the last good capture of this address offers to ask by (RFC 9110, 13.1)."""
        last = self.store.archive.nearest(url)
        if last is None or last.status != 200 or last.outcome not in READ_OUTCOMES or last.foreign or not last.trusted:
            return None
        with contextlib.suppress(ArchiveError):
            memento = self.store.archive.memento(last)
            if memento.header("etag") or memento.header("last-modified"):
                return Validators(memento.header("etag"), memento.header("last-modified"))
        return None

    async def source(self, source: Source, query: Query) -> AsyncIterator[Done]:
        """One source, once: each seed's pages in their order, then what they point to. Courts take turns, none waits for another."""
        results: asyncio.Queue[Done | None] = asyncio.Queue(maxsize=64)
        run = str(uuid.uuid4())
        courts: dict[str | None, list[Seed]] = {}
        for seed in source.seeds(query):
            courts.setdefault(seed.court, []).append(seed)

        async def court(seeds: list[Seed]) -> None:
            known: set[str] = set()
            for seed in seeds:
                async for done in self._window(source, seed, run, known):
                    await results.put(done)

        async def all_courts() -> None:
            try:
                async with asyncio.TaskGroup() as group:
                    for seeds in courts.values():
                        group.create_task(court(seeds))
            finally:
                await results.put(None)

        work = asyncio.create_task(all_courts())
        try:
            while (done := await results.get()) is not None:
                yield done
            await work
        finally:
            work.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await work

    async def _window(self, source: Source, seed: Seed, run: str, known: set[str]) -> AsyncIterator[Done]:
        """One window of one register: its listing's pages, the first one again at the end, then the cards."""
        asked = None
        if seed.court and seed.register:
            asked = Asked(source.name, seed.court, seed.register, seed.first, seed.last, run)
        pages, cards = [seed.url], []
        for at in range(MOST_PAGES):
            if at >= len(pages):
                break
            done = await self.url(pages[at], asked)
            yield done
            for link in done.reading.links if done.reading else ():
                self._follow(source, link, pages, cards, known)
        if len(pages) > 1:
            # Newest cases come first: one that arrived meanwhile has shifted every page (sudrf.md 2.3).
            yield await self.url(pages[0], asked)
        for address in cards:
            yield await self.url(address)

    def _follow(self, source: Source, link: Link, pages: list[str], cards: list[str], known: set[str]) -> None:
        if link.rel not in source.follow:
            return
        with contextlib.suppress(ValueError):
            address = identity(link.url)
            if address not in known:
                known.add(address)
                (pages if link.rel == "page" else cards).append(address)
