"""What captures since the last look say that was not known before, as notices.

What was there when a register was asked for the first time is no news, nor is what a court dates long before we first asked
it; of a case that is new only that is told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from archive.ledger import rows, timeline
from archive.ledger.book import Book
from archive.ledger.case import Case, fold
from archive.shelf import Archive
from schedules.notices import Notice, of_change
from schedules.withdrawals import withdrawn

AT_ONCE = 2_000  # captures looked through in one look
LATE = timedelta(days=60)  # courts enter cases weeks after their receipt: one received before that is old, and found late


def news(archive: Archive, book: Book, after: int, until: int) -> tuple[list[Notice], int]:
    """Notices of what captures after number `after`, up to `until`, were the first to show, and the last number looked at."""
    fresh: list[str] = []
    last, since = after, datetime.max.replace(tzinfo=UTC)
    for capture in archive.captures(since_seq=after + 1):
        if capture.seq > until:  # it may not be read yet
            break
        fresh.append(capture.id)
        last, since = capture.seq, min(since, capture.at)
        if len(fresh) == AT_ONCE:
            break
    begun = _begun(book)
    found = list(_withdrawn(book, set(fresh), since, begun)) if fresh else []
    touched = book.spoken_of(fresh)
    if not touched:
        return found, last
    said = book.sightings(touched)
    extractions = book.speaking_of(touched)
    known = _known(book, touched, after)
    held = timeline.pages(said, extractions)
    for case in fold(said, []):
        found += _of_case(case, held, set(fresh), known, begun)
    return found, last


def _withdrawn(book: Book, fresh: set[str], since: datetime, begun: dict[str, datetime]) -> Iterator[Notice]:
    for case, event in withdrawn(book, fresh, since):
        if case.court in begun:
            number = case.numbers[0] if case.numbers else None
            notice = of_change(rows.change_row(case, event), court=case.court, articles=tuple(case.articles), number=number)
            if notice is not None:
                yield notice


def _begun(book: Book) -> dict[str, datetime]:
    """When each court was first asked, where it was asked again since."""
    runs: dict[str, list[datetime]] = defaultdict(list)
    for _, court, _, at in book.runs():
        runs[court].append(at)
    return {court: min(times) for court, times in runs.items() if len(times) > 1}


def _known(book: Book, registrations: list[str], after: int) -> set[str]:
    """Those that an earlier capture spoke of."""
    earlier = [extraction.capture for extraction in book.speaking_of(registrations) if extraction.seq <= after]
    return set(book.spoken_of(earlier)) & set(registrations)


def _of_case(
    case: Case,
    held: dict[str, tuple[timeline.Page, ...]],
    fresh: set[str],
    known: set[str],
    begun: dict[str, datetime],
) -> Iterator[Notice]:
    court = case.court
    if court not in begun:
        return
    articles = tuple(case.articles)
    number = case.numbers[0] if case.numbers else None
    new = not any(one.subject in known for one in case.registrations)
    if new and case.received is not None and case.received < (begun[court] - LATE).date().isoformat():
        return
    for event in timeline.timeline(case, held):
        if not event.captures or event.captures[0] not in fresh or (new and event.event != "received"):
            continue
        notice = of_change(rows.change_row(case, event), court=court, articles=articles, number=number)
        if notice is not None:
            yield notice
