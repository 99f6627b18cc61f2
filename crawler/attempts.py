"""What is kept of the visits to a cited address, and how far its text has moved since it was cited? Reads only."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime

from archive.capture import Capture
from archive.errors import ArchiveError
from archive.ledger.book import Book
from archive.shelf import Archive
from archive.urls import identity
from crawler.editions import likeness
from crawler.health import HERE, Attempt

NEWEST = 200  # visits of one address that are looked at
# schema.org/isAccessibleForFree, as publishers mark what is behind a paywall.
_PAYWALL = re.compile(rb'"isAccessibleForFree"\s*:\s*(?:false|"false"|"False")', re.I)


def attempts(archive: Archive, book: Book | None, url: str) -> list[Attempt]:
    """Our own visits to exactly this address, in order of time; what was imported is no visit of ours."""
    try:
        address = identity(url)
    except ValueError:
        return []
    visits = dict.fromkeys(
        capture.visit for capture in archive.captures(address) if capture.url == address and capture.foreign is None
    )
    found = []
    for visit in list(visits)[-NEWEST:]:
        snapshot = archive.snapshot(visit)
        if snapshot.url == address:
            found.append(_attempt(archive, book, address, snapshot.last))
    return sorted(found, key=lambda each: each.at)


def _attempt(archive: Archive, book: Book | None, url: str, last: Capture) -> Attempt:
    verdict = next((each.verdict for each in reversed(book.extractions(captures={last.id}))), None) if book else None
    told = archive.manifest(last)["facts"].get("vantage")
    paywall = False
    if last.outcome.whole and (last.mime or "").endswith("html"):
        try:
            paywall = bool(_PAYWALL.search(archive.memento(last).body))
        except ArchiveError:
            paywall = False  # what cannot be opened says nothing of it
    vantage = told if isinstance(told, str) and told else HERE
    return Attempt(
        url, last.at, last.outcome, last.status, last.url, verdict, vantage, last.id, last.error, paywall
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Drift:
    """How much of the cited text is not in the newest page: 0 (all of it is there) to 1, and the captures compared."""

    share: float
    cited: str
    newest: str


def drift(archive: Archive, book: Book | None, url: str, day: date | None, copies: Collection[str] = ()) -> Drift | None:
    """Measured on the text of the article, not on the page around it; None where no two texts are held.

    day: when it was cited: the text held nearest to it is the one cited; None: the first that is held. copies: captures
    that are a public archive's copies of it.
    """
    texts = _texts(archive, book, url, copies) if book is not None else []
    if len(texts) < 2:
        return None
    newest = max((each for each in texts if not each[2]), key=lambda each: each[0], default=None)
    if newest is None:
        return None
    others = [each for each in texts if each[1] != newest[1]]
    if day is None:
        cited = min(others, key=lambda each: each[0])
    else:
        at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        cited = min(others, key=lambda each: abs((each[0] - at).total_seconds()))
    return Drift(moved(cited[3], newest[3]), cited[1], newest[1])


def moved(cited: str, today: str) -> float:
    """The share of the runs of words of one text that the other has not."""
    one, other = likeness.runs(cited), likeness.runs(today)
    return round(1 - len(one & other) / len(one), 3) if one else float(cited != today)


def _texts(archive: Archive, book: Book, url: str, copies: Collection[str]) -> list[tuple[datetime, str, bool, str]]:
    """When, which capture, whether it is a copy, and its article's text."""
    try:
        address = identity(url)
    except ValueError:
        return []
    held = {c.visit: c for c in archive.captures(address) if c.url == address}
    lasts = [(archive.snapshot(visit).last, False) for visit in held]
    lasts += [(archive.capture(each), True) for each in copies]
    out = []
    for last, copied in lasts:
        for extraction in book.extractions(captures={last.id}):
            text = next((row[2] for row in book.page(extraction) if row[1] == "body"), None)
            if text is not None and extraction.verdict == "page":
                out.append((_taken(archive, last), last.id, copied, text))
    return out


def _taken(archive: Archive, capture: Capture) -> datetime:
    """When a page was as it is: of a public archive's copy that is when the archive took it."""
    told = archive.manifest(capture)["facts"].get("copy")
    if isinstance(told, dict) and isinstance(told.get("taken"), str):
        return datetime.fromisoformat(told["taken"])
    return capture.at
