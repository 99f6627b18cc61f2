"""What does the archive hold that tells which addresses are one work? Pages, mirror lists, people's decisions; reads only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from archive import documents
from archive.capture import Capture
from archive.decisions import decisions
from archive.errors import ArchiveError
from archive.ledger.book import Book
from archive.shelf import Archive
from archive.urls import identity
from crawler import charset
from crawler.editions import heads
from crawler.editions.address import Said, read
from crawler.editions.evidence import Page, links
from crawler.editions.mirrors import Mirrors, table
from crawler.editions.mirrors import read as read_list
from crawler.editions.outlets import Place
from crawler.editions.works import Link, Member, grouped

LARGEST = 16 * 1024 * 1024  # octets of a page whose head is looked at
NAMED = 8  # addresses that one page names and whose pages are looked at too
KIND = "editions"  # of a decision; its subjects are two addresses
APART, TOGETHER, UNDO = "apart", "together", "undo"  # what it does with them
HTML = ("text/html", "application/xhtml+xml")


@dataclass(frozen=True, slots=True)
class Shelf:
    """An archive and its ledger, either of which may not be there yet."""

    archive: Archive | None = None
    book: Book | None = None


def mirrors(archive: Archive | None) -> Mirrors:
    """The table made of every list that was handed in."""
    if archive is None:
        return Mirrors()
    lists = []
    for kept in documents.documents(archive, documents.MIRRORS):
        day = date.fromisoformat(kept.told["listed"])
        lists.append(read_list(kept.octets, day))
    return table(lists)


def page(shelf: Shelf, said: Said) -> Page | None:
    """The newest page held of an address; None where none is."""
    if shelf.archive is None:
        return None
    try:
        address = identity(said.url)
        held = [capture for capture in shelf.archive.captures(address) if capture.outcome.whole]
    except ValueError:
        return None
    for capture in reversed(held):
        if capture.url != address and _place(capture.url) != said.place:
            continue  # the index's key is coarser than an address
        try:
            last = shelf.archive.snapshot(capture.visit).last
            memento = shelf.archive.memento(last)
            if memento.status not in (None, 200, 203, 304) or (memento.mime not in HTML and memento.mime is not None):
                continue
            source = charset.decide(memento.body[:LARGEST], memento.content_type, "utf-8").text
        except ArchiveError:
            continue  # it holds no page, or one that cannot be opened: nothing speaks from it
        text, cited = _read(shelf.book, last)
        landed = last.url if last.url != capture.url else None
        return Page(said, heads.read(source, last.url), landed, text, cited)
    return None


def _place(url: str) -> Place | None:
    """Two spellings of an address (scheme, `www.`, a last slash) have one place."""
    try:
        return read(url).place
    except ValueError:
        return None


def _read(book: Book | None, capture: Capture) -> tuple[str | None, tuple[str, ...]]:
    """The article's text and the addresses it links to, where the ledger has them."""
    if book is None:
        return None, ()
    text = next(
        (row[2] for extraction in book.extractions(captures={capture.id}) for row in book.page(extraction) if row[1] == "body"),
        None,
    )
    return text, tuple(link.url for _, link in book.links(captures={capture.id}, rel="cited"))


@dataclass(frozen=True, slots=True)
class Works:
    """What was asked, grouped, and every link that was weighed."""

    members: tuple[Member, ...]
    links: tuple[Link, ...]


def works(shelf: Shelf, urls: Iterable[str], day: date | None = None) -> Works:
    """Addresses grouped into works, in the order given. day: when they were cited. Raises ValueError for what is no address."""
    listed = mirrors(shelf.archive)
    asked = [read(url, listed, day) for url in urls]
    pages: dict[str, Page] = {}
    ahead = list(asked)
    for turn in range(2):  # what was asked for, then what its pages name
        new = [found for each in ahead if each.url not in pages and (found := page(shelf, each))]
        pages |= {each.said.url: each for each in new}
        ahead = [read(url, listed, day) for each in new for url in _named(each)] if turn == 0 else []
    held = list(pages.values())
    weighed = links(asked, held, listed, day)
    apart, together = decided(shelf.archive, listed)
    everything = [*asked, *(each.said for each in held)]
    members = grouped(everything, [*weighed, *together], apart)
    return Works(tuple(members[: len(asked)]), (*weighed, *together))


def _named(page: Page) -> Iterator[str]:
    head = page.head
    yield from list(dict.fromkeys([*head.canonicals, *(url for _, url in head.alternates), *([head.amp] if head.amp else [])]))[
        :NAMED
    ]


def decided(archive: Archive | None, listed: Mirrors | None = None) -> tuple[set[frozenset[Place]], list[Link]]:
    """What people parted, and what they joined; of two decisions on one pair the later one counts."""
    latest: dict[frozenset[Place], Link | None] = {}
    for kept in decisions(archive, KIND) if archive is not None else ():
        left, right = (read(url, listed).place for url in kept.decision.subjects)
        pair, act = frozenset((left, right)), kept.decision.body.get("act")
        latest.pop(pair, None)
        if act == TOGETHER:
            latest[pair] = Link(left, right, "original", 1.0, (f"a person decided so: {kept.decision.reason}",))
        elif act == APART:
            latest[pair] = None
    return {pair for pair, link in latest.items() if link is None}, [link for link in latest.values() if link is not None]
