"""The path of one URL: fetch, keep, open, read, enter; the only room where network and store meet."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from archive.capture import Capture, Exchange, Outcome, Snapshot, Visit
from archive.errors import ArchiveError, NotFound
from archive.store import Store
from archive.urls import bare, filed_under, host, identity
from crawler.abreast import abreast
from crawler.fetch import Fetcher, Validators
from crawler.politeness import Rests
from crawler.sites import owner_of, source_for
from crawler.tunnel import HERE
from crawler.vantage import Routes, elsewhere

if TYPE_CHECKING:  # where pages are only archived, what reads them is half of the start
    from archive.ledger.coverage import Asked
    from archive.ledger.observation import Reading
    from crawler.clerk import Clerk
    from crawler.editions import Named
    from crawler.readers import Readers

READ = (Outcome.CAPTURED, Outcome.REVISIT, Outcome.NOT_MODIFIED)
FINE = ("page", "empty", "other-page")  # verdicts that leave nothing to be done over


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one address. reading: None where nothing was read. refused: why the ledger did not take it.

    excused: the court did not understand the question, and answered it in its other form.
    """

    url: str
    snapshot: Snapshot
    reading: Reading | None = None
    source: str | None = None
    work: str | None = None
    refused: str | None = None
    excused: bool = False

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
        return self.capture.outcome in READ and (self.error is None or self.excused)

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


class Desk:
    """What is kept, opened from the archive, read and entered. clerk and readers: None where pages are only archived."""

    def __init__(self, store: Store, clerk: Clerk | None, readers: Readers | None) -> None:
        self.store = store
        self.clerk = clerk
        self.readers = readers
        self._kept: deque[tuple[asyncio.Future[Snapshot], Future[Snapshot]]] = deque()
        self._rung = False

    async def keep(self, visit: Visit) -> Snapshot:
        """Durable when this returns. No other address waits while the writer has no room for this one."""
        loop = asyncio.get_running_loop()
        told: asyncio.Future[Snapshot] = loop.create_future()

        def kept(done: Future[Snapshot]) -> None:
            # In the writer's thread, for one visit after another: the loop is woken once for all that it finds then.
            self._kept.append((told, done))
            if not self._rung:
                self._rung = True
                loop.call_soon_threadsafe(self._tell)

        keep = self.store.keep
        under_way = keep(visit) if self.store.has_room(visit) else await asyncio.to_thread(keep, visit)
        under_way.add_done_callback(kept)
        del visit, under_way
        return await told

    def _tell(self) -> None:
        self._rung = False  # before the first is taken: what comes from now on rings again
        while self._kept:
            told, done = self._kept.popleft()
            if told.done():
                continue
            if (problem := done.exception()) is not None:
                told.set_exception(problem)
            else:
                told.set_result(done.result())

    async def read(self, url: str, snapshot: Snapshot, asked: Asked | None = None) -> Done:
        """The deciding capture of a snapshot; a refusal of the ledger is told in what is returned."""
        capture = snapshot.last
        if self.clerk is None or self.readers is None:
            return Done(url, snapshot)
        if capture.outcome not in READ:
            if asked is not None:
                await self.clerk.cover(capture, asked.page(None, let_out=capture.outcome is not Outcome.PAUSED))
            return Done(url, snapshot)
        from archive.ledger.book import Entry

        source = source_for(capture.url)
        name = source.name if source else None
        try:
            reading = await self.readers.open_and_read(lambda: self.store.archive.memento(capture), name)
            window = asked.page(reading) if asked else None
            await self.clerk.enter(Entry(capture, reading, window, known=self.store.archive.known(capture)))
        except ArchiveError as exc:
            return Done(url, snapshot, None, name, refused=str(exc))
        work = None
        if reading.verdict == "page" and source is not None and source.kind == "publication":
            work = await self._work(capture.url, reading, self.clerk)
        return Done(url, snapshot, reading, name, work)

    @staticmethod
    async def _work(url: str, reading: Reading, clerk: Clerk) -> str | None:
        """The work of a page that was just entered; the book is asked only where the page names another one."""
        from crawler.editions import beside, named_in, work_of

        address, own = identity(url), {url: named_in(reading.links)}
        others: list[str] = []

        def here(one: str) -> Named | None:
            if one not in own:
                others.append(one)
            return own.get(one)

        known = beside(address, here)
        if others:
            known = await clerk.ask(lambda book: beside(address, lambda one: own.get(one) or book.named(one)))
        return work_of(address, *known.pop(address), known) if address in known else None


class Crawl:
    """One archive's crawl: bytes are kept before they are read. rests: the pauses that pages ask for; None: none are kept.

    routes: the vantages of each address; what one of them does not bring is asked for from the next, as a visit of its own.
    """

    def __init__(
        self,
        fetcher: Fetcher,
        desk: Desk,
        now: Callable[[], datetime],
        rests: Rests | None = None,
        routes: Routes | None = None,
    ) -> None:
        self.fetcher = fetcher
        self.desk = desk
        self.now = now
        self.rests = rests
        self.routes = routes or Routes()
        self._latest: dict[str, Capture | None] = {}  # of addresses about to be asked for

    async def url(self, url: str, asked: Asked | None = None) -> Done:
        """One address, fetched, kept, and read where it can be. Raises ArchiveError only where it cannot be kept."""
        facts = {} if asked is None else {"asked": asked.facts()}
        return await self._from_each(url, lambda _: facts, None, asked)

    async def for_citation(
        self, url: str, about: Callable[[Visit], Mapping[str, object]], validators: Validators | None = None
    ) -> Done:
        """The same for an address that a document cites. about: what the manifest is to say of why the visit was made.

        validators: sent in place of what the last capture offers.
        """
        return await self._from_each(url, about, validators, None)

    async def _from_each(
        self,
        url: str,
        about: Callable[[Visit], Mapping[str, object]],
        validators: Validators | None,
        asked: Asked | None,
    ) -> Done:
        """From one vantage after another, until one brings what no other could bring otherwise; the best of it."""
        url = bare(url)
        found: list[Done] = []
        for vantage in self._vantages(url):
            # What another place holds of it is no reason for this one to be asked for less than all.
            visit = await self._visit(url, validators, vantage, whole=bool(found))
            if facts := about(visit):
                visit = replace(visit, facts={**visit.facts, **facts})
            snapshot = await self.desk.keep(visit)
            del visit  # its octets are in the archive, and reading may have to wait
            done = await self.desk.read(url, snapshot, asked)
            capture, reading = done.capture, done.reading
            if not elsewhere(capture.outcome, capture.status, reading.verdict if reading else None):
                return done
            found.append(done)
        return max(found, key=_says)

    def _vantages(self, url: str) -> tuple[str, ...]:
        with contextlib.suppress(ValueError):
            url = identity(url)
        return self.routes.of(url, _owner)

    async def _visit(self, url: str, validators: Validators | None, vantage: str, *, whole: bool) -> Visit:
        try:
            address = identity(url)
        except ValueError as exc:
            # Nothing left the house, and that is a visit too.
            return Visit(url, (Exchange(url, self.now(), 0.0, Outcome.GUARDED, error=str(exc)),))
        validators = validators or (None if whole else self._validators(address))
        if vantage == HERE:
            return await self.fetcher.fetch(address, validators=validators)
        return await self.fetcher.fetch(address, validators=validators, vantage=vantage)

    async def urls(
        self, addresses: Iterable[str], *, in_flight: int = 64, per_host: int = 1, rest: Callable[[], None] = lambda: None
    ) -> AsyncIterator[Done]:
        """Many addresses, hosts in turn; results as they come. rest: called when all that have come are handed out."""

        def lane(url: str) -> str:
            with contextlib.suppress(ValueError):
                return host(url)
            return ""

        async for done in abreast(
            addresses, self.url, lane, in_flight=in_flight, per_lane=per_host, begin=self._look_up, rest=rest
        ):
            yield done

    def _look_up(self, urls: list[str]) -> None:
        """What is held of these addresses, in one question: a question a page costs a twentieth of the page."""
        keys: dict[str, str] = {}
        for url in urls:
            with contextlib.suppress(ValueError):
                address = identity(bare(url))
                keys[address] = filed_under(address)
        held = self.desk.store.archive.index.latest(set(keys.values()))
        self._latest |= {address: held.get(key) for address, key in keys.items()}

    def _held(self, url: str) -> Capture | None:
        if url in self._latest:
            return self._latest.pop(url)
        with contextlib.suppress(NotFound):
            return self.desk.store.archive.nearest(url)
        return None

    def _validators(self, url: str) -> Validators | None:
        """What the last good capture of this address offers to ask by (RFC 9110, 13.1)."""
        last = self._held(url)
        if last is None or last.status != 200 or last.foreign is not None or not last.trusted or last.url != url:
            return None
        with contextlib.suppress(NotFound):
            memento = self.desk.store.archive.memento(last)
            if memento.header("etag") or memento.header("last-modified"):
                return Validators(memento.header("etag"), memento.header("last-modified"))
        return None


def _owner(url: str) -> str | None:
    source = owner_of(url)
    return source.name if source else None


def _says(done: Done) -> int:
    """How much a visit says that did not bring the page: an answer more than a silence, a pause nothing."""
    return 2 if done.capture.outcome in READ else int(done.capture.outcome is not Outcome.PAUSED)
