"""The archived bytes read again with today's parsers: the ledger made anew, or held against what it was."""

from __future__ import annotations

import asyncio
from collections import Counter as Multiset
from collections import deque
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import urlsplit

from archive.capture import Capture, Outcome
from archive.documents import URN
from archive.errors import ArchiveError
from archive.ledger.observation import Observation, Reading
from archive.store import Archive
from crawler.readers import Readers
from crawler.sites import source_for

READ = (Outcome.CAPTURED, Outcome.REVISIT, Outcome.NOT_MODIFIED)


def to_read(captures: Iterable[Capture]) -> list[Capture]:
    """Of each visit the capture that decides, where it holds a page that somebody may read; in the order of the log.

    robots.txt is kept as evidence of what was allowed, a document as evidence of what it cites; neither is a page, nor is what
    a person decided.
    """
    last = [list(group)[-1] for _, group in groupby(captures, key=lambda capture: capture.visit)]
    pages = (c for c in last if c.outcome in READ and not c.url.startswith(URN))
    return [c for c in pages if urlsplit(c.url).path != "/robots.txt"]


async def readings(
    archive: Archive, readers: Readers, captures: Iterable[Capture], *, ahead: int = 8
) -> AsyncIterator[tuple[Capture, Reading | ArchiveError]]:
    """Each capture with what today's parser says, in the order given; `ahead` are under way at once."""
    under_way: deque[tuple[Capture, asyncio.Task[Reading | ArchiveError]]] = deque()
    for capture in captures:
        under_way.append((capture, asyncio.create_task(_read(archive, readers, capture))))
        if len(under_way) >= ahead:
            first, task = under_way.popleft()
            yield first, await task
    for first, task in under_way:
        yield first, await task


async def _read(archive: Archive, readers: Readers, capture: Capture) -> Reading | ArchiveError:
    source = source_for(capture.url)
    try:
        return await readers.open_and_read(lambda: archive.memento(capture), source.name if source else None)
    except ArchiveError as exc:
        return exc


@dataclass(frozen=True, slots=True)
class Compared:
    """How today's reading of a capture stands to the one in the book: counts of observations."""

    capture: str
    same: int
    added: int
    missing: int
    changed: int

    @property
    def equal(self) -> bool:
        return not (self.added or self.missing or self.changed)


def compare(capture: str, before: Iterable[Observation], today: Iterable[Observation]) -> Compared:
    """changed: the same subject and property, said otherwise or standing elsewhere."""
    old, new = Multiset(before), Multiset(today)
    gone, come = old - new, new - old
    gone_keys = Multiset((o.subject, o.property) for o in gone.elements())
    come_keys = Multiset((o.subject, o.property) for o in come.elements())
    changed = (gone_keys & come_keys).total()
    return Compared(capture, (old & new).total(), come.total() - changed, gone.total() - changed, changed)
