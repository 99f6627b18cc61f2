"""Archives what a document cites: the document, every address by the reading that answers, its editions, its figures.

A doubtful address is asked for in each of its readings, and the answer decides; what was asked and not taken is kept too,
and said. Where the address as cited brings nothing, its work is looked for elsewhere: at the original, at mirrors valid
on the day of the citation, in English, and, where a person allows it, in public web archives. Every attempt is kept.
"""

from __future__ import annotations

import asyncio
import hashlib
import mimetypes
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from archive.capture import Capture, Visit
from archive.coding import decode
from archive.documents import CITING, keep_document
from archive.errors import ArchiveError
from archive.ledger.book import Book
from archive.ledger.case import fold
from archive.ledger.cited import Cases
from archive.memento import Memento
from archive.urls import identity
from crawler import charset, copies, figures
from crawler.attempts import attempts, drift
from crawler.citations import desk
from crawler.citations.references import CASE, UID, Reference
from crawler.citations.values import Citation, Cited
from crawler.crawl import Crawl, Done
from crawler.editions.address import SURE, Said, read
from crawler.editions.mirrors import Mirrors
from crawler.health import HERE, Attempt, Health, health, state
from crawler.held import Shelf, mirrors, works

DOUBT = 0.02  # a reading less likely is not asked for
CERTAIN = 0.95  # nor are others where one is as likely as this
READINGS = 4
MIRRORS = 3  # tried of one address
TOGETHER = 8  # citations under way at once
SCRIPT = 32 * 1024 * 1024  # octets of a script that is looked through for the names of data files
HELD = ("alive", "moved", "paywalled")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Wish:
    """How citations are to be followed. day: when the document cited; None where nobody says.

    archives: public web archives may be asked; timegate, cdx: which. vantage: the name of the place we ask from.
    """

    day: date | None = None
    archives: bool = False
    timegate: str = copies.TIMEGATE
    cdx: str = copies.CDX
    vantage: str = HERE


@dataclass(frozen=True, slots=True)
class Got:
    """One visit for a citation. role: cited, reading (asked for, and not what was meant), original, mirror, english, archive,
    data, or archive-list. copy: of a public archive's copy.
    """

    done: Done
    document: str
    cited: str
    role: str
    copy: copies.Copy | None = None

    @property
    def held(self) -> bool:
        return state(_attempt(self.done))[0] in HELD and (
            self.done.reading is None or self.done.reading.verdict != "unreadable"
        )

    def row(self) -> dict[str, object]:
        """As a line of `crawl url`, plus document (CONTRACT)."""
        told = None if self.copy is None else self.copy.told()
        return {**self.done.row(), "document": self.document, "cited": self.cited, "role": self.role, "copy": told}


def _attempt(done: Done) -> Attempt:
    last = done.capture
    verdict = done.reading.verdict if done.reading else None
    return Attempt(done.url, last.at, last.outcome, last.status, last.url, verdict, capture=last.id, error=last.error)


@dataclass(slots=True)
class Fate:
    """What became of one citation. taken: the reading that was meant; decided: by the answer, or why it stayed open."""

    citation: Citation
    taken: str
    decided: str
    got: list[Got] = field(default_factory=list)

    @property
    def held(self) -> Got | None:
        """Where its work is held: the first visit in the order of trying that brought it."""
        return next((each for each in self.got if each.held and each.role not in ("reading", "data", "archive-list")), None)


class Citing:
    """One archive's work on documents. `rows` tells what is found as it comes, CONTRACT's lines."""

    def __init__(self, crawl: Crawl, wish: Wish) -> None:
        self.crawl, self.wish = crawl, wish
        self.missed = 0  # citations that nothing was had of, and documents that could not be read
        self._visits: dict[str, asyncio.Task[Done]] = {}
        self._room = asyncio.Semaphore(TOGETHER)

    async def rows(self, file: Path, url: str | None = None) -> AsyncIterator[dict[str, object]]:
        """The document, its visits, the sources and cases it names, and at the end the health of each address it cites.

        url: the document's own, for the relative links of a page. Raises Unreadable after the document was kept.
        """
        kept = await asyncio.to_thread(self._keep, file)
        yield _document_row(file, kept)
        cited = await asyncio.to_thread(desk.read, file, url)
        for row in self._unresolved(file.name, cited):
            yield row
        async for row in self._references(file.name, cited.references):
            yield row
        wanted = [each for each in cited.citations if each.kind in ("address", "bare") and _readings(each)]
        known = await self._known(wanted)
        waiting: asyncio.Queue[Got | None] = asyncio.Queue()
        follows = [asyncio.create_task(self._follow(each, file.name, kept, known, waiting.put_nowait)) for each in wanted]

        async def all_done() -> None:
            await asyncio.gather(*follows, return_exceptions=True)
            waiting.put_nowait(None)

        end = asyncio.create_task(all_done())
        try:
            while (got := await waiting.get()) is not None:
                yield got.row()
            fates = [task.result() for task in follows]
        finally:
            end.cancel()
            for task in follows:
                task.cancel()
        places = await self._known([each.citation for each in fates])
        for fate in fates:
            self.missed += fate.held is None
            yield await self._ask(lambda book, fate=fate: self._health(book, fate, file.name, places))  # type: ignore[misc]

    # The document

    def _keep(self, file: Path) -> Capture:
        octets = file.read_bytes()
        digest = hashlib.sha256(octets).hexdigest()
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        return keep_document(
            self.crawl.desk.store, f"{CITING}{digest}", file.name, octets, self.crawl.now(), kind, role="cites",
            cited_on=None if self.wish.day is None else self.wish.day.isoformat(),
        )  # fmt: skip

    def _unresolved(self, document: str, cited: Cited) -> Iterator[dict[str, object]]:
        for each in cited.citations:
            if each.kind not in ("address", "bare") or not _readings(each):
                yield {**each.row(), "document": document}
        for note in cited.unread:
            self.missed += 1
            yield {"kind": "unread", "document": document, "reason": note}

    async def _references(self, document: str, named: Sequence[Reference]) -> AsyncIterator[dict[str, object]]:
        """Cases and articles named in the text, joined with the ledger's cases where they match."""
        if not named:
            return
        asked = any(each.kind in (UID, CASE) and each.value for each in named)
        cases = await self._ask(lambda book: Cases(fold(book.sightings(events=False), book.ties()))) if asked else Cases(())
        for each in named:
            meant = []
            if each.value and each.kind == UID:
                meant = cases.of_uid(each.value)
            elif each.value and each.kind == CASE:
                meant = cases.of_number(each.value, each.court, each.article)
            joined = [{"case": m.case, "confidence": m.confidence, "reason": m.reason} for m in meant]
            yield {**each.row(), "document": document, "cases": joined}

    # One citation

    async def _follow(
        self, citation: Citation, document: str, kept: Capture, known: _Known, tell: Callable[[Got], None]
    ) -> Fate:
        async with self._room:
            readings = _readings(citation)
            got = [await self._get(url, citation, document, kept, "cited") for url in readings]
            taken, decided = await self._decide(readings, got)
            fate = Fate(citation, taken, decided)
            for url, each in zip(readings, got, strict=True):
                told = each if url == taken else Got(each.done, document, each.cited, "reading")
                fate.got.append(told)
                tell(told)
            fate.got.sort(key=lambda each: each.role == "reading")
            if fate.held is None:
                async for each in self._elsewhere(taken, citation, document, kept, known):
                    fate.got.append(each)
                    tell(each)
                    if each.held and each.role != "archive-list":
                        break
            if (held := fate.held) is not None:
                async for each in self._figures(held, citation, document, kept):
                    fate.got.append(each)
                    tell(each)
            return fate

    async def _get(
        self, url: str, citation: Citation, document: str, kept: Capture, role: str, *, at: datetime | None = None
    ) -> Got:
        """One visit, whose manifest says what it was made for. at: asks a TimeGate for that time."""
        cited = citation.url or url
        found: list[copies.Copy] = []

        def about(visit: Visit) -> Mapping[str, object]:
            facts: dict[str, object] = {
                "citation": {"document": kept.id, "cited": cited, "role": role},
            }  # fmt: skip
            if self.wish.vantage != HERE:
                facts["vantage"] = self.wish.vantage
            if role == "archive" and visit.last.status == 200:
                try:
                    fields = Memento.of_message(visit.final_url, visit.last.response).fields
                except ArchiveError:
                    fields = ()
                if copy := copies.copy_of(cited, visit.final_url, fields):
                    found.append(copy)
                    facts["copy"] = copy.told()
            return facts

        validators = copies.AcceptDatetime(at=at) if at is not None else None
        key = f"{role if role == 'archive' else ''} {_key(url)}"
        if key not in self._visits:
            self._visits[key] = asyncio.create_task(self.crawl.for_citation(url, about, validators))
        done = await asyncio.shield(self._visits[key])
        return Got(done, document, cited, role, found[0] if found else None)

    async def _decide(self, readings: Sequence[str], got: Sequence[Got]) -> tuple[str, str]:
        """Which reading was meant, by what was answered, and how that was decided."""
        if len(readings) == 1:
            return readings[0], "one reading"
        fine = [(url, each) for url, each in zip(readings, got, strict=True) if each.held]
        if not fine:
            return readings[0], "undecided: no reading answers; the likeliest stands"
        if len(fine) == 1:
            return fine[0][0], "by the answer: no other reading brings a page"
        ends = {_key(each.done.capture.url) for _, each in fine}
        if len(ends) == 1:
            end = ends.pop()
            return next((url for url, _ in fine if _key(url) == end), fine[0][0]), "by the answer: the others lead to it"
        named = await self._ask(
            lambda book: works(Shelf(self.crawl.desk.store.archive, book), [url for url, _ in fine], self.wish.day)
        )
        if len({each.work for each in named.members}) == 1:
            canonical = named.members[0].work.removeprefix("work:")
            own = next((url for url, _ in fine if read(url).plain == canonical), fine[0][0])
            return own, "by the answer: the readings are one work, and this is its own address"
        return fine[0][0], f"undecided: {len(fine)} readings answer with different pages; the likeliest stands"

    # Editions

    async def _elsewhere(self, url: str, citation: Citation, document: str, kept: Capture, known: _Known) -> AsyncIterator[Got]:
        """The work at its other addresses, in order; whoever takes them stops where it is held."""
        try:
            said = read(url, known.mirrors, self.wish.day)
        except ValueError:
            return
        tried = {_key(url)}
        for role, addresses in (
            ("original", [said.plain] if said.confidence >= SURE else []),
            ("mirror", self._at_mirrors(said, known.mirrors)),
            ("english", known.english.get(_key(url), [])),
        ):
            for address in addresses:
                if _key(address) not in tried:
                    tried.add(_key(address))
                    yield await self._get(address, citation, document, kept, role)
        if self.wish.archives:
            async for each in self._archived(said.plain, citation, document, kept):
                yield each

    def _at_mirrors(self, said: Said, listed: Mirrors) -> list[str]:
        """Where mirrors that were listed on the day would have it: the host alone differs."""
        parts = urlsplit(said.plain)
        day = self.wish.day or self.crawl.now().date()
        own = said.placed.edition.hosts if said.placed else (parts.netloc,)
        spans = {span.host: span for host in own for span in listed.hosts(host.removeprefix("www."), day)}
        newest = sorted(spans.values(), key=lambda span: (span.first, span.host), reverse=True)
        return [parts._replace(netloc=span.host).geturl() for span in newest[:MIRRORS]]

    async def _archived(self, url: str, citation: Citation, document: str, kept: Capture) -> AsyncIterator[Got]:
        """A TimeGate for the copy nearest to the day; where it has none, the list of captures."""
        day = self.wish.day
        at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC) if day else self.crawl.now()
        first = await self._get(copies.timegate(url, self.wish.timegate), citation, document, kept, "archive", at=at)
        yield first
        if first.held and first.copy is not None:
            return
        answer = await self._get(copies.cdx(url, day, self.wish.cdx), citation, document, kept, "archive-list")
        yield answer
        body = await asyncio.to_thread(self._body, answer.done)
        if body and (copy := copies.nearest(body, day, self.wish.cdx)):
            yield await self._get(copy, citation, document, kept, "archive")

    async def _known(self, wanted: Iterable[Citation]) -> _Known:
        """What the archive knows of the addresses of a document: mirrors, works, and which of a work's addresses is English."""
        urls = list(dict.fromkeys(url for each in wanted for url in _readings(each)[:1]))
        return await self._ask(lambda book: _known(Shelf(self.crawl.desk.store.archive, book), urls, self.wish.day))

    # Figures

    async def _figures(self, held: Got, citation: Citation, document: str, kept: Capture) -> AsyncIterator[Got]:
        """The scripts and data files that carry the page's figures, and the files that such a script names."""
        page = await asyncio.to_thread(self._text, held.done, html=True)
        scripts = figures.carriers(page, held.done.capture.url) if page else []
        more: list[str] = []
        for url in scripts:
            got = await self._get(url, citation, document, kept, "data")
            yield got
            script = await asyncio.to_thread(self._text, got.done, html=False) if got.held else ""
            more += figures.data_files(script, got.done.capture.url) if script else []
        for url in list(dict.fromkeys(each for each in more if each not in scripts))[: figures.MOST]:
            yield await self._get(url, citation, document, kept, "data")

    def _body(self, done: Done) -> bytes:
        try:
            return self.crawl.desk.store.archive.memento(done.capture).body
        except ArchiveError:
            return b""

    def _text(self, done: Done, *, html: bool) -> str:
        """A page's or a script's characters; a bundle may be served packed under its own name (`main.js.gz`)."""
        mime = done.capture.mime or ""
        if html != mime.endswith("html"):
            return ""
        body = self._body(done)
        packed = "gzip" if body.startswith(b"\x1f\x8b") else "br" if urlsplit(done.capture.url).path.endswith(".br") else None
        if packed:
            try:
                body = decode(body, packed, limit=SCRIPT)
            except ArchiveError:
                return ""
        return charset.decide(body[:SCRIPT], mime, "utf-8").text

    # Health

    def _health(self, book: Book, fate: Fate, document: str, places: _Known) -> dict[str, object]:
        archive = self.crawl.desk.store.archive
        told: Health = health(attempts(archive, book, fate.taken))
        held = fate.held
        copied = [each.done.capture.id for each in fate.got if each.copy is not None]
        moved = drift(archive, book, fate.taken, self.wish.day, copied)
        return {
            "kind": "health", "document": document, "url": fate.taken, "cited": fate.citation.url, "health": told.word,
            "reason": told.reason, "attempts": told.attempts, "failures": told.failures,
            "since": None if told.since is None else told.since.isoformat().replace("+00:00", "Z"),
            "vantages": dict(told.vantages), "decided": fate.decided, "occurrences": fate.citation.occurrences,
            "work": places.works.get(_key(fate.taken)),
            "held": None if held is None else held.done.capture.id, "edition": None if held is None else held.role,
            "drift": None if moved is None else moved.share,
            "compared": None if moved is None else [moved.cited, moved.newest],
        }  # fmt: skip

    async def _ask(self, question: Callable[[Book], T]) -> T:
        assert self.crawl.desk.clerk is not None
        return await self.crawl.desk.clerk.ask(question)


@dataclass(frozen=True, slots=True)
class _Known:
    """mirrors: the table. works: of each address. english: other addresses of its work, in English. Keys as of `_key`."""

    mirrors: Mirrors
    works: Mapping[str, str]
    english: Mapping[str, list[str]]


def _known(shelf: Shelf, urls: Sequence[str], day: date | None) -> _Known:
    found = works(shelf, urls, day)
    by_work: dict[str, list[str]] = {}
    for each in found.members:
        if each.relation == "english":
            by_work.setdefault(each.work, []).append(each.url)
    named = {_key(each.url): each.work for each in found.members}
    english = {
        _key(each.url): [url for url in by_work.get(each.work, ()) if _key(url) != _key(each.url)] for each in found.members
    }
    return _Known(mirrors(shelf.archive), named, english)


def _readings(citation: Citation) -> list[str]:
    """What is asked for: the reading that is as good as certain, else the likeliest few; of a bare host both schemes."""
    said = [(citation.url, citation.confidence)] if citation.url else []
    if not (said and citation.confidence >= CERTAIN):
        said += [(each.url, each.confidence) for each in citation.alternatives if each.confidence >= DOUBT]
    found: dict[str, str] = {}
    for url, _ in said:
        if url and _address(url):
            found.setdefault(_key(url), url)
    return list(found.values())[:READINGS]


def _address(url: str) -> bool:
    try:
        return bool(identity(url))
    except ValueError:
        return False


def _key(url: str) -> str:
    try:
        return identity(url)
    except ValueError:
        return url


def _document_row(file: Path, kept: Capture) -> dict[str, Any]:
    where = kept.record or kept.manifest
    return {
        "kind": "document", "document": file.name, "url": kept.url, "capture": kept.id, "payload_sha256": kept.payload_sha256,
        "warc": where.file, "offset": where.offset, "length": where.length,
    }  # fmt: skip
