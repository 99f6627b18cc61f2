"""As of when is a question asked? What the court said on a day, what we knew at a time; and the cases as of that moment."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from archive.ledger.book import Book
from archive.ledger.case import Case, fold
from archive.ledger.observation import Correction, Sighting, Tie


@dataclass(frozen=True, slots=True)
class Moment:
    """Two axes, either or both. A ledger as of a moment is the one that had been given no more: as-of equals replay.

    said_on: what the courts' pages said at the end of that day (UTC), by captures taken until then, wherever they were kept;
        people's corrections are no words of the court, and are left out.
    known_at: what we held at that time: captures that this archive held, and decisions that were made by then. Either is read
        by today's parsers.
    """

    said_on: date | None = None
    known_at: datetime | None = None

    @property
    def as_of(self) -> datetime | None:
        return None if self.said_on is None else datetime.combine(self.said_on, time.max, UTC)

    @property
    def until(self) -> datetime | None:
        """The earlier of the two: a register that we asked then had answered by then."""
        return min((at for at in (self.as_of, self.known_at) if at is not None), default=None)

    @property
    def now(self) -> bool:
        return self.said_on is None and self.known_at is None

    def sightings(self, book: Book, registrations: Collection[str] | None = None, *, events: bool = True) -> list[Sighting]:
        return book.sightings(registrations, known_at=self.known_at, as_of=self.as_of, events=events)

    def ties(self, book: Book) -> list[tuple[str, Tie]]:
        return book.ties(known_at=self.known_at)

    def corrections(self, book: Book) -> list[Correction]:
        return [] if self.said_on is not None else book.corrections(known_at=self.known_at)

    def cases(self, book: Book, *, events: bool = True) -> tuple[Case, ...]:
        """All cases as of this moment, folded; the whole ledger is held in memory."""
        return fold(self.sightings(book, events=events), self.ties(book), self.corrections(book))


NOW = Moment()
