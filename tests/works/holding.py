"""Pages put into an archive without a network, and read into its ledger as the crawl does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from archive.capture import Exchange, Outcome, Visit
from archive.disk import Disk
from archive.ledger.book import Book, Entry
from archive.store import Settings, Store
from crawler import readers
from crawler.sites import source_for

AT = datetime(2031, 8, 1, tzinfo=UTC)
SMALL = Settings(floor=0)


def hold(home: Path, pages: Mapping[str, bytes | str], *, read: bool = False) -> None:
    """pages: by address; a text is the address that a redirect leads to, whose page is in `pages` too. read: into the ledger."""
    with Store.open(home, disk=Disk(), settings=SMALL) as store:
        kept = [store.keep(Visit(url, tuple(_exchanges(url, pages)))).result().last for url in pages]
        if not read:
            return
        with Book.open(home, write=True) as book:
            for capture in kept:
                memento = store.archive.memento(capture)
                book.enter_many([Entry(capture, readers.read(memento, source_for(capture.url)))])


def _exchanges(url: str, pages: Mapping[str, bytes | str]) -> list[Exchange]:
    said = pages[url]
    if isinstance(said, str):
        head = f"HTTP/1.1 301 Moved\r\nLocation: {said}\r\nContent-Length: 0\r\n\r\n".encode()
        first = Exchange(url, AT, 0.1, Outcome.CAPTURED, response=head, head_length=len(head), status=301)
        return [first, *_exchanges(said, pages)]
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(said)}\r\n\r\n".encode()
    return [Exchange(url, AT, 0.1, Outcome.CAPTURED, response=head + said, head_length=len(head), status=200)]
