"""Which registrations does a listing no longer show that it showed before? Asked of the ledger, a few listings at a time.

What is withdrawn is settled where `crawl changes` has it (archive.ledger.timeline): by a whole listing, whose counter was met,
without a registration that it should have. Here is only found out where to look: in the courts whose listings were read since
the last look, and of them only where something is missing that was not missing before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from archive.ledger import timeline
from archive.ledger.book import Book
from archive.ledger.case import Case, fold
from archive.ledger.observation import Window
from archive.ledger.timeline import Happened

EVENT = "withdrawn-from-site"
BEFORE = 8  # askings of a court that are looked through for the listing that was whole before this one
SLACK = timedelta(days=1)  # an asking may end so much sooner by the clock than its pages tell


def withdrawn(book: Book, fresh: Collection[str], since: datetime) -> Iterator[tuple[Case, Happened]]:
    """Each with its case. fresh: captures kept since the last look; since: when the first of them was taken.

    The same event comes again as long as its asking goes on: whoever tells it knows it by its id.
    """
    runs: dict[tuple[str, str], list[str]] = {}
    lately = set()
    for source, court, run, at in book.runs():
        runs.setdefault((source, court), []).append(run)
        if at >= since - SLACK:
            lately.add(run)
    pages = [page for page in book.windows(runs=lately) if page.capture in fresh] if lately else []
    for source, court in sorted({(page.asked.source, page.asked.court) for page in pages}):
        asked = {page.asked.run for page in pages if (page.asked.source, page.asked.court) == (source, court)}
        known = runs[source, court]
        missing = {name for run in asked for name in _newly_missing(book, court, run, known[: known.index(run)])}
        if missing:
            yield from _settled(book, court, missing, {page.capture for page in book.windows(runs=asked)})


def _newly_missing(book: Book, court: str, run: str, before: list[str]) -> set[str]:
    """Registrations that a whole window of this asking leaves out, and that the one before it did not."""
    wholes = [window for window in book.coverage(runs={run}) if window.asked.complete and window.asked.court == court]
    if not wholes:
        return set()
    shown = _shown(book, run, court)
    others = set(book.registrations(court)) - shown
    missing: dict[str, str] = {}
    for said in book.sightings(sorted(others), only="received") if others else ():
        if said.value and any(_covers(window, said.subject, said.value) for window in wholes):
            missing[said.subject] = said.value
    for earlier in reversed(before[-BEFORE:]):
        if not missing:
            break
        theirs = [w for w in book.coverage(runs={earlier}) if w.asked.complete and w.asked.court == court]
        there = _shown(book, earlier, court)
        for name, received in list(missing.items()):
            covering = [window.at for window in theirs if _covers(window, name, received)]
            if covering and name not in there and not any(e.at > max(covering) for e in book.speaking_of([name])):
                del missing[name]  # it was missing then, and was not seen since: that was told
    return set(missing)


def _shown(book: Book, run: str, court: str) -> set[str]:
    return set(book.spoken_of({page.capture for page in book.windows(runs={run}) if page.asked.court == court}))


def _covers(window: Window, subject: str, received: str) -> bool:
    first, last = (None if day is None else day.isoformat() for day in (window.asked.first, window.asked.last))
    fits = subject.startswith(f"reg:{window.asked.register}:")
    return fits and (first is None or first <= received) and (last is None or received <= last)


def _settled(book: Book, court: str, missing: set[str], pages: set[str]) -> Iterator[tuple[Case, Happened]]:
    """By all that is held of the court: a case that goes on under another number of it was not withdrawn."""
    names = book.registrations(court)
    said = book.sightings(names)
    held = timeline.pages(said, book.speaking_of(names))
    windows = [page for page in book.windows() if page.asked.court == court]
    runs = {page.asked.run for page in windows}
    listed = timeline.listings((w for w in book.coverage(runs=runs) if w.asked.court == court), windows, held)
    for case in fold(said, book.ties(), book.corrections()):
        for event in timeline.timeline(case, held, listed):
            if event.event == EVENT and event.registration in missing and not pages.isdisjoint(event.captures):
                yield case, event
