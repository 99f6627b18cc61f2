"""The ledger made anew from the archive alone, its pages and the decisions in it; the caller holds the archive's lock."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import groupby
from pathlib import Path

from archive.capture import Outcome
from archive.decisions import decisions
from archive.errors import ArchiveError
from archive.ledger.book import FILE, Book, Entry
from archive.ledger.coverage import Asked
from archive.ledger.views import FILE as VIEWS
from archive.store import Archive
from crawler.readers import Readers
from crawler.reread import READ, readings, to_read

BATCH = 200


async def rebuild(archive: Archive, readers: Readers, home: Path) -> AsyncIterator[ArchiveError | None]:
    """Reads every kept page again into a new book, which takes the old one's place when it is whole.

    Yields once a page: None, or why the ledger does not take it (as it did not take it before).
    """
    new = home / "ledger.new"
    new.mkdir(exist_ok=True)
    for leftover in new.iterdir():
        leftover.unlink()
    with Book.open(new, write=True) as book:
        batch: list[Entry] = []
        async for capture, reading in readings(archive, readers, to_read(archive.captures())):
            if isinstance(reading, ArchiveError):
                yield reading
                continue
            asked = Asked.of(archive.manifest(capture)["facts"].get("asked"))
            batch.append(Entry(capture, reading, asked.page(reading) if asked else None, known=archive.known(capture)))
            if len(batch) == BATCH:
                for error in _enter(book, batch):
                    yield error
                batch = []
        for error in _enter(book, batch):
            yield error
        _cover_failures(archive, book)
        book.decide(*decisions(archive))
    for suffix in ("-wal", "-shm"):  # a write-ahead log of the old book must not meet the new one
        (home / (FILE + suffix)).unlink(missing_ok=True)
    (home / VIEWS).unlink(missing_ok=True)  # of the old book: the next question makes them anew
    (new / FILE).replace(home / FILE)
    new.rmdir()


def _enter(book: Book, batch: list[Entry]) -> list[ArchiveError | None]:
    try:
        book.enter_many(batch)
        return [None] * len(batch)
    except ArchiveError:
        return [_one(book, entry) for entry in batch]


def _one(book: Book, entry: Entry) -> ArchiveError | None:
    try:
        book.enter_many([entry])
    except ArchiveError as exc:
        return exc
    return None


def _cover_failures(archive: Archive, book: Book) -> None:
    """Askings that nothing answered are gaps, and known from the manifests alone."""
    for _, visit in groupby(archive.captures(), key=lambda capture: capture.visit):
        last = list(visit)[-1]
        if last.outcome not in READ:
            asked = Asked.of(archive.manifest(last)["facts"].get("asked"))
            if asked is not None:
                book.cover(last, asked.page(None, let_out=last.outcome is not Outcome.PAUSED))
