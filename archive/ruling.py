"""By whose hand is a decision kept? Ours, where nobody holds the archive; else that of the daemon who holds it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from archive.decisions import Decision, decide, decisions
from archive.errors import ArchiveError, InUse
from archive.inbox import Inbox
from archive.ledger.book import Book
from archive.store import Settings, Store

ROOM = 16 * 1024**2  # octets: a decision is a few hundred of them, and is kept where a page would not be any more


@dataclass(frozen=True, slots=True)
class Hand:
    """Who keeps decisions. book: the ledger as it is now. store: None where a daemon holds the archive, and does the work."""

    book: Book
    store: Store | None
    inbox: Inbox

    def keep(self, decision: Decision) -> str:
        """The id of the kept decision, durable and entered in the ledger. Raises ValueError where its body has no JSON.

        Raises ArchiveError where it could not be kept; NotFound where the daemon ended meanwhile: the next one keeps it.
        """
        if self.store is not None:
            kept = decide(self.store, decision)
            self.book.decide(*decisions(self.store.archive))  # with those that a killed process did not come to enter
            return kept.id
        ids = [str(row["decision"]) for row, _ in self.inbox.answers(self.inbox.rule(decision.block))]
        if not ids:
            raise ArchiveError("the daemon did not say what became of the decision: look for it in `crawl decisions`")
        return ids[0]


@contextmanager
def hand(home: Path, *, create: bool = False) -> Iterator[Hand]:
    """create: an archive where there is none yet. Raises InUse where the archive is held by somebody who takes no orders."""
    inbox = Inbox(home)
    try:
        store = Store.open(home, create=create, settings=Settings(floor=ROOM))
    except InUse:
        if inbox.taker() is None:
            raise
        with Book.open(home) as book:
            yield Hand(book, None, inbox)
        return
    with store, Book.open(home, write=True) as book:
        yield Hand(book, store, inbox)
